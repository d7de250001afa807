"""Should this project fine-tune? Its own figures, the rules, and the answer."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.utils import timezone

from annotation.models import Project
from evaluation.services import worth_facts
from evaluation.services.worth_facts import Accuracies
from training.domain.ranges import Range
from training.domain.scenario import Kind
from training.domain.side_by_side import Column
from training.domain.thresholds import Thresholds
from training.domain.worth_it import (
    ALTERNATIVES,
    NEVER,
    Decision,
    Figures,
    Known,
    decide,
    first_steps,
)
from training.services.economics.comparing import Compared, column_shape, compare
from training.services.economics.scenarios import read_thresholds, shared_of

_NO_REQUESTS = "Nobody has written down how many requests a month there are."
_NO_TODAY = "No scenario with prices says what answers today."


@dataclass(frozen=True)
class Alternative:
    """A way other than training, with its scenarios where somebody worked one out."""

    kind: Kind
    words: str
    columns: list[Column]


@dataclass(frozen=True)
class Advice:
    """The answer and everything it rests on."""

    compared: Compared | None
    thresholds: Thresholds
    decision: Decision
    first_steps: list[str]
    alternatives: list[Alternative]
    accuracies: Accuracies
    label_hours: Decimal
    day: date


def advise(*, project: Project, now: datetime) -> Advice:
    """Apply the rules to what is known of a project now."""
    day = timezone.localdate(now)
    shared = shared_of(project)
    compared = compare(project=project, shared=shared, day=day) if shared else None
    thresholds = read_thresholds(shared.thresholds if shared else {})
    accuracies = worth_facts.accuracies_of(project)
    figures = Figures(
        requests=_requests(compared),
        repeated_share=_repeated(compared),
        accuracy=_accuracy(compared, accuracies),
        break_even=_break_even(compared),
        examples=worth_facts.examples_of(project),
        guideline_versions=worth_facts.guideline_versions(project, now),
        agreement=worth_facts.agreement_of(project),
    )
    decision = decide(figures, thresholds)
    return Advice(
        compared=compared,
        thresholds=thresholds,
        decision=decision,
        first_steps=first_steps(decision.findings),
        alternatives=[
            Alternative(kind, words, compared.of_kind(kind) if compared else [])
            for kind, words in ALTERNATIVES.items()
        ],
        accuracies=accuracies,
        label_hours=worth_facts.label_hours(project),
        day=day,
    )


def _requests(compared: Compared | None) -> Known:
    if compared is None:
        return Known(None, _NO_REQUESTS)
    known = compared.requests
    return Known(known.likely, "Written down, a month", _between(known))


def _repeated(compared: Compared | None) -> Known:
    today = compared.today if compared else None
    if today is None or not today.scenario.prompt_tokens.likely:
        return Known(None, _NO_TODAY)
    given = today.scenario
    share = given.repeated_tokens.likely / given.prompt_tokens.likely
    detail = f"{given.repeated_tokens.likely:,f} of {given.prompt_tokens.likely:,f}"
    return Known(share, f"Prompt of {today.name}", f"{detail} tokens")


def _accuracy(compared: Compared | None, measured: Accuracies) -> Known:
    """What is written of today's scenario, else what was measured of the base model."""
    today = compared.today if compared else None
    if today is None or today.scenario.success is None:
        return measured.untuned
    success = today.scenario.success
    return Known(success.likely, f"Written down for {today.name}", _between(success))


def _break_even(compared: Compared | None) -> Known:
    if compared is None or compared.today is None:
        return Known(None, _NO_TODAY)
    tuned = compared.tuned
    if tuned is None or tuned.beside is None:
        return Known(None, "No fine-tuned scenario has all its prices.")
    months = tuned.beside.break_even
    source = f"{tuned.name} against {compared.today.name}"
    spread = tuned.spreads.break_even
    detail = ""
    if spread is not None:
        detail = f"P10 {in_months(spread.p10)}, P90 {in_months(spread.p90)}"
    return Known(NEVER if months is None else months, source, detail)


def in_months(months: Decimal | None) -> str:
    """Write a wait in words; None is never."""
    if months is None or months == NEVER:
        return "never"
    if months == 0:
        return "at once"
    if months >= 120:
        return f"{months / 12:,.0f} years"
    if months >= 24:
        return f"{months / 12:.1f} years"
    # Not rounded up: a wait of 2.97 months is one of under 3.
    shown = months.quantize(Decimal("0.1"), rounding=ROUND_DOWN)
    return f"{shown} months"


def _between(known: Range) -> str:
    return "" if known.is_exact else f"{known.low:,f} to {known.high:,f}"


def as_shape(advice: Advice) -> dict[str, Any]:
    """Return the decision as plain JSON; amounts and figures are strings."""
    compared = advice.compared
    return {
        "answer": advice.decision.answer.value,
        "sentence": advice.decision.sentence,
        "first": advice.first_steps,
        "rules": [
            {
                "rule": one.rule.key,
                "words": one.rule.words,
                "side": one.rule.side.value,
                "speaks": one.speaks.value,
                "figure": _plain(one.figure),
                "threshold": None if one.threshold is None else f"{one.threshold:f}",
            }
            for one in advice.decision.findings
        ],
        "alternatives": [
            {"kind": one.kind.value, "words": one.words} for one in advice.alternatives
        ],
        **(compared_shape(compared) if compared else _NOTHING),
    }


_NOTHING: dict[str, Any] = {
    "currency": None,
    "scenarios": [],
    "missing_prices": {},
    "stale_prices": [],
}


def compared_shape(compared: Compared) -> dict[str, Any]:
    """Return the scenarios side by side as plain JSON."""
    return {
        "currency": compared.shared.currency,
        "scenarios": [column_shape(one) for one in compared.columns],
        "missing_prices": {one.name: one.missing for one in compared.unpriced},
        "stale_prices": [str(price) for price in compared.stale],
    }


def _plain(known: Known) -> dict[str, Any]:
    value = known.value
    shown = None if value is None or value == NEVER else f"{value:f}"
    return {**asdict(replace(known, value=None)), "value": shown} | (
        {"never": True} if value == NEVER else {}
    )
