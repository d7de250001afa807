"""Read what decides about a project's records, without their texts.

A handful of queries whatever the number of records; the answer is plain values for
`training.domain.selection`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db.models import Count
from django.db.models.functions import Length

from annotation.domain.scale import Grade
from annotation.models import Preference, Project, Record, Review, Verdict
from training.domain.eligibility import RecordFacts, ReviewFacts
from training.domain.gold import Ruling
from training.domain.recipe import GoldRule, Recipe, Split
from training.domain.recipe_tasks import LabelSource
from training.domain.tasks import PREFERENCE

_MEASURED = ("title_length", "body_length", "resolution_length")
_FIELDS = (
    "id", "external_id", "state", "kind", "origin", "category", "vendor", "opened_at",
    "incident_key", "fingerprint", "near_duplicate_of_id", "resolution_mark",
    "attributes__customer",
    "split_assignment__split", "split_assignment__group_key",
)  # fmt: skip


def load_facts(*, project: Project, recipe: Recipe) -> list[RecordFacts]:
    """Every record of the project, in the order of import.

    Under SINGLE_SOURCE a record without a verdict counts with its only label.
    """
    rulings = _rulings(project)
    if recipe.gold_rule is GoldRule.SINGLE_SOURCE:
        rulings = {**_lone_labels(project), **rulings}
    beside = _Beside(
        rulings,
        _answers(project, rulings),
        _pairs(project) if PREFERENCE in recipe.tasks else {},
        _every_review(project)
        if recipe.label_source is LabelSource.EVERY_REVIEW
        else {},
    )
    rows = (
        Record.objects.of(project)
        .annotate(
            title_length=Length("title"),
            body_length=Length("body"),
            resolution_length=Length("resolution"),
        )
        .values(*_FIELDS, *_MEASURED)
        .order_by("id")
    )
    return [_record(row, beside) for row in rows.iterator(chunk_size=5000)]


class _Beside(NamedTuple):
    """What stands beside records, by their ids."""

    rulings: dict[int, Ruling]
    answers: dict[int, tuple[Grade, int]]
    pairs: dict[int, int]
    reviews: dict[int, list[ReviewFacts]]


def _record(row: dict[str, Any], beside: _Beside) -> RecordFacts:
    split, pk = row["split_assignment__split"], row["id"]
    grade, answer = beside.answers.get(pk, (None, None))
    return RecordFacts(
        id=pk,
        key=row["external_id"],
        state=row["state"],
        has_text=bool(row["title_length"] or row["body_length"]),
        kind=row["kind"],
        origin=row["origin"],
        category=row["category"],
        vendor=row["vendor"],
        opened_at=row["opened_at"],
        incident_key=row["incident_key"],
        customer=_named(row["attributes__customer"]),
        fingerprint=row["fingerprint"],
        duplicate_of=row["near_duplicate_of_id"],
        split=Split(split) if split else None,
        group_key=row["split_assignment__group_key"] or "",
        ruling=beside.rulings.get(pk),
        answer=answer,
        answer_grade=grade,
        has_resolution=bool(row["resolution_length"]),
        mark=row["resolution_mark"],
        pair=beside.pairs.get(pk),
        reviews=tuple(beside.reviews.get(pk, ())),
    )


def _named(customer: Any) -> str:
    """A customer as a text; databases tell the numbers of JSON in their own ways."""
    return "" if customer in (None, "") else str(customer)


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


def _answers(
    project: Project, rulings: dict[int, Ruling]
) -> dict[int, tuple[Grade, int]]:
    """Grade and review id of the ideal answer that goes with each record's verdict.

    Of the standing reviews that hold an answer and do not contradict the verdict, in
    level or root cause, the one of the highest grade, the earliest of equals.
    """
    rows = (
        Review.objects.current()
        .submitted()
        .filter(record__project=project)
        .exclude(response="")
        .order_by("id")
        .values_list("record_id", "id", "severity", "root_cause", "grade")
    )
    best: dict[int, tuple[Grade, int]] = {}
    for record, review, severity, cause, grade in _pages(rows):
        ruling = rulings.get(record)
        if ruling and _contradicts(ruling, severity, cause):
            continue
        if record not in best or Grade(grade) > best[record][0]:
            best[record] = (Grade(grade), review)
    return best


def _contradicts(ruling: Ruling, severity: str, cause: str) -> bool:
    """Whether an answer's level or root cause is another than the verdict's."""
    other_cause = cause and ruling.root_cause and cause != ruling.root_cause
    return ruling.label != severity or bool(other_cause)


def _pairs(project: Project) -> dict[int, int]:
    """The newest judged pair of answers of each record."""
    rows = Preference.objects.filter(record__project=project).order_by("id")
    return dict(rows.values_list("record_id", "id"))


def _every_review(project: Project) -> dict[int, list[ReviewFacts]]:
    """The standing independent first answers of each record, the earliest first."""
    rows = Review.objects.independent_first_pass()
    found: dict[int, list[ReviewFacts]] = defaultdict(list)
    for record, pk, label, grade in _pages(
        rows.filter(record__project=project)
        .order_by("id")
        .values_list("record_id", "id", "severity", "grade")
    ):
        number = len(found[record]) + 1
        found[record].append(ReviewFacts(pk, number, label, Grade(grade)))
    return found


def _pages(rows: Any) -> Iterator[Any]:
    return rows.iterator(chunk_size=5000)
