"""Serve earlier what is in dispute: where reviewers, or a confident model, differ.

A record with some answers that differ comes before one nobody has seen, and before that
one on which a model is confident and every answer so far says otherwise. The reason
names the dispute and never what anybody said, and goes with the dispute.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db import transaction

from annotation.domain.priority import CONTESTED, GUIDELINES, MODEL_WRONG, OLDEST
from annotation.models import (
    BulkAct,
    BulkChange,
    Project,
    Record,
    Review,
    Suggestion,
)

CONFIDENT = 0.8
"""Probability from which a model counts as confident of its level."""

AT_ONCE = 5_000
REASONS = {CONTESTED: "contested so far", MODEL_WRONG: "model confident but wrong"}


def raise_disputed() -> int:
    """Raise what is in dispute in every active project; return records changed."""
    return sum(raise_in(project=project) for project in Project.objects.active())


@transaction.atomic
def raise_in(*, project: Project) -> int:
    """Raise a project's open records in dispute, and let go of those that are not now.

    Return how many were changed; doing it again changes nothing.
    """
    changed = _lower_in(project)
    answered = Record.objects.of(project).open().answered_below(MODEL_WRONG)
    wrong, differ = _disputes(answered.values_list("pk", flat=True)[:AT_ONCE])
    return changed + _apply(wrong, MODEL_WRONG) + _apply(differ, CONTESTED)


def _lower_in(project: Project) -> int:
    """Give up reasons that hold no longer, where answers were taken back, say."""
    urgent = Record.objects.of(project).open().queued_in_dispute(REASONS)
    rows = list(urgent.values_list("pk", "priority", "queued_because")[:AT_ONCE])
    wrong, differ = _disputes(pk for pk, _, _ in rows)
    stale: dict[int, set[int]] = {MODEL_WRONG: set(), CONTESTED: set(), OLDEST: set()}
    for pk, *now in rows:
        due = MODEL_WRONG if pk in wrong else CONTESTED if pk in differ else OLDEST
        if now != [due, REASONS.get(due, "oldest")]:
            stale[due].add(pk)
    for due, ids in stale.items():
        because = REASONS.get(due, "oldest")
        # Asked for or answered since: what was found is no more the case.
        rows_now = Record.objects.with_ids(list(ids)).open().queued_in_dispute(REASONS)
        rows_now.update(priority=due, queued_because=because)
    _back_to_guidelines(stale[OLDEST])
    return sum(map(len, stale.values()))


def _back_to_guidelines(ids: set[int]) -> None:
    """Queue what a re-review has opened for that reason again."""
    opened = BulkChange.objects.filter(record__in=ids, act__status=BulkAct.Status.DONE)
    opened = opened.filter(act__kind=BulkAct.Kind.REREVIEW).order_by("pk")
    for change in opened.select_related("act__guidelines"):
        assert change.act.guidelines is not None  # noqa: S101
        of_it = Record.objects.filter(pk=change.record_id, round=change.after["round"])
        because = f"guidelines v{change.act.guidelines.version}"
        of_it.update(priority=GUIDELINES, queued_because=because)


def _disputes(records: Iterable[int]) -> tuple[set[int], set[int]]:
    """Records where all contradict a confident model, others where people differ."""
    said = _said(records)
    wrong = {pk for pk, level in _confident(said).items() if level not in said[pk]}
    return wrong, {pk for pk, levels in said.items() if len(levels) > 1} - wrong


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
