"""Serve each reviewer one record at a time.

A claim is a seat at a record, unique in the database: two people never hold the same
seat, one person never holds two in a project. A seat is kept while the page is open and
heartbeats arrive; an expired seat is freed by whoever needs it next, or by the sweep.
Nobody is served a record they have answered, skipped or worked on. An answer that
settles nothing uses no seat up: somebody else has yet to give one that does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

from django.db import connection, transaction

from annotation.domain.priority import told_at_the_desk
from annotation.domain.queue import ANYTHING, WISH_KINDS, Door, Shares, Wish, door
from annotation.models import Claim, Project, Record, Reviewer
from annotation.models.review import Purpose, Sampling
from annotation.querysets.queue import BY_LOT, BY_PRIORITY, SHORT_LISTS
from annotation.querysets.records import RecordQuerySet
from annotation.services import seating, seen
from netft_site.base.compiled import CompiledQuery
from netft_site.base.compiled_writes import CompiledInsert

TRIES = 30
"""Records looked at before the queue counts as empty; each may fill up meanwhile."""

PLAN_SECONDS = 10
"""How long the plan for the next record may be kept while the tables grow."""


@transaction.atomic
def claim_next(
    *,
    project: Project,
    reviewer: Reviewer,
    now: datetime,
    draw: float = 1.0,
    wish: Wish = ANYTHING,
) -> Claim | None:
    """Return the reviewer's open seat, or take one at the next record.

    ``draw`` is uniform in [0, 1) and decides whether the record comes by priority, in
    random order, from the gold records or from the reviewer's own old ones; 1 means by
    priority. ``wish`` narrows them all, and with one nothing is drawn at random: what
    somebody chose tells nothing of the whole. None means that nothing is left for
    this reviewer now; `waiting.queue_state` says why.
    """
    current = seating.resume(project=project, reviewer=reviewer, now=now)
    if current is not None:
        return current
    return take_next(project=project, reviewer=reviewer, now=now, draw=draw, wish=wish)


def take_next(
    *, project: Project, reviewer: Reviewer, now: datetime, draw: float, wish: Wish
) -> Claim | None:
    """As `claim_next`, for a reviewer without a seat and in a caller's transaction."""
    if project.paused_at is not None:
        return None
    search = _Search(project, reviewer, now, wish)
    way = _door(project, draw)
    if wish and way is Door.RANDOM:
        way = Door.PRIORITY
    return search.through(way) or search.through(Door.PRIORITY)


class _Search:
    """One reviewer's search for a seat in one project."""

    def __init__(
        self, project: Project, reviewer: Reviewer, now: datetime, wish: Wish
    ) -> None:
        self._project = project
        self._reviewer = reviewer
        self._now = now
        self._wish = wish

    def through(self, way: Door) -> Claim | None:
        """Sit down at the first record that this way leads to, if there is one."""
        if way is Door.GOLD:
            return self._apart(Purpose.GOLD)
        if way is Door.REPEAT:
            days = self._project.repeat_after_days
            return self._apart(Purpose.REPEAT, before=self._now - timedelta(days=days))
        return self._first(way)

    def _first(self, way: Door) -> Claim | None:
        """Take a slot at the first record that nobody else is sitting down at."""
        sampling = Sampling.RANDOM if way is Door.RANDOM else Sampling.PRIORITY
        full: list[int] = []
        for _ in range(TRIES):
            record = self._next(way, full)
            if record is None:
                return None
            seats = _SEATS.rows(record=record.pk, reviewer=self._reviewer.pk)
            slot = self._slot(record, seats)
            if slot is not None:
                before = self._seen_before(record, seats, Purpose.FIRST)
                claim = self._sit(record, slot, sampling=sampling, **before)
                if claim is not None:
                    return claim
            # It filled up between the look and the lock; that it left the queue would
            # have been seen while it was locked.
            full.append(record.pk)
        return None

    def _next(self, way: Door, full: Sequence[int] = ()) -> Record | None:
        """Return the next servable record other than those in ``full``, locked."""
        given = {
            "project": self._project.pk,
            "reviewer": self._reviewer.pk,
            "now": self._now,
            **self._wish.as_lookups(),
            **{_full(n): pk for n, pk in enumerate(full)},
        }
        for among in (*SHORT_LISTS, None):
            query = next_servable(way, self._wish.shape, among, len(full))
            found = query.first(**given)
            if found is not None:
                return found
        return None

    def _slot(self, record: Record, seats: list[Claim]) -> int | None:
        """Return a free slot, once the seats that ran out are given back."""
        over = [claim.pk for claim in seats if claim.is_over(self._now)]
        if over:
            ended = Claim.objects.expired(self._now).filter(pk__in=over)
            if ended.update(state=Claim.State.RELEASED) < len(over):
                # Its holder came back and renewed it between the look and now.
                return None
        live = [
            claim
            for claim in seats
            if claim.is_live and claim.slot is not None and claim.pk not in over
        ]
        slots = {claim.slot for claim in live}
        return seating.free_slot_of(
            record, slots, {claim.reviewer_id for claim in live}
        )

    def _seen_before(
        self, record: Record, seats: list[Claim], purpose: Purpose
    ) -> dict[str, Any]:
        """What this person has seen of the record from seats they gave back."""
        mine = (
            claim
            for claim in seats
            if claim.reviewer_id == self._reviewer.pk and claim.round == record.round
        )
        return seen.seen_from(mine, purpose=purpose)

    def _suggests(self, record: Record) -> bool:
        """Whether the desk will show a model's suggestion from this seat."""
        return self._project.shows_suggestions and record.suggestions.exists()

    def _apart(self, purpose: Purpose, **more: Any) -> Claim | None:
        """Sit down at a settled record, for a look that takes nobody's slot."""
        # One that does not fit what was wished for would be known as a test.
        record = settled_for(purpose, self._wish.shape).first(
            project=self._project.pk,
            reviewer=self._reviewer.pk,
            **self._wish.as_lookups(),
            **more,
        )
        if record is None:
            return None
        seats = _SEATS.rows(record=record.pk, reviewer=self._reviewer.pk)
        before = self._seen_before(record, seats, purpose)
        return self._sit(record, None, purpose=purpose, **before)

    def _sit(self, record: Record, slot: int | None, **how: Any) -> Claim | None:
        how.setdefault("suggested", self._suggests(record))
        claim = Claim(
            record=record,
            reviewer=self._reviewer,
            project=self._project,
            slot=slot,
            round=record.round,
            because=self._because(record, how),
            opened_at=self._now,
            expires_at=self._now + seating.lease(self._project),
            **how,
        )
        if not _NEW.store_unless_taken(claim):
            # The same person sat down in another tab a moment ago: that is the seat.
            return seating.resume(
                project=self._project, reviewer=self._reviewer, now=self._now
            )
        record.project = self._project
        return claim

    def _because(self, record: Record, how: dict[str, Any]) -> str:
        """Why the record is served; gold and repeats look like any other."""
        if how.get("sampling") == Sampling.RANDOM:
            return "random sample"
        if "purpose" in how:
            return self._usual(record)
        return told_at_the_desk(record.queued_because)

    def _usual(self, record: Record) -> str:
        """The reason that the next ordinary record would be served with."""
        drawn = record.lot % 1000 < self._project.random_share * 1000
        if drawn and not self._wish:
            return "random sample"
        usual = self._next(Door.PRIORITY)
        return told_at_the_desk(usual.queued_because) if usual else "oldest"


def _door(project: Project, draw: float) -> Door:
    shares = Shares(
        gold=project.gold_share,
        repeat=project.repeat_share,
        random=project.random_share,
    )
    return door(draw, shares)


@cache
def next_servable(
    way: Door, wished: tuple[str, ...], among: int | None, full: int = 0
) -> CompiledQuery[Record]:
    """Return the query for the next record by a way, for wishes of these columns.

    It looks at the first few that the reviewer may label, ``among`` so many, or at all,
    and passes over as many records as turned out to be ``full``.
    """
    given = {name: WISH_KINDS[name] for name in wished}
    given |= {_full(n): int for n in range(full)}
    kinds = {"project": int, "reviewer": int, "now": datetime}
    build = partial(_servable, way, among, full)
    return CompiledQuery(build, plan_seconds=PLAN_SECONDS, **kinds, **given)


@cache
def settled_for(purpose: Purpose, wished: tuple[str, ...]) -> CompiledQuery[Record]:
    """Return the query for the next gold record, or for an own old one to repeat."""
    kinds: dict[str, type] = {"project": int, "reviewer": int}
    if purpose == Purpose.REPEAT:
        kinds["before"] = datetime
    kinds |= {name: WISH_KINDS[name] for name in wished}
    build = _repeatable if purpose == Purpose.REPEAT else _gold
    return CompiledQuery(build, plan_seconds=PLAN_SECONDS, **kinds)


def _full(number: int) -> str:
    """Name the value for one of the records that are passed over."""
    return f"full_{number}"


def _servable(
    way: Door,
    among: int | None,
    full: int,
    *,
    project: int,
    reviewer: int,
    now: datetime,
    **more: Any,
) -> RecordQuerySet:
    """Servable records in the order of a way, locked, less those others lock."""
    passed_over = [more.pop(_full(number)) for number in range(full)]
    records = Record.objects.filter(project=project, **more)
    if passed_over:
        records = records.exclude(pk__in=passed_over)
    order = BY_LOT if way is Door.RANDOM else BY_PRIORITY
    if among is None:
        first = records.servable_to(reviewer, now).order_by(*order)
    else:
        first = records.next_for(reviewer, now, *order, among=among)
    # SQLite has one writer at a time and needs no row lock.
    if connection.features.has_select_for_update_skip_locked:
        first = first.select_for_update(skip_locked=True, of=("self",))
    return first[:1]


def _gold(*, reviewer: int, **more: Any) -> RecordQuerySet:
    return Record.objects.filter(**more).gold_for(reviewer)[:1]


def _repeatable(*, reviewer: int, before: datetime, **more: Any) -> RecordQuerySet:
    return Record.objects.filter(**more).repeatable_by(reviewer, before)[:1]


_NEW = CompiledInsert(Claim)
_SEATS = CompiledQuery(
    lambda record, reviewer: Claim.objects.live_or_of(reviewer).filter(record=record),
    record=int,
    reviewer=int,
)
