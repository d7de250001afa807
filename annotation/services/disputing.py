"""Serve earlier what is in dispute: where reviewers, or a confident model, differ.

A record with some answers that differ comes before one nobody has seen, and before that
one on which a model is confident and every answer so far says otherwise. The reason
names the dispute and never what anybody said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db import transaction

from annotation.domain.priority import CONTESTED, MODEL_WRONG
from annotation.models import Project, Record, Review, Suggestion

CONFIDENT = 0.8
"""Probability from which a model counts as confident of its level."""

AT_ONCE = 5_000
REASONS = {CONTESTED: "contested so far", MODEL_WRONG: "model confident but wrong"}


def raise_disputed() -> int:
    """Raise what is in dispute in every active project; return records changed."""
    return sum(raise_in(project=project) for project in Project.objects.active())


@transaction.atomic
def raise_in(*, project: Project) -> int:
    """Raise a project's open records in dispute; doing it again changes nothing."""
    answered = Record.objects.of(project).open().answered_below(MODEL_WRONG)
    said = _said(answered.values_list("pk", flat=True)[:AT_ONCE])
    wrong = {pk for pk, level in _confident(said).items() if level not in said[pk]}
    differ = {pk for pk, levels in said.items() if len(levels) > 1} - wrong
    return _apply(wrong, MODEL_WRONG) + _apply(differ, CONTESTED)


def _said(records: Iterable[int]) -> dict[int, set[str]]:
    """Return the levels that were said of each record, once each."""
    rows = Review.objects.settling().filter(record__in=list(records))
    said: dict[int, set[str]] = defaultdict(set)
    for pk, level in rows.values_list("record_id", "severity"):
        said[pk].add(level)
    return said


def _confident(records: Iterable[int]) -> dict[int, str]:
    """Return the level that the newest confident suggestion on a record names."""
    rows = Suggestion.objects.filter(record__in=list(records)).order_by("created_at")
    return {
        row.record_id: row.severity
        for row in rows
        if float(row.probabilities.get(row.severity) or 0) >= CONFIDENT
    }


def _apply(ids: set[int], priority: int) -> int:
    rows = Record.objects.open().filter(pk__in=ids, priority__lt=priority)
    return rows.update(priority=priority, queued_because=REASONS[priority])
