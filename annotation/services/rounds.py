"""A new round of answers at some records, and the way back.

The answers of the round before stay as history and count no more, seats are free, and
the verdict steps back until the new answers settle. Everything changed is written down
with the act. The caller holds the transaction and the records' locks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F
from django.db.models.functions import Greatest

from annotation.domain import priority
from annotation.models import BulkAct, BulkChange, Claim, Record, Review, Verdict
from annotation.models.review import Purpose
from annotation.services import settling

ANSWERED = "answered since"
CHANGED = "changed since"

_COLUMNS = ("round", "state", "priority", "queued_because", "decided_at")


def begin(act: BulkAct, records: Sequence[Record]) -> None:
    """Open the records for the new round that an act asks for."""
    _begin_round(act, records)
    settling.settle_records(project=act.project, record_ids=[r.pk for r in records])


def end(
    act: BulkAct, changes: Sequence[BulkChange], now: datetime
) -> tuple[int, Counter[str]]:
    """Put records back where nobody has answered, or sits at them, since.

    Returns how many were put back, and why the others were left alone.
    """
    by_record = {change.record_id: change for change in changes}
    # Locked in the order of their ids, like everywhere.
    rows = Record.objects.with_ids(list(by_record)).order_by("pk").select_for_update()
    records = list(rows)
    busy = _busy(records, now)
    left: Counter[str] = Counter()
    kept = []
    for record in records:
        change = by_record[record.pk]
        if record.pk in busy:
            left[ANSWERED] += 1
        elif record.round != change.after["round"] or record.state != "OPEN":
            left[CHANGED] += 1
        else:
            kept.append((record, change.before))
    _end_round(kept)
    settling.settle_records(project=act.project, record_ids=[r.pk for r, _ in kept])
    return len(kept), left


def _begin_round(act: BulkAct, records: Sequence[Record]) -> None:
    ids = [record.pk for record in records]
    # Tests on it as well: they rest on the earlier guidelines, and would keep who was
    # tested from answering.
    given = Review.objects.current().by_people().filter(record__in=ids)
    seats = Claim.objects.filter(record__in=ids)
    done = seats.filter(state=Claim.State.DONE, purpose=Purpose.FIRST)
    verdicts = Verdict.objects.current().filter(record__in=ids)
    stepping_back = verdicts.exclude(method=Verdict.Method.SINGLE_SOURCE)
    _write_down(act, records, given, done, stepping_back)
    given.update(is_current=False)
    done.update(state=Claim.State.RELEASED)
    # Whoever sits there reads the earlier guidelines: what they send is kept with the
    # round that has ended, and they are served the record anew.
    seats.filter(state=Claim.State.OPEN).update(state=Claim.State.RELEASED)
    stepping_back.update(is_current=False)
    assert act.guidelines is not None  # noqa: S101
    Record.objects.filter(pk__in=ids).update(
        round=F("round") + 1,
        priority=Greatest(F("priority"), priority.GUIDELINES),
        queued_because=f"guidelines v{act.guidelines.version}",
        # Its answers are hidden again until the new ones are in.
        decided_at=None,
    )


def _write_down(
    act: BulkAct,
    records: Sequence[Record],
    given: Iterable[Review],
    done: Iterable[Claim],
    verdicts: Iterable[Verdict],
) -> None:
    reviews, claims = _by_record(given), _by_record(done)
    decided = {verdict.record_id: verdict.pk for verdict in verdicts}
    BulkChange.objects.bulk_create(
        BulkChange(
            act=act,
            record=record,
            before={
                "round": record.round,
                "state": record.state,
                "priority": record.priority,
                "queued_because": record.queued_because,
                "decided_at": record.decided_at and record.decided_at.isoformat(),
                "verdict": decided.get(record.pk),
                "reviews": reviews.get(record.pk, []),
                "claims": claims.get(record.pk, []),
            },
            after={"round": record.round + 1},
        )
        for record in records
    )


def _by_record(rows: Iterable[Review] | Iterable[Claim]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for row in rows:
        found.setdefault(row.record_id, []).append(row.pk)
    return found


def _busy(records: Sequence[Record], now: datetime) -> set[int]:
    """Records that somebody has answered in the new round, or sits at."""
    ids = [record.pk for record in records]
    given = Review.objects.answers().by_people()
    answered = given.filter(record__in=ids, purpose=Purpose.FIRST)
    seats = Claim.objects.filter(record__in=ids, state=Claim.State.OPEN)
    seated = seats.filter(purpose=Purpose.FIRST, expires_at__gt=now)
    return {
        *answered.values_list("record_id", flat=True),
        *seated.values_list("record_id", flat=True),
    }


def _end_round(kept: Sequence[tuple[Record, Mapping[str, Any]]]) -> None:
    ids = [record.pk for record, _ in kept]
    over = Claim.objects.filter(record__in=ids, purpose=Purpose.FIRST)
    over.filter(state=Claim.State.OPEN).update(state=Claim.State.RELEASED)
    # What was taken back in the new round stays as history of it.
    Review.objects.current().by_people().filter(
        record__in=ids, purpose=Purpose.FIRST
    ).update(is_current=False)
    for record, before in kept:
        for name in _COLUMNS:
            setattr(record, name, before[name])
    Record.objects.bulk_update([record for record, _ in kept], _COLUMNS, batch_size=200)
    Review.objects.filter(pk__in=_all(kept, "reviews")).update(is_current=True)
    Claim.objects.filter(pk__in=_all(kept, "claims")).update(state=Claim.State.DONE)
    # A source's label may have stood in since.
    decided = [record.pk for record, before in kept if before["verdict"]]
    Verdict.objects.current().filter(record__in=decided).update(is_current=False)
    verdicts = [before["verdict"] for _, before in kept if before["verdict"]]
    Verdict.objects.filter(pk__in=verdicts).update(is_current=True)


def _all(kept: Sequence[tuple[Record, Mapping[str, Any]]], name: str) -> list[int]:
    return [pk for _, before in kept for pk in before[name]]
