"""Take an act on many records back, record by record, where nothing happened since.

A record that somebody has answered, decided or changed since is left as it is and
counted; an excluded one comes back even if an answer arrived meanwhile, in the state
that its answers give it. The sweeps that look over priorities are nobody: where a
record is still open, what they have written since stays. An act of which nothing could
be restored stands, and can be undone once what hindered it is undone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from annotation.models import BulkAct, BulkChange, Record, Verdict
from annotation.services import rounds, settling
from annotation.services.bulk_acts import CHUNK, TASK, is_small
from annotation.services.bulk_effects import COLUMNS, facts_of
from annotation.services.bulk_orders import BulkRefused
from annotation.services.rounds import ANSWERED, CHANGED
from netft_site.base.enqueue import enqueue

_URGENCY = ("priority", "queued_because")
_SETTLED_BY_PEOPLE = ("state", "reviews_wanted", "verdict")


@transaction.atomic
def start(*, act_id: int, by: User, now: datetime) -> BulkAct:
    """Undo an act, or let the task queue undo it; return the act.

    Raises:
        BulkRefused: it is not done yet (``at_work``) or undone already (``undone``).
    """
    act = BulkAct.objects.select_for_update().get(pk=act_id)
    if act.is_at_work:
        raise BulkRefused("at_work", "It is still at work. Wait until it is done.")
    if act.status == BulkAct.Status.UNDONE:
        raise BulkRefused("undone", "It is undone already.")
    act.status = BulkAct.Status.UNDOING
    act.cursor = act.restored = 0
    act.left_alone = {}
    act.undone_by, act.undone_at = by, now
    act.heartbeat_at = now
    act.save()
    if not is_small(act):
        enqueue(TASK, act.pk)
        return act
    while act.status == BulkAct.Status.UNDOING:
        act = run_chunk(act_id=act.pk, now=now)
    return act


def can_be_undone(act: BulkAct) -> bool:
    """Whether `start` would take an act back now."""
    return act.status == BulkAct.Status.DONE


@transaction.atomic
def run_chunk(*, act_id: int, now: datetime) -> BulkAct:
    """Restore the next records; an act that is not being undone is left as it is."""
    act = BulkAct.objects.select_for_update().get(pk=act_id)
    if act.status != BulkAct.Status.UNDOING:
        return act
    rows = BulkChange.objects.filter(act=act, pk__gt=act.cursor).order_by("pk")
    changes = list(rows[:CHUNK])
    if changes:
        restored, left = _restore_chunk(act, changes, now)
        act.restored += restored
        act.left_alone = dict(Counter(act.left_alone) + left)
        act.cursor = changes[-1].pk
    if len(changes) < CHUNK:
        _finish(act)
    act.heartbeat_at = now
    act.save()
    return act


def _finish(act: BulkAct) -> None:
    if act.restored:
        act.status = BulkAct.Status.UNDONE
        return
    act.status = BulkAct.Status.DONE
    act.undone_by = act.undone_at = None


def _restore_chunk(
    act: BulkAct, changes: list[BulkChange], now: datetime
) -> tuple[int, Counter[str]]:
    """Return how many were restored, and why the others were left alone."""
    if act.kind == BulkAct.Kind.REREVIEW:
        return rounds.end(act, changes, now)
    ids = [change.record_id for change in changes]
    # Locked in the order of their ids, like everywhere.
    list(Record.objects.with_ids(ids).order_by("pk").select_for_update())
    facts = facts_of(ids)
    later = _changed_by_later_acts(act, ids)
    left: Counter[str] = Counter()
    restored: list[BulkChange] = []
    for change in changes:
        why = _why_not(act, change, facts[change.record_id])
        if not why and change.record_id in later:
            why = CHANGED
        if why:
            left[why] += 1
        else:
            restored.append(change)
    _restore(restored, facts)
    answered = [
        change.record_id
        for change in restored
        if facts[change.record_id]["reviews"] != change.after["reviews"]
    ]
    if answered:
        settling.settle_records(project=act.project, record_ids=answered)
    return len(restored), left


def _why_not(act: BulkAct, change: BulkChange, facts: dict[str, Any]) -> str:
    """Say why a record is left alone; empty if it is as the act left it."""
    comes_back_anyway = act.kind == BulkAct.Kind.EXCLUDE
    if facts["reviews"] != change.after["reviews"] and not comes_back_anyway:
        return ANSWERED
    if any(facts[name] != change.after[name] for name in _SETTLED_BY_PEOPLE):
        return CHANGED
    return ""


def _changed_by_later_acts(act: BulkAct, ids: list[int]) -> set[int]:
    """Records that an act which began later, and stands, has changed."""
    undone = BulkAct.Status.UNDONE
    changes = BulkChange.objects.filter(record__in=ids, act__gt=act.pk)
    standing = changes.exclude(act__status=undone)
    return set(standing.values_list("record_id", flat=True))


def _restored(change: BulkChange, facts: dict[str, Any]) -> tuple[Any, ...]:
    """The columns that a record gets back; a sweep's urgency stays where it is open."""
    back = {name: change.before[name] for name in COLUMNS}
    swept = any(facts[name] != change.after[name] for name in _URGENCY)
    if swept and back["state"] == Record.State.OPEN:
        back |= {name: facts[name] for name in _URGENCY}
    return tuple(back[name] for name in COLUMNS)


def _restore(changes: list[BulkChange], facts: dict[int, dict[str, Any]]) -> None:
    # Most records were alike: a few updates do for hundreds of them.
    alike: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for change in changes:
        before = _restored(change, facts[change.record_id])
        alike[before].append(change.record_id)
    for before, ids in alike.items():
        values = dict(zip(COLUMNS, before, strict=True))
        Record.objects.with_ids(ids).update(**values)
    moved = [c for c in changes if c.before["verdict"] != c.after["verdict"]]
    # One current verdict a record: the later one steps back first.
    after = [c.after["verdict"] for c in moved if c.after["verdict"]]
    Verdict.objects.filter(pk__in=after).update(is_current=False)
    earlier = [c.before["verdict"] for c in moved if c.before["verdict"]]
    Verdict.objects.filter(pk__in=earlier).update(is_current=True)
