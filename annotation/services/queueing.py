"""Serve each reviewer one record at a time.

A claim is a seat at a record, unique in the database: two people never hold the same
seat, and one person never holds two at one record. A seat is kept while the page is
open and heartbeats arrive; an expired seat is freed by whoever needs it next, or by
the sweep. Nobody is served a record they have answered, skipped or worked on. An answer
that is not independent uses no seat up: somebody else has yet to give one that counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from annotation.domain.seats import free_slot
from annotation.models import Claim, Project, Record, Review, Reviewer
from annotation.querysets.records import RecordQuerySet
from annotation.querysets.reviews import ClaimQuerySet

CANDIDATES = 25


@dataclass(frozen=True)
class QueueState:
    """Why a reviewer's queue looks as it does; counts are records."""

    servable: int
    seated_elsewhere: int
    answered: int
    held: int
    contested: int


@transaction.atomic
def claim_next(*, project: Project, reviewer: Reviewer, now: datetime) -> Claim | None:
    """Return the reviewer's open seat, or take one at the next record.

    None means that nothing is left for this reviewer now; `queue_state` says why.
    """
    current = _resume(project, reviewer, now)
    if current is not None:
        return current
    candidates = _servable(project, reviewer, now).by_priority()[:CANDIDATES]
    for record_id in candidates.values_list("id", flat=True):
        claim = _take_seat(record_id, reviewer, project, now)
        if claim is not None:
            return claim
    return None


def open_seat(*, project: Project, reviewer: Reviewer) -> Claim | None:
    """Return the seat this reviewer holds in the project, without renewing it."""
    return (
        Claim.objects.filter(
            reviewer=reviewer, record__project=project, state=Claim.State.OPEN
        )
        .select_related("record__project")
        .order_by("id")
        .first()
    )


def answered_count(*, project: Project, reviewer: Reviewer) -> int:
    """Return how many labels of this reviewer stand in the project."""
    return (
        Review.objects.current()
        .submitted()
        .filter(reviewer=reviewer, record__project=project)
        .count()
    )


def renew(*, claim_id: int, reviewer: Reviewer, now: datetime) -> datetime | None:
    """Extend an open seat; return its new expiry, or None when it is gone."""
    claim = _own(claim_id, reviewer).select_related("record__project").first()
    if claim is None:
        return None
    until = now + _lease(claim.record.project)
    updated = _own(claim_id, reviewer).update(expires_at=until)
    return until if updated else None


def release(*, claim_id: int, reviewer: Reviewer) -> bool:
    """Give a seat back without an answer; False when it was gone already."""
    return bool(_own(claim_id, reviewer).update(state=Claim.State.RELEASED))


def release_all(*, project: Project, reviewer: Reviewer) -> None:
    """Give back every seat that this reviewer holds in the project."""
    Claim.objects.filter(
        reviewer=reviewer, record__project=project, state=Claim.State.OPEN
    ).update(state=Claim.State.RELEASED)


def release_expired(*, now: datetime) -> int:
    """Free every seat whose lease ran out; return how many."""
    return Claim.objects.expired(now).update(state=Claim.State.RELEASED)


def queue_state(*, project: Project, reviewer: Reviewer, now: datetime) -> QueueState:
    """Count what is, and is not, there for this reviewer."""
    records = Record.objects.of(project)
    return QueueState(
        servable=_servable(project, reviewer, now).count(),
        seated_elsewhere=records.open().without_answer_by(reviewer).full(now).count(),
        answered=records.answered_by(reviewer).count(),
        held=records.held().count(),
        contested=records.contested().count(),
    )


def _servable(project: Project, reviewer: Reviewer, now: datetime) -> RecordQuerySet:
    """Open records this reviewer may label blind that want one more counting answer."""
    told = (
        Review.objects.current()
        .submitted()
        .by_people()
        .filter(record=OuterRef("pk"), purpose=Review.Purpose.FIRST, independent=False)
    )
    uncounted = told.order_by().values("record").annotate(n=Count("pk")).values("n")
    return (
        Record.objects.of(project)
        .open()
        .without_answer_by(reviewer)
        .not_worked_by(reviewer)
        .with_seats_taken(now)
        .annotate(uncounted=Coalesce(Subquery(uncounted), 0))
        .filter(Q(seats_taken__lt=F("reviews_wanted") + F("uncounted")))
    )


def _resume(project: Project, reviewer: Reviewer, now: datetime) -> Claim | None:
    claim = open_seat(project=project, reviewer=reviewer)
    if claim is None:
        return None
    # An expired seat that nobody took is still this reviewer's.
    claim.expires_at = now + _lease(project)
    claim.save(update_fields=["expires_at"])
    return claim


def _take_seat(
    record_id: int, reviewer: Reviewer, project: Project, now: datetime
) -> Claim | None:
    record = _lock(record_id)
    if record is None:
        return None
    Claim.objects.expired(now).filter(record=record).update(state=Claim.State.RELEASED)
    slot = next_slot(record)
    if slot is None:
        return None
    try:
        with transaction.atomic():
            return Claim.objects.create(
                record=record,
                reviewer=reviewer,
                slot=slot,
                opened_at=now,
                expires_at=now + _lease(project),
            )
    except IntegrityError:
        # Somebody sat down between the look and the step; try the next record.
        return None


def next_slot(record: Record) -> int | None:
    """Return the free slot of a record whose row the caller has locked."""
    live = list(
        Claim.objects.live()
        .filter(record=record)
        .values_list("slot", "reviewer_id", "state")
    )
    seated = {reviewer for _, reviewer, _ in live}
    seatless = (
        Review.objects.independent_first_pass()
        .filter(record=record)
        .exclude(reviewer__in=seated)
        .count()
    )
    return free_slot(record.reviews_wanted, {slot for slot, _, _ in live}, seatless)


def _lock(record_id: int) -> Record | None:
    records = Record.objects.open().filter(pk=record_id)
    # SQLite has one writer at a time and needs no row lock.
    if connection.features.has_select_for_update_skip_locked:
        records = records.select_for_update(skip_locked=True)
    return records.first()


def _own(claim_id: int, reviewer: Reviewer) -> ClaimQuerySet:
    return Claim.objects.filter(pk=claim_id, reviewer=reviewer, state=Claim.State.OPEN)


def _lease(project: Project) -> timedelta:
    return timedelta(minutes=project.lease_minutes)
