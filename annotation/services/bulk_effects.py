"""What an act on many records does to a chunk of them.

Settling decides what a changed record's answers amount to; nothing here judges them.
The caller holds the transaction and the locks.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Max, Q

from annotation.domain.priority import ASKED_FOR, SENT_TO_SENIORS
from annotation.models import BulkAct, Record, Review, Verdict
from annotation.services import settling

COLUMNS = ("state", "reviews_wanted", "priority", "queued_because")
_LONGEST_BECAUSE = 120


def facts_of(ids: list[int]) -> dict[int, dict[str, Any]]:
    """Return what an act may change at records, by their ids.

    Beside the columns stand the current verdict and how many answers were ever given:
    answers are only added, so the number tells whether somebody has spoken since.
    """
    records = Record.objects.with_ids(ids).order_by()
    current = Max("verdicts", filter=Q(verdicts__is_current=True))
    verdicts = dict(records.annotate(found=current).values_list("pk", "found"))
    reviews = dict(records.annotate(found=Count("reviews")).values_list("pk", "found"))
    return {
        row["pk"]: {
            **{name: row[name] for name in COLUMNS},
            "verdict": verdicts[row["pk"]],
            "reviews": reviews[row["pk"]],
        }
        for row in records.values("pk", *COLUMNS)
    }


def change(act: BulkAct, ids: list[int], before: dict[int, dict[str, Any]]) -> None:
    """Do to these records what an act is for; `before` are their facts."""
    records = Record.objects.with_ids(ids)
    if act.kind == BulkAct.Kind.EXCLUDE:
        records.update(state=Record.State.EXCLUDED)
        return
    if act.kind == BulkAct.Kind.OVERLAP:
        records.update(reviews_wanted=act.value)
    else:
        _requeue(act, ids, before)
    settling.settle_records(project=act.project, record_ids=ids)


def _requeue(act: BulkAct, ids: list[int], before: dict[int, dict[str, Any]]) -> None:
    """Open the records again; where all answers are in, one more is wanted.

    What was excluded only comes back: settling gives it the state of its answers, a
    senior's decision that stands keeps it settled, a question to the seniors is asked
    again, and a text to learn from is one again.
    """
    states = Record.State
    if act.sets_decisions_aside:
        Verdict.objects.adjudicated().filter(record__in=ids).update(is_current=False)
    records = Record.objects.with_ids(ids)
    decided = list(records.decided_by_a_senior().values_list("pk", flat=True))
    was_excluded = {pk for pk in ids if before[pk]["state"] == states.EXCLUDED}
    _want_one_more([pk for pk in ids if pk not in was_excluded])
    records.update(state=states.OPEN, priority=ASKED_FOR)
    sent = {pk for pk in was_excluded if _is_sent(before[pk])} - set(decided)
    Record.objects.with_ids([pk for pk in ids if pk not in sent]).update(
        queued_because=f"asked for: {act.reason}"[:_LONGEST_BECAUSE]
    )
    Record.objects.with_ids(decided).update(state=states.SETTLED)
    Record.objects.with_ids(ids).never_judged().update(state=states.REFERENCE)


def _is_sent(facts: dict[str, Any]) -> bool:
    return str(facts["queued_because"]).startswith(SENT_TO_SENIORS)


def _want_one_more(ids: list[int]) -> None:
    """Ask for one answer more than counts, where as many as wanted are in."""
    counted = (
        Review.objects.settling()
        .filter(record__in=ids)
        .order_by()
        .values_list("record")
        .annotate(n=Count("pk"))
    )
    by_number: dict[int, list[int]] = {}
    for record_id, number in counted:
        by_number.setdefault(number, []).append(record_id)
    for number, records in by_number.items():
        full = Record.objects.with_ids(records).filter(reviews_wanted__lte=number)
        full.update(reviews_wanted=number + 1)
