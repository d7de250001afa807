"""Records that a filter names, as a stream that holds a few hundred at a time.

Records go by their number, so a reader that was cut off goes on after the last one it
has. What became known later, verdicts and reviews go to those who may see verdicts
alone, and reviews as they may be read: nobody who labels in the project learns what
others said of a record that is undecided. A record whose text must not leave is named
with the reason and without its text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from django.contrib.auth.models import User

from annotation.domain.record_filter import RecordFilter
from annotation.domain.record_lines import (
    LEFT_OUT,
    OPENING,
    columns,
    csv_line,
    json_line,
)
from annotation.domain.shown_state import shown_state
from annotation.models import Project, Record, Review, Reviewer, Verdict
from annotation.services import finding
from annotation.services.leak_gate import LeakGate

PERMISSION = "annotation.export_record"
BLOCK = 500
_LABEL = "annotation.add_review"
_VERDICT = ("severity", "root_cause", "method", "grade", "reviews_count")
_REVIEW = (
    "severity", "root_cause", "response", "confidence", "status", "reason",
    "independent", "purpose", "round", "grade",
)  # fmt: skip


class Format(StrEnum):
    """What an export is written as."""

    JSONL = "jsonl"
    CSV = "csv"


def export(
    *,
    project: Project,
    user: User,
    wanted: RecordFilter,
    written_as: Format,
    after: int = 0,
) -> Iterator[bytes]:
    """Write the records of a filter with numbers above `after`, in their order.

    Yields blocks of whole lines; CSV begins with a header unless it goes on.

    Raises:
        VaultRefused: the project's key is not in this process's environment.
    """
    with_later_facts = finding.sees_later_facts(project=project, user=user)
    names = columns(with_later_facts=with_later_facts)
    gate = LeakGate(project)
    found = finding.find(project=project, user=user, wanted=wanted)
    if written_as is Format.CSV and not after:
        yield csv_line(names)
    while records := list(found.from_to(after)[:BLOCK]):
        rows = [_opening(record, with_later_facts) for record in records]
        if with_later_facts:
            _add_later_facts(project, user, records, rows)
        _leave_out(gate, rows)
        if written_as is Format.CSV:
            yield b"".join(csv_line([row.get(n) for n in names]) for row in rows)
        else:
            yield b"".join(json_line(row) for row in rows)
        after = records[-1].pk


def _opening(record: Record, reads_verdicts: bool) -> dict[str, Any]:
    row = {name: getattr(record, name) for name in OPENING}
    row["state"] = shown_state(record.state, reads_verdicts=reads_verdicts)
    row["opened_at"] = record.opened_at and record.opened_at.isoformat()
    return row


def _add_later_facts(
    project: Project, user: User, records: list[Record], rows: list[dict[str, Any]]
) -> None:
    verdicts = {
        verdict.record_id: {name: getattr(verdict, name) for name in _VERDICT}
        for verdict in Verdict.objects.current().filter(record__in=records)
    }
    reviews = _reviews(project, user, records)
    for record, row in zip(records, rows, strict=True):
        row["thread"] = record.thread
        row["resolution"] = record.resolution
        row["verdict"] = verdicts.get(record.pk)
        row["reviews"] = reviews.get(record.pk, [])


def _reviews(
    project: Project, user: User, records: list[Record]
) -> dict[int, list[dict[str, Any]]]:
    found = Review.objects.answers().filter(record__in=records)
    me = Reviewer.objects.filter(user=user).first()
    labels_in = [project.pk] if user.has_perm(_LABEL, project) else []
    found = found.readable_by(me, labels_in)
    by_record: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for review in found.select_related("reviewer").order_by("pk"):
        said = {name: getattr(review, name) for name in _REVIEW}
        said["reviewer"] = review.reviewer.name
        said["submitted_at"] = review.submitted_at.isoformat()
        by_record[review.record_id].append(said)
    return by_record


def _leave_out(gate: LeakGate, rows: list[dict[str, Any]]) -> None:
    """Take the text of those that must not leave away, and say why."""
    texts = ["\n".join(_strings(row)) for row in rows]
    why: dict[int, list[str]] = defaultdict(list)
    for one in gate.check(texts, [row["external_id"] for row in rows]):
        why[one.row].append(one.what)
    for place, row in enumerate(rows):
        row[LEFT_OUT] = ", ".join(why[place]) if place in why else ""
        if place in why:
            kept = ("id", "external_id", "state", LEFT_OUT)
            rows[place] = {name: row[name] for name in kept}


def _strings(value: Any) -> Iterator[str]:
    """Every text of a row, also within lists and mappings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _strings(part)
