"""What is told of a reviewer and of a team: figures, pairs, examples, pace.

Facts without behaviour; `annotation.services.quality` computes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from annotation.domain.confusion import Confusion
from annotation.domain.intervals import Figure
from annotation.domain.reviewer_habits import Period, Repeatability
from annotation.models import Record, Reviewer


@dataclass(frozen=True)
class Beside:
    """The figures of a reviewer beside peers; too few answers say so."""

    n: int
    exact: Figure
    weighted: Figure
    bias: Figure


@dataclass(frozen=True)
class Pair:
    """A reviewer beside one peer."""

    peer: str
    figures: Beside


@dataclass(frozen=True)
class Example:
    """A record on which the reviewer and the reference differ.

    `said` are the peers' levels with who gave them, or without names.
    """

    record: Record
    own: str
    reference: str
    said: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class QuickAnswer:
    """An answer that took under a fifth of the project's median."""

    record: Record
    seconds: int
    at: datetime


@dataclass(frozen=True)
class Pace:
    """How long answers take."""

    median: Figure
    project: Figure
    bins: list[tuple[str, int]]
    quick: list[QuickAnswer]
    quick_count: int


@dataclass(frozen=True)
class ReviewerReport:
    """Everything a reviewer's page shows."""

    reviewer: Reviewer
    beside: Beside
    random: Figure
    pairs: list[Pair]
    confusion: Confusion
    drift: Figure
    months: list[Period]
    pace: Pace
    gold: Figure
    repeats: Repeatability
    hidden_from: datetime | None
    examples: list[Example]
    is_capped: bool
    at: datetime


@dataclass(frozen=True)
class TeamRow:
    """One reviewer in the team's table."""

    reviewer: Reviewer
    beside: Beside
    pace: Figure
    gold: Figure
    repeats: Figure


@dataclass(frozen=True)
class TeamReport:
    """All reviewers of a project, by name."""

    rows: list[TeamRow]
    project_pace: Figure
    is_capped: bool
    at: datetime
