"""Should we fine-tune? Stated rules over a project's own figures.

Each rule compares one figure with one threshold and speaks for or against, or says
nothing. The thresholds are a team's to change. The answer is no score: one reason
against is enough for "not now", because each names what to do first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from operator import ge, gt, lt
from typing import Any

from training.domain.scenario import Kind
from training.domain.thresholds import Thresholds

NEVER = Decimal("Infinity")
"""Break-even months of what never pays for itself."""

VERSIONS_DAYS = 90
"""Days over which new versions of the guidelines are counted."""


class Side(StrEnum):
    """Whether a rule can speak for fine-tuning or against it."""

    FOR = "FOR"
    AGAINST = "AGAINST"


class Speaks(StrEnum):
    """What a rule says of this project."""

    FOR = "FOR"
    AGAINST = "AGAINST"
    NOTHING = "NOTHING"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True)
class Known:
    """A figure of the project and where it comes from; without a value, why."""

    value: Decimal | None
    source: str
    detail: str = ""


@dataclass(frozen=True)
class Figures:
    """The figures that the rules read; shares from 0 to 1, months, counts."""

    requests: Known
    repeated_share: Known
    accuracy: Known
    break_even: Known
    examples: Known
    guideline_versions: Known
    agreement: Known


@dataclass(frozen=True)
class Rule:
    """One comparison: the figure, how it is compared, the threshold, the side."""

    key: str
    words: str
    side: Side
    figure: str
    threshold: str
    compare: Callable[[Any, Any], bool]
    first: str = ""
    """What to do first, where the rule speaks against."""


RULES = (
    Rule(
        "many_requests",
        "Many requests a month",
        Side.FOR,
        "requests",
        "requests_for",
        gt,
    ),
    Rule(
        "repeated_context",
        "The same context is repeated in every prompt",
        Side.FOR,
        "repeated_share",
        "repeated_share",
        gt,
    ),
    Rule(
        "below_target",
        "Accuracy is below the target",
        Side.FOR,
        "accuracy",
        "target_accuracy",
        lt,
    ),
    Rule(
        "early_break_even",
        "It soon pays for itself",
        Side.FOR,
        "break_even",
        "break_even_for",
        lt,
    ),
    Rule(
        "few_requests",
        "Few requests a month",
        Side.AGAINST,
        "requests",
        "requests_against",
        lt,
        "Use a better prompt: so few requests cost little either way.",
    ),
    Rule(
        "few_examples",
        "Few examples to learn from",
        Side.AGAINST,
        "examples",
        "examples",
        lt,
        "Label more tickets and freeze a larger dataset.",
    ),
    Rule(
        "late_break_even",
        "It pays for itself late or never",
        Side.AGAINST,
        "break_even",
        "break_even_against",
        gt,
        "Look at the cheaper scenarios first.",
    ),
    Rule(
        "target_met",
        "The target is already met",
        Side.AGAINST,
        "accuracy",
        "target_accuracy",
        ge,
        "Keep what answers today.",
    ),
    Rule(
        "changing_requirements",
        "Requirements change often",
        Side.AGAINST,
        "guideline_versions",
        "guideline_versions",
        gt,
        "Let the guidelines settle, or keep what changes in a prompt or an index.",
    ),
    Rule(
        "low_agreement",
        "Reviewers agree too little to learn from",
        Side.AGAINST,
        "agreement",
        "agreement",
        lt,
        "Sharpen the guidelines where reviewers disagree, then label again.",
    ),
)


@dataclass(frozen=True)
class Finding:
    """What one rule says, with everything it rests on."""

    rule: Rule
    figure: Known
    threshold: Decimal | None
    speaks: Speaks


class Answer(StrEnum):
    """The answer in one word."""

    NOT_NOW = "NOT_NOW"
    WORTH_TRYING = "WORTH_TRYING"
    NOT_KNOWN = "NOT_KNOWN"
    NO_REASON = "NO_REASON"


@dataclass(frozen=True)
class Decision:
    """The answer, the sentence that says it, and every rule behind it."""

    answer: Answer
    sentence: str
    findings: tuple[Finding, ...]

    def speaking(self, speaks: Speaks) -> list[Finding]:
        """The findings that say the same."""
        return [one for one in self.findings if one.speaks is speaks]


ALTERNATIVES = {
    Kind.BETTER_PROMPT: "A better prompt: the rules and a few examples, written out. "
    "It costs an afternoon and no training.",
    Kind.RETRIEVAL: "Retrieval: similar solved tickets looked up and put beside the "
    "question. New knowledge needs no new training.",
    Kind.SMALLER_MODEL: "A smaller model without training. Much of what a tuned small "
    "model saves is the small model.",
}


def decide(figures: Figures, thresholds: Thresholds) -> Decision:
    """Apply every rule. One against says not now; enough for say worth trying."""
    findings = tuple(_find(rule, figures, thresholds) for rule in RULES)
    said = [finding.speaks for finding in findings]
    against, speaking_for = said.count(Speaks.AGAINST), said.count(Speaks.FOR)
    unknown = said.count(Speaks.UNKNOWN)
    needed = thresholds.reasons_needed
    if against:
        answer, words = Answer.NOT_NOW, "Not now."
    elif unknown:
        # An unknown figure may be the one that speaks against.
        answer, words = Answer.NOT_KNOWN, "Not known yet."
    elif speaking_for >= max(needed, Decimal(1)):
        answer, words = Answer.WORTH_TRYING, "Worth trying."
    else:
        answer, words = Answer.NO_REASON, "No good reason to."
    counted = f"{_count(speaking_for, 'for it')}, {against} against"
    if unknown:
        counted += f"; {_without_figure(unknown)}"
    return Decision(answer, f"{words} {counted}.", findings)


def _find(rule: Rule, figures: Figures, thresholds: Thresholds) -> Finding:
    known: Known = getattr(figures, rule.figure)
    threshold: Decimal | None = getattr(thresholds, rule.threshold)
    if known.value is None or threshold is None:
        speaks = Speaks.UNKNOWN
    elif rule.compare(known.value, threshold):
        speaks = Speaks(rule.side.value)
    else:
        speaks = Speaks.NOTHING
    return Finding(rule, known, threshold, speaks)


def _count(number: int, what: str) -> str:
    return f"{number} rule{'' if number == 1 else 's'} {what}"


def _without_figure(number: int) -> str:
    return f"{number} rule{' has' if number == 1 else 's have'} no figure"


def first_steps(findings: Sequence[Finding]) -> list[str]:
    """What to do first, in the order of the rules that speak against."""
    return [one.rule.first for one in findings if one.speaks is Speaks.AGAINST]
