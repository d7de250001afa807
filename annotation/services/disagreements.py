"""Why people disagree: what seniors said of the disagreements that they decided.

Counts rest on decisions that stand, on records whose answers differed. What has been
taken back, or opened for re-review, is not counted.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import StringIO

from annotation.domain.disagreement import Dispute, Tally, spread, tally
from annotation.models import Guidelines, Project, Review, Verdict
from annotation.querysets.reviews import VerdictQuerySet
from annotation.services.keeping import kept

CSV_COLUMNS = (
    "external_id",
    "category",
    "vendor",
    "kind",
    "most_severe_answer",
    "least_severe_answer",
    "answers",
    "decided_severity",
    "decided_root_cause",
    "decided_by",
    "adjudicator_had_answered",
    "decided_at",
    "guidelines_version",
    "reason",
)
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Report:
    """The disagreements of a project, counted.

    ``own`` are decisions by a senior who had answered the record; ``unexplained`` are
    decided disagreements without a kind: imported, or decided before kinds were asked.
    """

    tally: Tally
    decided: int
    unexplained: int
    own: int
    at: datetime


@dataclass(frozen=True)
class Gap:
    """A record at which the guidelines left the answer open.

    ``version`` is the guidelines' version in force at the time, 0 if there was none.
    """

    verdict: Verdict
    version: int


def report(*, project: Project, now: datetime) -> Report:
    """Count the decided disagreements of a project by kind.

    Counts over many decisions are up to five minutes old; ``at`` says from when.
    """
    return kept(
        f"disagreements.{project.pk}",
        lambda: _report(project, now),
        rows=lambda found: found.decided,
        now=now,
    ).value


def _report(project: Project, now: datetime) -> Report:
    answers = _answers(project)
    disputes: list[Dispute] = []
    unexplained = own = decided = 0
    for verdict in _decisions(project).values(
        "record_id", "record__category", "disagreement", "created_at", "adjudicated_by"
    ):
        given = answers[verdict["record_id"]]
        severities = tuple(severity for _, severity in given)
        decided += 1
        own += any(who == verdict["adjudicated_by"] for who, _ in given)
        if verdict["disagreement"]:
            disputes.append(
                Dispute(
                    verdict["disagreement"],
                    severities,
                    verdict["record__category"],
                    verdict["created_at"].date(),
                )
            )
        elif len(set(severities)) > 1:
            unexplained += 1
    return Report(tally(disputes, project.scale), decided, unexplained, own, now)


def gaps(*, project: Project, limit: int) -> list[Gap]:
    """Return the newest records marked as a gap in the guidelines."""
    moments, versions = _versions(project)
    rows = (
        _decisions(project)
        .filter(disagreement=Verdict.Disagreement.GUIDELINE_GAP)
        .select_related("record")
        .order_by("-id")[:limit]
    )
    return [Gap(row, _in_force(moments, versions, row.created_at)) for row in rows]


def as_csv(*, project: Project) -> Iterator[str]:
    """Yield the decided disagreements as lines of CSV, oldest first."""
    yield _line(CSV_COLUMNS)
    answers = _answers(project)
    moments, versions = _versions(project)
    rows = (
        _decisions(project)
        .exclude(disagreement="")
        .select_related("record", "adjudicated_by")
        .order_by("id")
    )
    for verdict in rows.iterator(chunk_size=500):
        given = answers[verdict.record_id]
        ends = spread([severity for _, severity in given], project.scale)
        record, senior = verdict.record, verdict.adjudicated_by
        yield _line(
            (
                record.external_id,
                record.category,
                record.vendor,
                verdict.disagreement.lower(),
                ends.most if ends else "",
                ends.least if ends else "",
                str(len(given)),
                verdict.severity,
                verdict.root_cause,
                senior.name if senior else "",
                "yes" if any(w == verdict.adjudicated_by_id for w, _ in given) else "",
                verdict.created_at.isoformat(timespec="seconds"),
                str(_in_force(moments, versions, verdict.created_at) or ""),
                verdict.reason,
            )
        )


def _decisions(project: Project) -> VerdictQuerySet:
    decided = Verdict.objects.adjudicated()
    return decided.filter(record__project=project, record__state="SETTLED")


def _answers(project: Project) -> dict[int, list[tuple[int, str]]]:
    """Who said what of the adjudicated records of a project, by record."""
    rows = (
        Review.objects.current()
        .submitted()
        .by_people()
        .filter(
            purpose=Review.Purpose.FIRST,
            record__in=_decisions(project).values("record"),
        )
    )
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for record, reviewer, severity in rows.order_by("id").values_list(
        "record_id", "reviewer_id", "severity"
    ):
        found[record].append((reviewer, severity))
    return found


def _versions(project: Project) -> tuple[list[datetime], list[int]]:
    rows = Guidelines.objects.filter(project=project).order_by("version")
    found = list(rows.values_list("created_at", "version"))
    return [at for at, _ in found], [version for _, version in found]


def _in_force(moments: list[datetime], versions: list[int], at: datetime) -> int:
    place = bisect_right(moments, at)
    return versions[place - 1] if place else 0


def _line(cells: tuple[str, ...]) -> str:
    line = StringIO()
    csv.writer(line, lineterminator="\n").writerow(map(_cell, cells))
    return line.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_SIGNS) else text
