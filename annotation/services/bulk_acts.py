"""Exclude, requeue, or raise the overlap of all records that a filter names.

An act goes through the records in chunks, each one transaction that moves the act's
cursor: a worker that dies costs one chunk, and nothing is done twice. A record that no
longer fits the filter when its turn comes is left alone, and so are records that
arrived later. What the sanitizer holds or a reviewer flagged is never touched.
Small acts are done at once, large ones by the task queue.

Of each changed record the values before and after are kept; `bulk_undoing` goes back by
them. A re-review (`rereviewing`) goes the same way, by what new guidelines touch.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Max

from annotation.domain.record_filter import RecordFilter
from annotation.models import BulkAct, BulkChange, Claim, Project, Record
from annotation.services import finding, rounds, touching
from annotation.services.bulk_effects import change, facts_of
from annotation.services.finding import FoundRecords
from annotation.services.touching import Touched
from annotation.services.typed_text import made_safe
from netft_site.base.enqueue import enqueue
from netft_site.base.refusals import Refused

TASK = "annotation.tasks.bulk_acts.carry_on"
AT_ONCE = 2_000
CHUNK = 200
"""Records a transaction: on SQLite reviewers wait for it at the desk."""
MOST_WANTED = 20
KINDS = (BulkAct.Kind.EXCLUDE, BulkAct.Kind.REQUEUE, BulkAct.Kind.OVERLAP)
"""What an order may be; re-reviews and questions to the seniors begin elsewhere."""

_LONGEST_REASON = 200


class BulkRefused(Refused):
    """The act cannot be done; the code says why."""


@dataclass(frozen=True)
class Order:
    """What is to be done with which records."""

    kind: str
    wanted: RecordFilter
    reviews_wanted: int | None = None
    sets_decisions_aside: bool = False


@dataclass(frozen=True)
class Preview:
    """What an order would do: `count` records change, and why the others do not."""

    matched: int
    count: int
    held: int
    flagged: int
    """Those in whose text somebody saw what should be hidden; see `flagging`."""
    decided: int
    already: int
    seated: int
    """People who hold a seat at one of the records at this moment."""

    @property
    def by_queue(self) -> bool:
        return self.count > AT_ONCE


def preview(*, project: Project, by: User, order: Order, now: datetime) -> Preview:
    """Count what an order would change, and what it would leave alone.

    Raises:
        BulkRefused: as `start`.
    """
    check(order)
    found = finding.find(project=project, user=by, wanted=order.wanted)
    changing = _changing(found, order)
    matched, count = found.count(), changing.count()
    flagged = found.flagged().count()
    held = matched - found.touchable().count() - flagged
    decided = _spared(found, order).count()
    seats = Claim.objects.filter(
        state=Claim.State.OPEN, expires_at__gt=now, record__in=changing.values("pk")
    )
    return Preview(
        matched=matched,
        count=count,
        held=held,
        flagged=flagged,
        decided=decided,
        already=matched - count - held - flagged - decided,
        seated=seats.count(),
    )


def check(order: Order) -> None:
    """Make sure that an order can be.

    Raises:
        BulkRefused: no such kind (``bad_kind``), a number of reviews that cannot be
            wanted (``bad_reviews_wanted``), or a filter that names every record there
            is (``empty_filter``).
    """
    if order.kind not in KINDS:
        kinds = ", ".join(kind.value for kind in KINDS)
        raise BulkRefused("bad_kind", f"An act is one of {kinds}.")
    number = order.reviews_wanted
    if order.kind == BulkAct.Kind.OVERLAP:
        if number is None or not 2 <= number <= MOST_WANTED:
            raise BulkRefused(
                "bad_reviews_wanted", f"Ask for 2 to {MOST_WANTED} reviews a record."
            )
    elif number is not None:
        raise BulkRefused("bad_reviews_wanted", "Only raising the overlap takes it.")
    if not order.wanted:
        raise BulkRefused(
            "empty_filter", "Filter the records first: this would be all of them."
        )


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
    facts = _changing(found, order).aggregate(n=Count("pk"), last=Max("pk"))
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
    if act.total > AT_ONCE:
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
    return _changing(found, order)


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
    return act.total <= AT_ONCE


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


def _changing(found: FoundRecords, order: Order) -> FoundRecords:
    """Those records of a filter that an order changes."""
    records = found.touchable()
    if order.kind == BulkAct.Kind.EXCLUDE:
        return records.not_excluded()
    if order.kind == BulkAct.Kind.OVERLAP:
        fewer = records.not_excluded().wanting_fewer_than(order.reviews_wanted or 0)
        return fewer.not_decided_by_a_senior()
    if order.sets_decisions_aside:
        return records
    return records.excluded_or_undecided()


def _spared(found: FoundRecords, order: Order) -> FoundRecords:
    """Those that an order would change, had no senior decided them."""
    if order.kind == BulkAct.Kind.EXCLUDE or order.sets_decisions_aside:
        return found.none()
    records = found.touchable().not_excluded().decided_by_a_senior()
    if order.kind == BulkAct.Kind.OVERLAP:
        return records.wanting_fewer_than(order.reviews_wanted or 0)
    return records


def kept_reason(project: Project, typed: str) -> str:
    """Return a reason as it may be kept: it is shown at the desk.

    Raises:
        BulkRefused: none (``no_reason``), one that cannot be made safe (``held_text``)
            or is too long (``long_reason``).
    """
    text = " ".join(typed.split())
    if not text:
        raise BulkRefused("no_reason", "Say in a few words why.")
    safe = made_safe(project, text)
    if safe is None:
        raise BulkRefused(
            "held_text", "The reason holds something that looks like a secret."
        )
    if len(safe) > _LONGEST_REASON:
        raise BulkRefused(
            "long_reason", f"A reason has at most {_LONGEST_REASON} characters."
        )
    return safe
