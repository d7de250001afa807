"""A reviewer saw something in a ticket that should have been hidden.

The record leaves the queue at once and waits for whoever reviews the sanitizing. Once
they have confirmed the text, or taught the sanitizer what it missed, the record goes
back to where its reviews put it.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from annotation.domain.queue import FLAGGED
from annotation.models import (
    BulkAct,
    BulkChange,
    Claim,
    Record,
    Review,
    Reviewer,
    SanitizingEvent,
)
from annotation.services import reviewing, settling
from annotation.services.answers import Answer, AnswerRefused

LONGEST_REASON = 200


@transaction.atomic
def flag(*, claim_id: int, reviewer: Reviewer, reason: str, now: datetime) -> Record:
    """Take a record out of the queue, with the reviewer's description of the leak.

    Sending the same flag twice is one.

    Raises:
        AnswerRefused: ``not_yours``, ``no_reason``, ``too_long``, or as
            `reviewing.submit`.
    """
    if not reason.strip():
        raise AnswerRefused("no_reason", "Say in a few words what you saw.")
    if len(reason.strip()) > LONGEST_REASON:
        raise AnswerRefused(
            "too_long", f"Say it in at most {LONGEST_REASON} characters."
        )
    skip = Answer(status=Review.Status.SKIPPED, reason=reason)
    review = reviewing.submit(
        claim_id=claim_id, reviewer=reviewer, answer=skip, now=now
    )
    record = review.record
    if record.state == Record.State.EXCLUDED and record.queued_because == FLAGGED:
        return record
    SanitizingEvent.objects.create(
        record=record,
        kind=SanitizingEvent.Kind.FLAGGED,
        by=reviewer.user,
        reason=review.reason[:LONGEST_REASON],
        queued_because=record.queued_because,
    )
    if record.state != Record.State.HELD:
        record.state, record.queued_because = Record.State.EXCLUDED, FLAGGED
        record.save(update_fields=["state", "queued_because"])
    Claim.objects.filter(record=record, state=Claim.State.OPEN).update(
        state=Claim.State.RELEASED
    )
    return record


@transaction.atomic
def clear(*, record: Record) -> bool:
    """Put a flagged record back where its answers put it; False if none was flagged.

    What a lead had taken out of the queue before stays out, for the lead's reason. The
    reason for which it was queued stands again: a question to the seniors, too.
    """
    flagged = Record.objects.filter(pk=record.pk).flagged()
    excluded_because = _excluded_because(record)
    if excluded_because is not None:
        return bool(flagged.update(queued_because=excluded_because))
    because = _queued_because(record)
    if not flagged.update(state=Record.State.OPEN, queued_because=because):
        return False
    # Settling leaves alone what a senior has decided.
    decided = Record.objects.filter(pk=record.pk).decided_by_a_senior()
    decided.update(state=Record.State.SETTLED)
    Record.objects.filter(pk=record.pk).never_judged().update(
        state=Record.State.REFERENCE
    )
    settling.settle_records(project=record.project, record_ids=[record.pk])
    return True


def _queued_because(record: Record) -> str:
    """The reason that stood when the record was flagged last."""
    flags = SanitizingEvent.objects.filter(record=record)
    last = flags.filter(kind=SanitizingEvent.Kind.FLAGGED).first()
    return last.queued_because if last and last.queued_because else "oldest"


def _excluded_because(record: Record) -> str | None:
    """The reason that stood when a lead excluded the record; None if none did."""
    changes = BulkChange.objects.filter(record=record).select_related("act")
    last = changes.order_by("-pk").first()
    if last is None or last.act.kind != BulkAct.Kind.EXCLUDE:
        return None
    if last.act.status != BulkAct.Status.DONE:
        return None
    return str(last.after["queued_because"])
