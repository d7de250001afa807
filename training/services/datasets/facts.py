"""Read what decides about a project's records, without their texts.

A handful of queries whatever the number of records; the answer is plain values for
`training.domain.selection`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from django.db.models import Count
from django.db.models.functions import Length

from annotation.domain.scale import Grade
from annotation.models import Project, Record, Review, Verdict
from training.domain.gold import Ruling
from training.domain.recipe import GoldRule, Split
from training.domain.selection import RecordFacts

_FIELDS = (
    "id", "external_id", "state", "kind", "origin", "category", "vendor", "opened_at",
    "incident_key", "fingerprint", "near_duplicate_of_id",
    "split_assignment__split", "split_assignment__group_key",
)  # fmt: skip


def load_facts(*, project: Project, gold_rule: GoldRule) -> list[RecordFacts]:
    """Every record of the project, in the order of import.

    Under SINGLE_SOURCE a record without a verdict counts with its only label.
    """
    rulings = _rulings(project)
    if gold_rule is GoldRule.SINGLE_SOURCE:
        rulings = {**_lone_labels(project), **rulings}
    rows = (
        Record.objects.of(project)
        .annotate(title_length=Length("title"), body_length=Length("body"))
        .values(*_FIELDS, "title_length", "body_length")
        .order_by("id")
    )
    return [
        _record(row, rulings.get(row["id"])) for row in rows.iterator(chunk_size=5000)
    ]


def _record(row: dict[str, Any], ruling: Ruling | None) -> RecordFacts:
    split = row["split_assignment__split"]
    return RecordFacts(
        id=row["id"],
        key=row["external_id"],
        state=row["state"],
        has_text=bool(row["title_length"] or row["body_length"]),
        kind=row["kind"],
        origin=row["origin"],
        category=row["category"],
        vendor=row["vendor"],
        opened_at=row["opened_at"],
        incident_key=row["incident_key"],
        fingerprint=row["fingerprint"],
        duplicate_of=row["near_duplicate_of_id"],
        split=Split(split) if split else None,
        group_key=row["split_assignment__group_key"] or "",
        ruling=ruling,
    )


def _rulings(project: Project) -> dict[int, Ruling]:
    severe = _said_most_severe(project)
    said = _independent_labels(project)
    rows = Verdict.objects.current().filter(record__project=project)
    return {
        record: Ruling(
            label=label,
            method=method,
            grade=Grade(grade),
            reviews=reviews,
            said_most_severe=record in severe,
            root_cause=cause,
            agreement=_share_of(label, said.get(record, Counter())),
        )
        for record, label, method, grade, reviews, cause in _pages(
            rows.values_list(
                "record_id",
                "severity",
                "method",
                "grade",
                "reviews_count",
                "root_cause",
            )
        )
    }


def _independent_labels(project: Project) -> dict[int, Counter[str]]:
    """How often each level was named by independent first answers, by record."""
    rows = Review.objects.independent_first_pass()
    counted = rows.filter(record__project=project).order_by()
    said: dict[int, Counter[str]] = defaultdict(Counter)
    for record, label, count in _pages(
        counted.values_list("record_id", "severity").annotate(n=Count("id"))
    ):
        said[record][label] = count
    return said


def _share_of(label: str, said: Counter[str]) -> float:
    total = said.total()
    return said[label] / total if total else 1.0


def _said_most_severe(project: Project) -> set[int]:
    """Records that some person's standing review calls most severe."""
    most_severe = project.scale.most_severe.key
    rows = Review.objects.current().submitted().by_people()
    return set(
        rows.filter(record__project=project, severity=most_severe).values_list(
            "record_id", flat=True
        )
    )


def _lone_labels(project: Project) -> dict[int, Ruling]:
    """What `settle_single_source` would make of records without a verdict."""
    alone = Record.objects.of(project).with_one_label_only().values("id")
    rows = Review.objects.current().submitted().filter(record__in=alone)
    return {
        record: Ruling(label, "SINGLE_SOURCE", Grade(grade), 1, root_cause=cause)
        for record, label, grade, cause in _pages(
            rows.values_list("record_id", "severity", "grade", "root_cause")
        )
        if label in project.scale
    }


def load_answers(*, project: Project, labels: dict[int, str]) -> dict[int, int]:
    """Review id by record id of the ideal answer that goes with each label.

    Of the standing reviews that agree with the label and hold an answer, the one of
    the highest grade, the earliest of equals.
    """
    rows = (
        Review.objects.current()
        .submitted()
        .filter(record__project=project)
        .exclude(response="")
        .order_by("id")
        .values_list("record_id", "id", "severity", "grade")
    )
    best: dict[int, tuple[Grade, int]] = {}
    for record, review, severity, grade in _pages(rows):
        if labels.get(record) != severity:
            continue
        if record not in best or Grade(grade) > best[record][0]:
            best[record] = (Grade(grade), review)
    return {record: review for record, (_, review) in best.items()}


def _pages(rows: Any) -> Iterator[Any]:
    return rows.iterator(chunk_size=5000)
