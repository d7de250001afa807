"""When independent labels settle a record, and when a senior must decide.

Unanimous labels settle. A strict majority of three or more settles when nobody is
further than one level from it and nobody alone named the most severe level.
Everything else is contested. This room judges one record's labels; who may label and
what is stored is decided elsewhere.

The rule for the most severe level follows the finding that votes and models shrink
the rare class: a lone "critical" is never voted away (Dawid-Skene with a prior, and
majority alike, lose 9 to 20 points of critical recall in simulation).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from annotation.domain.scale import Grade, Scale

MAJORITY_NEEDS = 3


class Outcome(StrEnum):
    """What the labels of one record amount to."""

    WAITING = "WAITING"
    UNANIMOUS = "UNANIMOUS"
    MAJORITY = "MAJORITY"
    CONTESTED = "CONTESTED"


@dataclass(frozen=True)
class Label:
    """One label: the level, the labeler's grade at the time, the root cause.

    A label that is not ``independent`` was given with a model's suggestion in view.
    """

    severity: str
    grade: Grade
    root_cause: str = ""
    independent: bool = True


@dataclass(frozen=True)
class Settlement:
    """The outcome for one record.

    ``grade`` is the highest grade among the labels that agree with ``severity``;
    ``shares`` are the vote shares by level. All are empty while waiting or contested,
    except ``shares``.
    """

    outcome: Outcome
    severity: str = ""
    root_cause: str = ""
    grade: Grade | None = None
    shares: dict[str, float] | None = None
    reason: str = ""


def settle(labels: Sequence[Label], wanted: int, scale: Scale) -> Settlement:
    """Judge the independent labels of one record.

    Labels whose level is not on ``scale`` are ignored: a project may have changed its
    levels since. ``wanted`` is how many labels must be there before anything settles.
    """
    known = [label for label in labels if label.severity in scale]
    if len(known) < wanted or not known:
        return Settlement(Outcome.WAITING)
    counts = Counter(label.severity for label in known)
    shares = {key: counts[key] / len(known) for key in scale.keys if counts[key]}
    leader, votes = counts.most_common(1)[0]
    if votes == len(known):
        return _settled(Outcome.UNANIMOUS, leader, known, shares)
    reason = _contest(counts, leader, votes, scale)
    if reason:
        return Settlement(Outcome.CONTESTED, shares=shares, reason=reason)
    return _settled(Outcome.MAJORITY, leader, known, shares)


def _contest(counts: Counter[str], leader: str, votes: int, scale: Scale) -> str:
    """Say why a disagreement cannot be settled by vote; empty if it can."""
    total = counts.total()
    if total < MAJORITY_NEEDS or 2 * votes <= total:
        return "reviewers disagree"
    if counts[scale.keys[0]] and leader != scale.keys[0]:
        return f"somebody said {scale.keys[0]}"
    if any(abs(scale.index(key) - scale.index(leader)) > 1 for key in counts):
        return "labels are more than one level apart"
    return ""


def _settled(
    outcome: Outcome, severity: str, labels: Sequence[Label], shares: dict[str, float]
) -> Settlement:
    agreeing = [label for label in labels if label.severity == severity]
    causes = Counter(label.root_cause for label in agreeing if label.root_cause)
    return Settlement(
        outcome,
        severity=severity,
        root_cause=_clear_leader(causes),
        grade=max((label.grade for label in agreeing), key=lambda grade: grade.rank),
        shares=shares,
    )


def _clear_leader(causes: Counter[str]) -> str:
    """The most named root cause, or nothing when two are named equally often."""
    top = causes.most_common(2)
    if not top or (len(top) == 2 and top[0][1] == top[1][1]):
        return ""
    return top[0][0]
