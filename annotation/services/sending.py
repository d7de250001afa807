"""Ask the seniors about settled records whose label somebody, or something, doubts.

What is sent waits among the contested records until a senior decides, and keeps its
verdict meanwhile: a doubt is no correction. Who decides reads the lead's reason and the
answers, and not what a model would have said. Left alone is what a senior has decided,
what may yet be labeled blind, and gold that is in use, which has to be retired first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Greatest

from annotation.domain.priority import ASKED_FOR, SENT_TO_SENIORS
from annotation.models import BulkAct, BulkChange, Gold, Project, Record, Review
from annotation.services.bulk_effects import facts_of
from annotation.services.bulk_orders import BulkRefused, kept_reason

MOST_AT_ONCE = 200

DECIDED = "a senior decided"
WAITING = "waits for a senior"
OPEN = "is being labeled"
OUT = "held or excluded"
UNJUDGED = "kept to learn from"
NO_ANSWERS = "no answers of people"
GOLD = "in use as gold"
UNTOLD = "cannot be sent"
"""What stands for gold to who may not know of it."""
SEES_GOLD = "annotation.view_gold"

_LONGEST_BECAUSE = 120


@dataclass(frozen=True)
class Sent:
    """The act, and why the other records were left alone, to how many."""

    act: BulkAct
    left_alone: dict[str, int]


@transaction.atomic
def send(
    *,
    project: Project,
    record_ids: Iterable[int],
    by: User,
    reason: str,
    now: datetime,
) -> Sent:
    """Have records wait for a senior; the act can be undone like every bulk act.

    ``reason`` is as typed and passes the sanitizer.

    Raises:
        BulkRefused: too many or none (``bad_count``), not all of the project
            (``unknown_record``), no or no safe reason (as `bulk_orders.kept_reason`),
            or none of them can be sent (``nothing``).
    """
    why = kept_reason(project, reason)
    records = _locked(project, set(record_ids))
    tells_gold = by.has_perm(SEES_GOLD, project)
    hindered = hindrances(records, tells_gold=tells_gold)
    ids = [record.pk for record in records if record.pk not in hindered]
    if not ids:
        raise BulkRefused("nothing", "None of them can be sent to the seniors.")
    act = BulkAct.objects.create(
        project=project,
        kind=BulkAct.Kind.SENIORS,
        query={"records": ids},
        reason=why,
        total=len(ids),
        count=len(ids),
        by=by,
        at=now,
        heartbeat_at=now,
    )
    _change(act, ids)
    return Sent(act, dict(Counter(hindered.values())))


def hindrances(records: Sequence[Record], *, tells_gold: bool) -> dict[int, str]:
    """Why records cannot be sent, by their ids; those that can are not in it."""
    ids = [record.pk for record in records]
    adjudicated = Record.objects.with_ids(ids).adjudicated()
    decided = set(adjudicated.values_list("pk", flat=True))
    in_use = Gold.objects.filter(record__in=ids, is_active=True)
    gold = set(in_use.values_list("record_id", flat=True))
    given = Review.objects.settling().filter(record__in=ids)
    answered = set(given.values_list("record_id", flat=True))
    found = {}
    for record in records:
        why = _by_state(record)
        if not why and record.pk in decided:
            why = DECIDED
        if not why and record.pk in gold:
            why = GOLD if tells_gold else UNTOLD
        if not why and record.pk not in answered:
            why = NO_ANSWERS
        if why:
            found[record.pk] = why
    return found


def hindrances_of(record_ids: Iterable[int], *, tells_gold: bool) -> dict[int, str]:
    """As `hindrances`, for records by their ids."""
    records = Record.objects.with_ids(list(record_ids)).only("state")
    return hindrances(list(records), tells_gold=tells_gold)


def ask_again(*, record: Record) -> None:
    """Let a record wait for a senior once more, where an act that stands sent it.

    The caller has locked the record, whose senior took the decision back. Where an
    earlier decision stands, nothing waits.
    """
    sent = BulkChange.objects.filter(record=record, act__kind=BulkAct.Kind.SENIORS)
    standing = sent.filter(act__status=BulkAct.Status.DONE).select_related("act")
    change = standing.order_by("-pk").first()
    is_decided = Record.objects.with_ids([record.pk]).adjudicated().exists()
    if change is not None and not is_decided:
        Record.objects.filter(pk=record.pk).update(
            state=Record.State.CONTESTED, queued_because=_because(change.act)
        )


def _locked(project: Project, wanted: set[int]) -> list[Record]:
    if not 1 <= len(wanted) <= MOST_AT_ONCE:
        raise BulkRefused(
            "bad_count", f"Choose between 1 and {MOST_AT_ONCE} records to send."
        )
    # Locked in the order of their ids, like everywhere.
    rows = Record.objects.of(project).filter(pk__in=wanted).order_by("pk")
    records = list(rows.select_for_update(of=("self",)))
    if len(records) < len(wanted):
        raise BulkRefused("unknown_record", "Not all of them are of this project.")
    return records


def _by_state(record: Record) -> str:
    states = Record.State
    return {
        states.OPEN: OPEN,
        states.CONTESTED: WAITING,
        states.HELD: OUT,
        states.EXCLUDED: OUT,
        states.REFERENCE: UNJUDGED,
    }.get(states(record.state), "")


def _change(act: BulkAct, ids: list[int]) -> None:
    before = facts_of(ids)
    Record.objects.with_ids(ids).update(
        state=Record.State.CONTESTED,
        priority=Greatest("priority", ASKED_FOR),
        queued_because=_because(act),
    )
    after = facts_of(ids)
    BulkChange.objects.bulk_create(
        BulkChange(act=act, record_id=pk, before=before[pk], after=after[pk])
        for pk in ids
    )


def _because(act: BulkAct) -> str:
    return f"{SENT_TO_SENIORS}: {act.reason}"[:_LONGEST_BECAUSE]
