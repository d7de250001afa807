"""Take a reviewer's answer, a skip, or the wish to take it back.

Answers are append-only: a changed answer supersedes the old row, which stays. An
answer that arrives after its seat expired is kept all the same; work is never thrown
away. Settling happens in the same transaction, so an answer and its consequence
cannot come apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from annotation.models import Claim, Project, Record, Review, Reviewer
from annotation.services import queueing, sanitizing, settling
from netft_site.base.refusals import Refused

UNDO_WITHIN = timedelta(hours=1)


class AnswerRefused(Refused):
    """The answer cannot be taken; the code says why."""


@dataclass(frozen=True)
class Answer:
    """What a reviewer says about one record, as typed."""

    severity: str = ""
    root_cause: str = ""
    response: str = ""
    confidence: int | None = None
    status: str = Review.Status.SUBMITTED
    reason: str = ""
    seconds_spent: int | None = None


@transaction.atomic
def submit(
    *, claim_id: int, reviewer: Reviewer, answer: Answer, now: datetime
) -> Review:
    """Store an answer given from a seat, and settle the record.

    Sending the same form twice returns the first answer.

    Raises:
        AnswerRefused: the seat is somebody else's (``not_yours``), the level or root
            cause is not the project's (``unknown_level``, ``unknown_root_cause``),
            or free text cannot be made safe (``held_text``).
    """
    claim = (
        Claim.objects.select_for_update()
        .select_related("record__project")
        .filter(pk=claim_id, reviewer=reviewer)
        .first()
    )
    if claim is None:
        raise AnswerRefused("not_yours", "This seat belongs to somebody else.")
    record = claim.record
    given = Review.objects.answers().filter(record=record, reviewer=reviewer).first()
    if given is not None:
        return given
    _check(record.project, answer)
    review = _store(record, reviewer, answer, now)
    _leave_seat(claim, answer)
    settling.settle_records(project=record.project, record_ids=[record.pk])
    return review


@transaction.atomic
def undo_last(*, project: Project, reviewer: Reviewer, now: datetime) -> Record | None:
    """Take back the reviewer's last desk answer and seat them at that record again.

    Returns the record, or None when there is nothing to take back within
    ``UNDO_WITHIN``, or the record has been adjudicated since.
    """
    last = (
        Review.objects.answers()
        .from_desk_of(reviewer)
        .filter(record__project=project, submitted_at__gt=now - UNDO_WITHIN)
        .select_related("record")
        .order_by("-id")
        .first()
    )
    if last is None or last.record.verdicts.adjudicated().exists():
        return None
    record = Record.objects.select_for_update().get(pk=last.record_id)
    _withdraw(last, now)
    settling.settle_records(project=project, record_ids=[record.pk])
    _seat_again(record, reviewer, project, now)
    return record


def set_shortcuts(*, reviewer: Reviewer, enabled: bool) -> None:
    """Switch the desk's single-key shortcuts on or off for one person."""
    Reviewer.objects.filter(pk=reviewer.pk).update(shortcuts_enabled=enabled)


def _check(project: Project, answer: Answer) -> None:
    if answer.status == Review.Status.SUBMITTED and (
        answer.severity not in project.scale
    ):
        raise AnswerRefused("unknown_level", "Choose one of the project's levels.")
    if answer.root_cause and answer.root_cause not in project.root_causes:
        raise AnswerRefused("unknown_root_cause", "The project has no such root cause.")


def _store(record: Record, reviewer: Reviewer, answer: Answer, now: datetime) -> Review:
    Review.objects.current().filter(
        record=record, reviewer=reviewer, purpose=Review.Purpose.FIRST, round=1
    ).update(is_current=False)
    submitted = answer.status == Review.Status.SUBMITTED
    review = Review(
        record=record,
        reviewer=reviewer,
        grade=reviewer.grade,
        severity=answer.severity if submitted else "",
        root_cause=answer.root_cause if submitted else "",
        response=_clean(record.project, answer.response),
        confidence=answer.confidence,
        status=answer.status,
        reason=_clean(record.project, answer.reason),
        visible=["title", "body"],
        seconds_spent=answer.seconds_spent,
        guidelines=record.project.guidelines.order_by("-version").first(),
        submitted_at=now,
    )
    review.full_clean(exclude=["visible"])
    review.save()
    return review


def _clean(project: Project, text: str) -> str:
    if not text.strip():
        return ""
    found = sanitizing.sanitizer_for(project).sanitize(text)
    if found.held:
        raise AnswerRefused(
            "held_text",
            "The text holds something that looks like a secret and cannot be made "
            "safe. Leave it out and send again.",
        )
    return found.text


def _leave_seat(claim: Claim, answer: Answer) -> None:
    if claim.state == Claim.State.RELEASED:
        # The lease ran out meanwhile: the answer counts, the seat stays released.
        return
    done = answer.status == Review.Status.SUBMITTED
    claim.state = Claim.State.DONE if done else Claim.State.RELEASED
    claim.save(update_fields=["state"])


def _withdraw(last: Review, now: datetime) -> None:
    Review.objects.filter(pk=last.pk).update(is_current=False)
    Review.objects.create(
        record=last.record,
        reviewer=last.reviewer,
        grade=last.grade,
        purpose=last.purpose,
        round=last.round,
        status=Review.Status.WITHDRAWN,
        submitted_at=now,
    )


def _seat_again(
    record: Record, reviewer: Reviewer, project: Project, now: datetime
) -> None:
    until = now + timedelta(minutes=project.lease_minutes)
    mine = Claim.objects.filter(record=record, reviewer=reviewer)
    if mine.filter(state=Claim.State.DONE).update(
        state=Claim.State.OPEN, expires_at=until
    ):
        return
    slot = queueing.next_slot(record)
    if slot is not None:
        Claim.objects.create(
            record=record,
            reviewer=reviewer,
            slot=slot,
            opened_at=now,
            expires_at=until,
        )
