"""Take a reviewer's answer, a skip, or the wish to take it back.

Answers are append-only: a changed answer supersedes the old row, which stays. An
answer that arrives after its seat expired is kept all the same; work is never thrown
away. Settling happens in the same transaction, so an answer and its consequence
cannot come apart.

An answer is independent only if its reviewer cannot have seen what others said of the
record: neither in the lists that some roles may read nor on the adjudication page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction

from annotation.domain.scale import Grade
from annotation.models import Claim, Project, Record, Review, Reviewer, Verdict
from annotation.services import queueing, sanitizing, settling
from annotation.services.known_secrets import without_known_secrets
from netft_site.base.refusals import Refused

UNDO_WITHIN = timedelta(hours=1)
READS_ANSWERS = ("annotation.view_review", "annotation.view_verdict")


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
        AnswerRefused: somebody else's seat (``not_yours``), answered otherwise before
            (``answered``), not the project's words (``unknown_level``,
            ``unknown_root_cause``), or text that cannot be made safe (``held_text``).
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
        return _same(given, record.project, answer)
    _check(record.project, answer)
    review = _store(record, reviewer, answer, now)
    _leave_seat(claim, review)
    settling.settle_records(project=record.project, record_ids=[record.pk])
    return review


@transaction.atomic
def undo_last(*, project: Project, reviewer: Reviewer, now: datetime) -> Record | None:
    """Take back the reviewer's last desk answer and seat them at that record again.

    Another seat that they hold in the project is given back, unless somebody else has
    taken the last seat of that record meanwhile. Returns the record, or None when
    there is nothing to take back within ``UNDO_WITHIN``, or the record has been
    adjudicated since.
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


def may_read_answers(*, user: User | AnonymousUser, project: Project) -> bool:
    """Whether a person's role lets them read what others answered in the project."""
    return any(user.has_perm(permission, project) for permission in READS_ANSWERS)


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


def _same(given: Review, project: Project, answer: Answer) -> Review:
    said = _said(project, answer)
    if any(getattr(given, name) != value for name, value in said.items()):
        raise AnswerRefused(
            "answered", "You have answered this ticket already. Use Undo to change it."
        )
    return given


def _said(project: Project, answer: Answer) -> dict[str, Any]:
    """Return the answer as its row holds it."""
    submitted = answer.status == Review.Status.SUBMITTED
    return {
        "severity": answer.severity if submitted else "",
        "root_cause": answer.root_cause if submitted else "",
        "response": _clean(project, answer.response),
        "confidence": answer.confidence,
        "status": answer.status,
        "reason": _clean(project, answer.reason),
    }


def _store(record: Record, reviewer: Reviewer, answer: Answer, now: datetime) -> Review:
    Review.objects.current().filter(
        record=record, reviewer=reviewer, purpose=Review.Purpose.FIRST, round=1
    ).update(is_current=False)
    review = Review(
        **_said(record.project, answer),
        record=record,
        reviewer=reviewer,
        grade=reviewer.grade,
        independent=_is_independent(record, reviewer),
        visible=["title", "body"],
        seconds_spent=answer.seconds_spent,
        guidelines=record.project.guidelines.order_by("-version").first(),
        submitted_at=now,
    )
    review.full_clean(exclude=["visible"])
    review.save()
    return review


def _is_independent(record: Record, reviewer: Reviewer) -> bool:
    if not _answered_by_others(record, reviewer):
        return True
    user = reviewer.user
    if user is not None and may_read_answers(user=user, project=record.project):
        return False
    return Grade(reviewer.grade) < Grade.SENIOR or not _may_have_adjudicated(
        record, reviewer
    )


def _answered_by_others(record: Record, reviewer: Reviewer) -> bool:
    """Whether a person has spoken; the lists show what was taken back, too."""
    others = Review.objects.by_people().filter(record=record)
    if others.exclude(reviewer=reviewer).exists():
        return True
    decided = Verdict.objects.current().filter(record=record)
    return decided.exclude(method=Verdict.Method.SINGLE_SOURCE).exists()


def _may_have_adjudicated(record: Record, senior: Reviewer) -> bool:
    """Whether the adjudication page can have shown the record to this senior.

    It does once all answers are in: after their own, since taken back, or while they
    sat at the record longer than their seat lasted.
    """
    if record.state != Record.State.OPEN:
        return True
    withdrawn = Review.objects.filter(status=Review.Status.WITHDRAWN)
    return withdrawn.filter(record=record, reviewer=senior).exists()


def _clean(project: Project, text: str) -> str:
    if not text.strip():
        return ""
    safe = without_known_secrets(project, text)
    found = sanitizing.sanitizer_for(project).sanitize(safe)
    if found.held:
        raise AnswerRefused(
            "held_text",
            "The text holds something that looks like a secret and cannot be made "
            "safe. Leave it out and send again.",
        )
    return found.text


def _leave_seat(claim: Claim, review: Review) -> None:
    if claim.state == Claim.State.RELEASED:
        # The lease ran out meanwhile: the answer counts, the seat stays released.
        return
    # Only an answer that counts uses the seat up; else somebody has yet to give one.
    counts = review.status == Review.Status.SUBMITTED and review.independent
    claim.state = Claim.State.DONE if counts else Claim.State.RELEASED
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
    mine = Claim.objects.filter(record=record, reviewer=reviewer)
    done = mine.filter(state=Claim.State.DONE).first()
    slot = done.slot if done else queueing.next_slot(record)
    if slot is None:
        return
    # The desk shows one seat: that of the record taken back.
    queueing.release_all(project=project, reviewer=reviewer)
    until = now + timedelta(minutes=project.lease_minutes)
    if done is not None:
        mine.filter(pk=done.pk).update(state=Claim.State.OPEN, expires_at=until)
        return
    Claim.objects.create(
        record=record, reviewer=reviewer, slot=slot, opened_at=now, expires_at=until
    )
