"""Undo at the label desk: the last answer is withdrawn and its seat given again.

The seat is a new one, with all that was shown from the old. So what is still under way
from the old one, an answer that is sent again over a bad line, is known to be older
than the undo, and does not undo it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from annotation.models import Claim, Project, Record, Review, Reviewer
from annotation.models.review import Purpose
from annotation.querysets.reviews import ClaimQuerySet
from annotation.services import seating, settling
from netft_site.base.compiled_writes import CompiledInsert
from netft_site.base.refusals import Refused

TRIES = 5
"""Seats taken in other tabs, one after the other, that an undo gives back."""

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
    """Give a seat like the one from which the answer came, if there is a free one."""
    mine = _seats(last).order_by("-id")
    old = mine.filter(state=Claim.State.DONE).first() or mine.first()
    slot = _slot(record, old, last.purpose)
    if slot is None and last.purpose == Purpose.FIRST:
        return
    mine.live().update(state=Claim.State.RELEASED)
    # What was shown from the old seat, and the severity given before, stay with it.
    claim = old or Claim(purpose=last.purpose, round=last.round, opened_at=now)
    claim.record, claim.reviewer, claim.project = record, last.reviewer, project
    claim.state, claim.slot = Claim.State.OPEN, slot
    claim.expires_at = now + seating.lease(project)
    for _ in range(TRIES):
        # The desk shows one seat: that of the record taken back. Another tab may be
        # taking one at this moment, which is waited for and given back, too.
        seating.release_all(project=project, reviewer=last.reviewer)
        if _NEW.store_unless_taken(claim):
            return


def _slot(record: Record, old: Claim | None, purpose: str) -> int | None:
    if purpose != Purpose.FIRST:
        return None
    if old is not None and old.state == Claim.State.DONE:
        return old.slot
    return seating.next_slot(record)


_NEW = CompiledInsert(Claim)
