"""Seats at records: held while their page is open, given back, freed when they run out.

Who is served which record, and sits down there, is `annotation.services.queueing`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Subquery

from annotation.domain.seats import free_slot
from annotation.models import (
    Claim,
    Draft,
    Guidelines,
    Project,
    Record,
    Review,
    Reviewer,
)
from annotation.models.review import Purpose
from annotation.querysets.reviews import ClaimQuerySet
from annotation.services.answers import AnswerRefused
from netft_site.base.compiled import CompiledQuery

LEAVE_GRACE = timedelta(seconds=60)
"""How long a seat outlives its page: a reload must find it again."""


def open_seat(*, project: Project, reviewer: Reviewer) -> Claim | None:
    """Return the seat this reviewer holds in the project, without renewing it."""
    claim = _OPEN_SEAT.first(reviewer=reviewer.pk, project=project.pk)
    if claim is not None:
        claim.project = claim.record.project = project
        claim.reviewer = reviewer
    return claim


def seat_of(*, text: str, project: Project, reviewer: Reviewer) -> Claim | None:
    """Return the reviewer's seat that a form names, open or not."""
    if not text.isdecimal() or len(text) > 18:
        return None
    rows = Claim.objects.filter(pk=int(text), reviewer=reviewer, project=project)
    claim = rows.select_related("record").first()
    if claim is not None:
        claim.project = claim.record.project = project
        claim.reviewer = reviewer
    return claim


def locked(
    *, claim_id: int, reviewer: Reviewer, project: Project | None = None
) -> Claim:
    """Return a reviewer's seat, open or not, locked with its record for an answer.

    It comes with ``guidelines_id``, those in force when it was served, and
    ``has_draft``. Raises:
        AnswerRefused: ``not_yours``: somebody else's, or in another ``project``.
    """
    claim = _LOCKED.first(claim_id=claim_id, reviewer=reviewer.pk)
    if claim is None or (project is not None and claim.project_id != project.pk):
        raise AnswerRefused("not_yours", "This seat belongs to somebody else.")
    claim.project = claim.record.project = project or claim.project
    claim.reviewer = reviewer
    return claim


def renew(
    *,
    claim_id: int,
    reviewer: Reviewer,
    now: datetime,
    project: Project | None = None,
) -> datetime | None:
    """Extend an open seat; return its new expiry, or None when it is gone.

    One whose record has left the queue is not extended: `is_taken_away` tells. Here and
    below, a seat in another project than the one given is none.
    """
    own = _own(claim_id, reviewer, project)
    held = own.exclude(record__state__in=Record.OUT_OF_REACH)
    claim = held.select_related("project").first()
    if claim is None:
        return None
    until = now + lease(claim.project)
    return until if own.update(expires_at=until) else None


def is_taken_away(*, claim_id: int, reviewer: Reviewer, project: Project) -> bool:
    """Whether the record of a reviewer's seat has left the queue meanwhile."""
    mine = Claim.objects.filter(pk=claim_id, reviewer=reviewer, project=project)
    return mine.filter(record__state__in=Record.OUT_OF_REACH).exists()


def leave_soon(
    *,
    claim_id: int,
    reviewer: Reviewer,
    now: datetime,
    project: Project | None = None,
) -> bool:
    """Let a seat run out in a minute, because its page was closed or reloaded."""
    until = now + LEAVE_GRACE
    own = _own(claim_id, reviewer, project)
    return bool(own.expiring_after(until).update(expires_at=until))


def release(
    *, claim_id: int, reviewer: Reviewer, project: Project | None = None
) -> bool:
    """Give a seat back without an answer; False when it was gone already."""
    own = _own(claim_id, reviewer, project)
    return bool(own.update(state=Claim.State.RELEASED))


def release_all(*, project: Project, reviewer: Reviewer) -> int:
    """Give back every seat that this reviewer holds in the project."""
    held = Claim.objects.filter(
        reviewer=reviewer, project=project, state=Claim.State.OPEN
    )
    return held.update(state=Claim.State.RELEASED)


@transaction.atomic
def release_expired(*, now: datetime) -> int:
    """Free every seat whose lease ran out; return how many.

    One that somebody is answering from, or freeing, at this moment is left to them:
    waited for, two who hold a seat that the other wants would never end.
    """
    over = Claim.objects.expired(now)
    if connection.features.has_select_for_update_skip_locked:
        free = over.order_by("pk").select_for_update(skip_locked=True)
        over = Claim.objects.filter(pk__in=free.values("pk"))
    return over.update(state=Claim.State.RELEASED)


def next_slot(record: Record) -> int | None:
    """Return the free slot of a record whose row the caller has locked."""
    live = list(
        Claim.objects.live()
        .filter(record=record, purpose=Purpose.FIRST)
        .values_list("slot", "reviewer_id")
    )
    return free_slot_of(record, {slot for slot, _ in live}, {who for _, who in live})


def lease(project: Project) -> timedelta:
    """How long a seat of the project is kept without a sign of life."""
    return timedelta(minutes=project.lease_minutes)


def resume(*, project: Project, reviewer: Reviewer, now: datetime) -> Claim | None:
    """Renew the seat this reviewer holds; give back one whose record is gone."""
    claim = open_seat(project=project, reviewer=reviewer)
    if claim is None:
        return None
    if claim.record.state in Record.OUT_OF_REACH:
        release(claim_id=claim.pk, reviewer=reviewer)
        return None
    # An expired seat that nobody took is still this reviewer's.
    claim.expires_at = now + lease(project)
    held = _own(claim.pk, reviewer).update(expires_at=claim.expires_at)
    return claim if held else None


def free_slot_of(
    record: Record, slots: set[int | None], seated: set[int]
) -> int | None:
    """Return the lowest free slot; answers without a seat use slots up, too."""
    answers = _SEATLESS.rows(record=record.pk)
    seatless = {review.reviewer_id for review in answers} - seated
    taken = {slot for slot in slots if slot is not None}
    return free_slot(record.reviews_wanted, taken, len(seatless))


_SEATLESS = CompiledQuery(
    lambda record: Review.objects.settling().filter(record=record), record=int
)
_OPEN_SEAT = CompiledQuery(
    lambda reviewer, project: Claim.objects.filter(
        reviewer=reviewer, project=project, state=Claim.State.OPEN
    ).select_related("record")[:1],
    reviewer=int,
    project=int,
)


def _locked_seat(claim_id: int, reviewer: int) -> ClaimQuerySet:
    # Those in force when the ticket was served: newer ones were not in view.
    newest = Guidelines.objects.filter(
        project=OuterRef("project"), created_at__lte=OuterRef("opened_at")
    ).order_by("-version")
    typed = Draft.objects.filter(
        record=OuterRef("record"),
        reviewer=OuterRef("reviewer"),
        claim__purpose=OuterRef("purpose"),
        claim__round=OuterRef("round"),
    )
    claims: ClaimQuerySet = (
        Claim.objects.filter(pk=claim_id, reviewer=reviewer)
        .select_related("record")
        .annotate(
            guidelines_id=Subquery(newest.values("pk")[:1]), has_draft=Exists(typed)
        )
    )
    # SQLite has one writer at a time and needs no row lock. The record comes first, as
    # everywhere; the seat is locked too, because of a row that is not, PostgreSQL gives
    # what stood there before it waited for the other.
    if connection.features.has_select_for_update_of:
        return claims.select_for_update(of=("record", "self"))
    return claims


_LOCKED = CompiledQuery(_locked_seat, claim_id=int, reviewer=int)


def _own(
    claim_id: int, reviewer: Reviewer, project: Project | None = None
) -> ClaimQuerySet:
    own = Claim.objects.filter(pk=claim_id, reviewer=reviewer, state=Claim.State.OPEN)
    return own if project is None else own.filter(project=project)
