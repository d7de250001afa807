"""What people decide about sanitized text: clean, missed, release, reveal.

Every act leaves a `SanitizingEvent`. A value reported as missed is kept by a keyed hash
or sealed in the dictionary; no row, message or task ever holds it in clear.
"""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from annotation.models import Record, Sanitization, SanitizingEvent
from annotation.services import (
    false_alarms,
    flagging,
    missed_values,
    resanitizing,
    review_acts,
    stored_texts,
)
from annotation.services.access import REVEAL
from annotation.services.review_acts import ReviewRefused, locked, note, safe_reason

_SHORTEST_REASON = 10

_Kind = SanitizingEvent.Kind


@transaction.atomic
def confirm(*, record: Record, version: str, by: User) -> bool:
    """Note that a person read the text and found nothing to object to.

    `version` is `stored_texts.version_of` what was read. Returns whether the record was
    flagged at the desk and goes back to the queue.

    Raises:
        ReviewRefused: held or changed.
    """
    row = locked(record)
    if row.state == Sanitization.State.HELD:
        raise ReviewRefused("held", "A held record has no text to confirm.")
    if stored_texts.version_of(row) != version:
        raise review_acts.changed()
    row.state = Sanitization.State.APPROVED
    row.save(update_fields=["state"])
    note(record, _Kind.CONFIRMED, by)
    return flagging.clear(record=record)


@sensitive_variables("text", "value")
@transaction.atomic
def report_missed(
    *, record: Record, field: str, start: int, end: int, span_type: str, by: User
) -> int:
    """Remove a selected value here at once, and everywhere in the project by a task.

    `start` and `end` are code points of the sanitized text named `field`. The report
    overrides approved false alarms, and a record flagged at the desk goes back to the
    queue. Returns in how many places of this record something was replaced.

    Raises:
        ReviewRefused: no_text, not_removed, or what `missed_values.add` refuses.
    """
    row = locked(record)
    text = stored_texts.texts_of(row).get(field, "")
    if not text:
        raise ReviewRefused("no_text", "The record has no such text.")
    place = missed_values.Place(text, start, end, row.spans.get(field, []))
    added = missed_values.add(record=record, place=place, span_type=span_type, by=by)
    false_alarms.overrule(record=record, place=place, by=by)
    outcome = resanitizing.resanitize(record=record, by=by)
    after = stored_texts.texts_of(locked(record)).get(field, "")
    if missed_values.still_stands(added, place, after):
        raise _not_removed()
    # By this trace the list of missed values knows which pseudonym is whose.
    note(record, _Kind.MISSED, by, f"{span_type} {added.token}".strip())
    flagging.clear(record=record)
    resanitizing.start(project=record.project)
    return len(outcome.fresh)


def _not_removed() -> ReviewRefused:
    return ReviewRefused(
        "not_removed",
        "The sanitizer would leave it where it stands, so nothing was done. Report it "
        "as another kind of value, or write a rule for it.",
    )


@transaction.atomic
def release(*, record: Record, by: User, reason: str) -> None:
    """Give a held record its text: what it was held for is replaced unread.

    Raises:
        ReviewRefused: not_held, raw_gone, stays_held with the sanitizer's reason,
            no_reason or held_text.
    """
    row = locked(record)
    if row.state != Sanitization.State.HELD:
        raise ReviewRefused("not_held", "The record is not held.")
    review_acts.raw(row)
    outcome = resanitizing.resanitize(record=record, by=by, take_wires=True)
    if outcome.held:
        raise ReviewRefused(
            "stays_held",
            f"It stays held: {outcome.reason}. Only a credential that stands beyond "
            "doubt can be replaced unread.",
        )
    note(record, _Kind.RELEASED, by, safe_reason(record, reason))


def reveal(*, record: Record, by: User, reason: str) -> list[tuple[str, str]]:
    """Return the raw texts with their names, once it is written down who reads them.

    Raises:
        ReviewRefused: not_allowed, reason_too_short, held_text or raw_gone.
    """
    if not by.has_perm(REVEAL, record.project):
        raise ReviewRefused("not_allowed", "You may not read raw text.")
    if len(reason.strip()) < _SHORTEST_REASON:
        raise ReviewRefused(
            "reason_too_short",
            f"Say why in at least {_SHORTEST_REASON} characters: it is kept.",
        )
    row = Sanitization.objects.select_related("record__project").get(record=record)
    ticket = review_acts.raw(row)
    with transaction.atomic():
        note(record, _Kind.REVEALED, by, safe_reason(record, reason))
    names = ("title", "body", "resolution", "category", "vendor", "device_type", "site")
    texts = [(name, getattr(ticket, name)) for name in names]
    texts += [(f"thread.{n}", entry.text) for n, entry in enumerate(ticket.thread)]
    texts += [(f"attribute.{key}", str(v)) for key, v in ticket.attributes.items()]
    return [(name, text) for name, text in texts if text]
