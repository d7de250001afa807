"""Take a reviewer's answer or a skip, and show them what came later.

Answers are append-only: a changed answer supersedes the old row, which stays. An
answer that arrives after its seat expired, or after its record was excluded, is kept
all the same; work is never thrown away. Settling happens in the same transaction, so
an answer and its consequence cannot come apart.

What an answer may say is `annotation.services.answers`'; whether it is independent is
judged by `annotation.services.independence`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from annotation.models import (
    Claim,
    Project,
    Record,
    Review,
    Reviewer,
)
from annotation.models.review import Purpose
from annotation.querysets.reviews import ReviewQuerySet
from annotation.services import drafting, seating, seen, settling
from annotation.services.answers import (
    Answer,
    AnswerRefused,
    AnswerTakenBack,
    as_locked,
    check,
    said,
    same,
)
from annotation.services.independence import is_independent
from netft_site.base.compiled import CompiledQuery
from netft_site.base.compiled_writes import CompiledInsert, CompiledUpdate

OPENING = (
    "title", "body", "kind", "category", "vendor", "device_type", "site", "opened_at",
    "because",
)  # fmt: skip
"""What every seat shows, each where it has a value; `because` is why it was served."""
LATER = ("thread", "resolution")


@dataclass(frozen=True)
class Stored:
    """An answer that stands, and whether its reviewer is known to hold no seat now."""

    review: Review
    seatless: bool


@transaction.atomic
def submit(
    *,
    claim_id: int,
    reviewer: Reviewer,
    answer: Answer,
    now: datetime,
    project: Project | None = None,
) -> Review:
    """Store an answer given from a seat, and settle the record.

    Sending the same form twice returns the first answer. With ``project``, a seat in
    another one counts as somebody else's.

    Raises:
        AnswerRefused: somebody else's seat (``not_yours``), answered otherwise before
            (`AnsweredOtherwise`), not the project's words (``unknown_level``,
            ``unknown_root_cause``, ``bad_confidence``), too long (``too_long``),
            another severity than the one given before what came later was shown
            (``severity_stands``), taken back before it was sent again
            (`AnswerTakenBack`), or text that cannot be made safe (``held_text``).
    """
    return store(
        claim_id=claim_id, reviewer=reviewer, answer=answer, now=now, project=project
    ).review


def store(
    *,
    claim_id: int,
    reviewer: Reviewer,
    answer: Answer,
    now: datetime,
    project: Project | None,
) -> Stored:
    """As `submit`, in a transaction of the caller's that a refusal must undo."""
    claim = seating.locked(claim_id=claim_id, reviewer=reviewer, project=project)
    record = claim.record
    standing = _STANDING.rows(record=record.pk)
    own = _own(claim, standing)
    answer = as_locked(claim, answer)
    for given in own:
        if given.status != Review.Status.WITHDRAWN:
            _check_not_asked_again(claim)
            given.record = record
            return Stored(same(given, claim.project, answer), seatless=False)
    if not claim.is_open:
        answer = _from_an_old_seat(claim, own, answer)
    check(claim.project, answer)
    review = _store(claim, answer, own, now)
    left = _leave_seat(claim, review)
    # A skip keeps what was typed, for the day the ticket comes back.
    if review.status == Review.Status.SUBMITTED and claim.has_draft:  # type: ignore[attr-defined]  # annotated
        drafting.discard(claim=claim)
    if not claim.is_test:
        settling.settle_locked(
            record=record, reviews=[*standing, review], scale=claim.project.scale
        )
    return Stored(review, seatless=left)


@transaction.atomic
def reveal(*, claim_id: int, reviewer: Reviewer, severity: str, now: datetime) -> Claim:
    """Fix the severity of an open seat and show what became known later.

    A lease that ran out does no harm while nobody has freed the seat. Asking again
    changes nothing. Raises:
        AnswerRefused: ``not_yours``, ``seat_gone``, ``taken_away``: the record left
            the queue, ``unknown_level``, or ``nothing_later``: the project asks for
            the severity only, or nothing is known.
    """
    claim = seating.locked(claim_id=claim_id, reviewer=reviewer)
    _check_may_read_on(claim)
    if claim.revealed_at is not None:
        return claim
    if not has_later_facts(claim):
        raise AnswerRefused("nothing_later", "Nothing is known of it beyond opening.")
    if severity not in claim.project.scale:
        raise AnswerRefused("unknown_level", "Choose a severity first.")
    claim.severity, claim.revealed_at = severity, now
    claim.save(update_fields=["severity", "revealed_at"])
    return claim


def _check_may_read_on(claim: Claim) -> None:
    if not claim.is_open:
        raise AnswerRefused(
            "seat_gone",
            "This seat is no longer yours, so what came later is not shown. An answer "
            "sent from it is kept all the same.",
        )
    if claim.record.state in Record.OUT_OF_REACH:
        raise AnswerRefused("taken_away", "The ticket was taken out of the queue.")


def has_later_facts(claim: Claim) -> bool:
    """Whether there is something to show once the severity stands."""
    asks = claim.project.later_facts != Project.LaterFacts.NEVER
    return asks and bool(claim.record.thread or claim.record.resolution)


def set_shortcuts(
    *, reviewer: Reviewer, enabled: bool, saves_at_once: bool = False
) -> None:
    """Choose how the desk's single-key shortcuts work for one person."""
    Reviewer.objects.filter(pk=reviewer.pk).update(
        shortcuts_enabled=enabled, saves_at_once=enabled and saves_at_once
    )


_STANDING = CompiledQuery(
    lambda record: (
        Review.objects.current().filter(record=record).select_related("reviewer")
    ),
    record=int,
)
_HELD = CompiledUpdate(
    # The seat it came from, or a newer one of the same person at the same record.
    lambda record, reviewer, purpose, round_, **_: Claim.objects.filter(
        record=record,
        reviewer=reviewer,
        purpose=purpose,
        round=round_,
        state=Claim.State.OPEN,
    ),
    lambda state, **_: {"state": state},
    record=int,
    reviewer=int,
    purpose=str,
    round_=int,
    state=str,
)
_NEW = CompiledInsert(Review)


def _own(claim: Claim, standing: Sequence[Review]) -> Sequence[Review]:
    """What this person has said for the purpose and round of a seat, if it stands.

    Nothing stands of a round that has ended: there it is what was said last.
    """
    if claim.round < claim.record.round:
        return list(_said_from_such(claim)[:1])
    whose = (claim.reviewer_id, claim.purpose, claim.round)
    return [review for review in standing if review.answers(*whose)]


def _said_from_such(claim: Claim) -> ReviewQuerySet:
    return Review.objects.filter(
        record=claim.record_id,
        reviewer=claim.reviewer_id,
        purpose=claim.purpose,
        round=claim.round,
    ).order_by("-id")


def _check_not_asked_again(claim: Claim) -> None:
    """Refuse to tell an old answer to who is asked the same once more, as a repeat."""
    others = Claim.objects.filter(record=claim.record_id, reviewer=claim.reviewer_id)
    if others.filter(state=Claim.State.OPEN).exclude(purpose=claim.purpose).exists():
        raise AnswerRefused("seat_gone", "This seat is no longer yours.")


def _from_an_old_seat(claim: Claim, own: Sequence[Review], answer: Answer) -> Answer:
    """Return the answer with the severity given meanwhile, from another seat."""
    if own:
        _check_not_taken_back(claim, answer)
    seen.remember(claim)
    return as_locked(claim, answer)


def _check_not_taken_back(claim: Claim, answer: Answer) -> None:
    """Refuse what was said and taken back before, sent again from a seat that is gone.

    An undo gives another seat, so the same from an open one is meant anew.
    """
    sent = said(claim.project, answer)
    if _said_from_such(claim).filter(**sent).exists():
        raise AnswerTakenBack


def _store(
    claim: Claim, answer: Answer, own: Sequence[Review], now: datetime
) -> Review:
    if own:
        Review.objects.filter(pk__in=[r.pk for r in own]).update(is_current=False)
    review = Review(
        **said(claim.project, answer),
        record=claim.record,
        reviewer=claim.reviewer,
        grade=claim.reviewer.grade,
        purpose=claim.purpose,
        round=claim.round,
        independent=is_independent(claim),
        suggested=claim.suggested,
        visible=_visible(claim),
        sampling=claim.sampling,
        seconds_spent=_believable(claim, answer.seconds_spent, now),
        source=answer.source,
        guidelines_id=claim.guidelines_id,  # type: ignore[attr-defined]  # annotated
        # A late answer to a round that has ended is kept as its history.
        is_current=claim.round >= claim.record.round,
        submitted_at=now,
    )
    return _NEW.store(review)


def _visible(claim: Claim) -> list[str]:
    later = LATER if claim.revealed_at else ()
    return [*OPENING, *later, *(["suggestion"] if claim.suggested else [])]


def _believable(claim: Claim, seconds: int | None, now: datetime) -> int | None:
    """Active time cannot be longer than the seat was held."""
    if seconds is None:
        return None
    return max(0, min(seconds, int((now - claim.opened_at).total_seconds()) + 1))


def _leave_seat(claim: Claim, review: Review) -> bool:
    """Use the seat up, or give it back for somebody whose answer will settle.

    Return whether the seat was held until now; a person holds one in a project.
    """
    counts = review.status == Review.Status.SUBMITTED and (
        review.settles or review.purpose != Purpose.FIRST
    )
    states = Claim.State
    left = bool(
        _HELD.run(
            record=claim.record_id,
            reviewer=claim.reviewer_id,
            purpose=claim.purpose,
            round_=claim.round,
            state=states.DONE if counts else states.RELEASED,
        )
    )
    if left or not counts or review.purpose != Purpose.FIRST:
        return left
    # The lease ran out meanwhile: the answer counts, and takes a free seat if any.
    slot = seating.next_slot(claim.record)
    if slot is not None:
        Claim.objects.filter(pk=claim.pk).update(state=states.DONE, slot=slot)
    return False
