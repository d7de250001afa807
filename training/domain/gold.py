"""Which verdicts are good enough to be measured against.

Test gold is adjudicated, or unanimous among two or more independent reviewers with at
least one senior; where anybody named the most severe level, only an adjudicated verdict
is gold, because votes lose rare severe tickets. An answer is gold that a senior gave or
that a person confirmed. Everything else may be learned from and
must not be scored. A dataset whose gold rule is SINGLE_SOURCE accepts any verdict and
says so wherever it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from annotation.domain.scale import Grade
from training.domain.recipe import GoldRule, Split

INDEPENDENT_REVIEWS = 2
# What an example rests on that is about an answer, beside the methods of verdicts.
CONFIRMED = "CONFIRMED"
ANSWERED = "ANSWERED"
RECORDED = "RECORDED"
REVIEWED = "REVIEWED"
SCORED_SPLITS = (Split.CALIBRATION, Split.TEST)


class Gold(StrEnum):
    """The authority of one verdict or answer.

    CONFIRMED: an answer that a senior gave, or that a person confirmed.
    """

    ADJUDICATED = "adjudicated"
    CONFIRMED = "confirmed"
    UNANIMOUS = "unanimous"
    SINGLE_SOURCE = "single_source"
    INSUFFICIENT = "insufficient"


@dataclass(frozen=True)
class Ruling:
    """A current verdict: `method` and `grade` as stored, `reviews` independent ones.

    `said_most_severe`: some person's standing review names the most severe level.
    `agreement`: the share of the independent reviews that name the label; 1 where there
    is none.
    """

    label: str
    method: str
    grade: Grade
    reviews: int
    said_most_severe: bool = False
    root_cause: str = ""
    agreement: float = 1.0


def authority(ruling: Ruling) -> Gold:
    """Return how much a verdict may be relied on."""
    if ruling.method == "ADJUDICATED":
        return Gold.ADJUDICATED
    if ruling.method == "SINGLE_SOURCE":
        return Gold.SINGLE_SOURCE
    is_seniors = ruling.method == ANSWERED and ruling.grade >= Grade.SENIOR
    if ruling.method == CONFIRMED or is_seniors:
        return Gold.CONFIRMED
    is_unanimous = (
        ruling.method == "UNANIMOUS"
        and ruling.reviews >= INDEPENDENT_REVIEWS
        and ruling.grade >= Grade.SENIOR
    )
    if is_unanimous and not ruling.said_most_severe:
        return Gold.UNANIMOUS
    return Gold.INSUFFICIENT


def may_enter(gold: Gold, split: Split, rule: GoldRule) -> bool:
    """Whether a verdict of this authority may stand in this split.

    Under STRICT a single source's label stands nowhere: it would be taken for the
    judgement of a team.
    """
    if rule is GoldRule.SINGLE_SOURCE:
        return True
    if gold is Gold.SINGLE_SOURCE:
        return False
    return split not in SCORED_SPLITS or gold is not Gold.INSUFFICIENT
