"""Undo at the label desk: the last answer is withdrawn and its seat given again."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from annotation.models import Claim, Project, Record, Review, Reviewer
from annotation.models.review import Purpose
from annotation.querysets.reviews import ClaimQuerySet
from annotation.services import seating, settling
from netft_site.base.refusals import Refused

UNDO_WITHIN = timedelta(hours=1)


class UndoRefused(Refused):
    """The answer cannot be taken back any more."""


def undoable(*, project: Project, reviewer: Reviewer, now: datetime) -> Review | None:
    """Return the answer that an undo would take back, if there is one."""
    return (
        Review.objects.answers()
        .typed_by(reviewer)
        .filter(record__project=project, submitted_at__gt=now - UNDO_WITHIN)
        .select_related("record")
        .order_by("-id")
        .first()
    )


@transaction.atomic
def undo_last(
    *, project: Project, reviewer: Reviewer, now: datetime, only: int | None = None
) -> Record | None:
    """Take back the reviewer's last answer and seat them at that record again.

    Another seat that they hold in the project is given back, unless somebody else has
    taken the last seat of that record meanwhile. With ``only`` nothing happens unless
    the last answer is that one: asked twice, it is taken back once. Returns the record,
    or None when there is nothing to take back within ``UNDO_WITHIN``.

    Raises:
        UndoRefused: ``decided``: a senior has decided the record since.
    """
    last = undoable(project=project, reviewer=reviewer, now=now)
    if last is None or only not in (None, last.pk):
        return None
    record = Record.objects.select_for_update().get(pk=last.record_id)
    is_first = last.purpose == Purpose.FIRST
    if is_first and record.verdicts.adjudicated().exists():
        raise UndoRefused(
            "decided", f"A senior has decided {record} since; your answer stands."
        )
    if not Review.objects.current().filter(pk=last.pk).exists():
        # Another tab has taken it back between the look and the lock.
        return None
    _withdraw(last, now)
    if last.purpose not in (Purpose.GOLD, Purpose.REPEAT):
        settling.settle_records(project=project, record_ids=[record.pk])
    if record.state in Record.OUT_OF_REACH:
        # The slot is somebody's again, should the record come back.
        _seats(last).filter(state=Claim.State.DONE).update(state=Claim.State.RELEASED)
    else:
        _seat_again(record, last, project, now)
    return record


def _withdraw(last: Review, now: datetime) -> None:
    Review.objects.filter(pk=last.pk).update(is_current=False)
    Review.objects.create(
        record=last.record,
        reviewer=last.reviewer,
        grade=last.grade,
        purpose=last.purpose,
        round=last.round,
        status=Review.Status.WITHDRAWN,
        source=last.source,
        submitted_at=now,
    )


def _seats(last: Review) -> ClaimQuerySet:
    """The seats from which its reviewer could have given this answer."""
    return Claim.objects.filter(
        record=last.record_id,
        reviewer=last.reviewer_id,
        purpose=last.purpose,
        round=last.round,
    )


def _seat_again(record: Record, last: Review, project: Project, now: datetime) -> None:
    """Give the seat back from which the answer came, or another free one."""
    reviewer = last.reviewer
    mine = _seats(last).order_by("-id")
    old = mine.filter(state=Claim.State.DONE).first() or mine.first()
    slot = _slot(record, old, last.purpose)
    if slot is None and last.purpose == Purpose.FIRST:
        return
    # The desk shows one seat: that of the record taken back.
    seating.release_all(project=project, reviewer=reviewer)
    until = now + seating.lease(project)
    if old is not None:
        # What was shown from this seat, and the severity given before, stay with it.
        mine.filter(pk=old.pk).update(
            state=Claim.State.OPEN, slot=slot, expires_at=until
        )
        return
    Claim.objects.create(
        record=record,
        reviewer=reviewer,
        project=project,
        slot=slot,
        purpose=last.purpose,
        round=last.round,
        opened_at=now,
        expires_at=until,
    )


def _slot(record: Record, old: Claim | None, purpose: str) -> int | None:
    if purpose != Purpose.FIRST:
        return None
    if old is not None and old.state == Claim.State.DONE:
        return old.slot
    return seating.next_slot(record)
