"""Reads what the figures about people rest on: answers, decisions, times, repeats."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from annotation.domain.reviewer_habits import Repeat
from annotation.domain.reviewer_quality import Answer, Decision
from annotation.domain.scale import Scale
from annotation.models import Project, Review, Reviewer, Verdict
from annotation.querysets.quality import Decisions, QualityReviews

MOST_ANSWERS = 2_000
"""Newest answers of one reviewer that their figures rest on."""

MOST_OF_TEAM = 20_000
"""Newest answers of a team that its table rests on."""

RECENT = 2_000
"""Newest answers of a project that its median pace rests on."""

_COLUMNS = (
    "record_id",
    "reviewer_id",
    "severity",
    "record__incident_key",
    "submitted_at",
    "sampling",
)


@dataclass(frozen=True)
class Facts:
    """First answers that can be compared, and which of them were drawn at random."""

    answers: list[Answer]
    random_records: set[int]
    decisions: dict[int, Decision]
    is_capped: bool


def reviews_of(project: Project) -> QualityReviews:
    """Every review of a project."""
    return QualityReviews(Review).of(project)


def facts_about(project: Project, reviewer: Reviewer) -> Facts:
    """Return the newest comparable answers of a reviewer, and their peers'."""
    own = reviews_of(project).comparable().given_by(reviewer)
    ids = list(own.newest(MOST_ANSWERS).values_list("record_id", flat=True))
    rows = reviews_of(project).comparable()
    if len(ids) == MOST_ANSWERS:
        return _facts(project, rows.at(ids), is_capped=True)
    # Fewer than the cap are all: a join then does what a long list would.
    return _facts(project, rows.at(own.values("record")), is_capped=False)


def facts_of_team(project: Project) -> Facts:
    """Return the newest comparable answers of everybody."""
    rows = reviews_of(project).comparable().newest(MOST_OF_TEAM)
    facts = _facts(project, rows, is_capped=False)
    capped = len(facts.answers) >= MOST_OF_TEAM
    return Facts(facts.answers, facts.random_records, facts.decisions, capped)


def pace_of(project: Project, reviewer: Reviewer | None = None) -> list[int]:
    """Return the active seconds of the newest answers, of one or of everybody."""
    rows: QualityReviews = QualityReviews(Review).of_lately(project).timed()
    most = RECENT
    if reviewer is not None:
        rows, most = reviews_of(project).timed().given_by(reviewer), MOST_ANSWERS
    return list(rows.newest(most).values_list("seconds_spent", flat=True))


def pace_by_reviewer(project: Project) -> dict[int, list[int]]:
    """Return the active seconds of the team's newest answers, by reviewer."""
    rows = reviews_of(project).timed().newest(MOST_OF_TEAM)
    found: dict[int, list[int]] = defaultdict(list)
    for reviewer, seconds in rows.values_list("reviewer_id", "seconds_spent"):
        found[reviewer].append(seconds)
    return found


def repeats_by_reviewer(
    project: Project, *, reviewer: Reviewer | None, until: datetime | None
) -> dict[int, list[Repeat]]:
    """Return blind repeats beside the first answers, by reviewer."""
    rows = reviews_of(project).repeats().until(until)
    if reviewer is not None:
        rows = rows.given_by(reviewer)
    found: dict[int, list[Repeat]] = defaultdict(list)
    levels = _positions(project.scale)
    for one in rows.values_list(
        "reviewer_id", "first_severity", "severity", "first_at", "submitted_at"
    ):
        person, first, again, first_at, at = one
        if first in levels and again in levels:
            days = (at - first_at).total_seconds() / 86_400
            found[person].append(Repeat(levels[first], levels[again], days))
    return found


def _facts(project: Project, rows: QualityReviews, *, is_capped: bool) -> Facts:
    levels = _positions(project.scale)
    answers, drawn = [], set()
    for record, person, severity, incident, at, sampling in rows.values_list(*_COLUMNS):
        if severity in levels:
            answers.append(Answer(record, person, levels[severity], incident, at))
        if sampling != Review.Sampling.PRIORITY:
            drawn.add(record)
    records = {one.item for one in answers}
    return Facts(answers, drawn, _decisions(project, records), is_capped)


def _decisions(project: Project, records: Iterable[int]) -> dict[int, Decision]:
    levels = _positions(project.scale)
    of_project: Decisions = Decisions(Verdict).adjudicated_in(project)
    wanted = set(records)
    rows = of_project.values_list("record_id", "severity", "adjudicated_by_id")
    return {
        record: Decision(levels[severity], by)
        for record, severity, by in rows
        if record in wanted and severity in levels
    }


def _positions(scale: Scale) -> dict[str, int]:
    return {key: position for position, key in enumerate(scale.keys)}
