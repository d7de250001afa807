"""Exclude, requeue, or raise the overlap of all records that a filter names.

An act goes through the records in chunks, each one transaction that moves the act's
cursor: a worker that dies costs one chunk, and nothing is done twice. A record that no
longer fits the filter when its turn comes is left alone, and so are records that
arrived later. What the sanitizer holds or a reviewer flagged is never touched.
Small acts are done at once, large ones by the task queue.

Of each changed record the values before and after are kept; `bulk_undoing` goes back by
them. What may be ordered is `bulk_orders`'. A re-review (`rereviewing`) goes the same
way, by what new guidelines touch.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Max

from annotation.domain.record_filter import RecordFilter
from annotation.models import BulkAct, BulkChange, Project, Record
from annotation.services import bulk_orders, finding, rounds, touching
from annotation.services.bulk_effects import change, facts_of
from annotation.services.bulk_orders import (
    BulkRefused,
    Order,
    changing,
    check,
    kept_reason,
)
from annotation.services.finding import FoundRecords
from annotation.services.touching import Touched
from netft_site.base.enqueue import enqueue

TASK = "annotation.tasks.bulk_acts.carry_on"
CHUNK = 200
"""Records a transaction: on SQLite reviewers wait for it at the desk."""


@transaction.atomic
def start(
    *,
    project: Project,
    by: User,
    order: Order,
    reason: str,
    expected_count: int,
    now: datetime,
) -> BulkAct:
    """Do what was confirmed, or let the task queue do it; return the act.

    Raises:
        BulkRefused: as `check`; no reason (``no_reason``) or one that cannot be made
            safe (``held_text``); nothing to change (``nothing``); or another number of
            records than was confirmed (``count_changed``).
    """
    check(order)
    why = kept_reason(project, reason)
    found = finding.find(project=project, user=by, wanted=order.wanted)
    facts = changing(found, order).aggregate(n=Count("pk"), last=Max("pk"))
    if facts["n"] != expected_count:
        raise BulkRefused(
            "count_changed",
            f"{facts['n']:,} records would change by now, not {expected_count:,}. "
            "Look again before you confirm.",
        )
    if not facts["n"]:
        raise BulkRefused("nothing", "No record would change.")
    act = _act(project, by, order, why, now)
    act.total, act.until = facts["n"], facts["last"]
    return begin(act, now=now)


def begin(act: BulkAct, *, now: datetime) -> BulkAct:
    """Save a new act and carry it out, or let the task queue do it."""
    act.status = BulkAct.Status.RUNNING
    act.heartbeat_at = now
    act.save()
    if act.total > bulk_orders.AT_ONCE:
        enqueue(TASK, act.pk)
        return act
    while act.status == BulkAct.Status.RUNNING:
        act = run_chunk(act_id=act.pk, now=now)
    return act


@transaction.atomic
def run_chunk(*, act_id: int, now: datetime) -> BulkAct:
    """Change the next records of a running act; another act is left as it is."""
    act = BulkAct.objects.select_for_update().get(pk=act_id)
    if act.status != BulkAct.Status.RUNNING:
        return act
    rows = _left(act).from_to(act.cursor, act.until)
    records = list(rows.select_for_update(of=("self",))[:CHUNK])
    if records:
        _change(act, records)
        act.cursor = records[-1].pk
        act.count += len(records)
    if len(records) < CHUNK:
        act.status = BulkAct.Status.DONE
    act.heartbeat_at = now
    act.save(update_fields=["cursor", "count", "status", "heartbeat_at"])
    return act


def _left(act: BulkAct) -> FoundRecords:
    """Those records that an act at work changes, were it to begin now."""
    if act.kind == BulkAct.Kind.REREVIEW:
        assert act.guidelines is not None  # noqa: S101
        return touching.opened(act.guidelines, Touched.from_query(act.query))
    order = _order(act)
    found = finding.find(project=act.project, user=act.by, wanted=order.wanted)
    return changing(found, order)


def _change(act: BulkAct, records: list[Record]) -> None:
    """Change locked records and write down how they were."""
    if act.kind == BulkAct.Kind.REREVIEW:
        rounds.begin(act, records)
        return
    ids = [record.pk for record in records]
    before = facts_of(ids)
    change(act, ids, before)
    after = facts_of(ids)
    BulkChange.objects.bulk_create(
        BulkChange(act=act, record_id=pk, before=before[pk], after=after[pk])
        for pk in ids
    )


def stalled(*, since: datetime) -> list[int]:
    """Return the acts at work that nobody has moved since then."""
    return list(BulkAct.objects.stalled(since).values_list("pk", flat=True))


def done_so_far(act: BulkAct) -> float:
    """Return the share of an act at work that is done, between 0 and 1."""
    if act.status == BulkAct.Status.RUNNING:
        return min(act.count / act.total, 1.0) if act.total else 0.0
    if act.status == BulkAct.Status.UNDOING:
        dealt_with = act.restored + sum(act.left_alone.values())
        return min(dealt_with / act.count, 1.0) if act.count else 0.0
    return 1.0


def is_small(act: BulkAct) -> bool:
    """Whether a request can wait for an act."""
    return act.total <= bulk_orders.AT_ONCE


def _act(project: Project, by: User, order: Order, why: str, now: datetime) -> BulkAct:
    return BulkAct(
        project=project,
        kind=order.kind,
        query=order.wanted.as_query(),
        value=order.reviews_wanted,
        sets_decisions_aside=order.sets_decisions_aside,
        reason=why,
        by=by,
        at=now,
    )


def _order(act: BulkAct) -> Order:
    wanted = RecordFilter.from_query(act.query)
    return Order(act.kind, wanted, act.value, act.sets_decisions_aside)
