"""What people decide about sanitized text: clean, missed, false alarm, release, reveal.

Every act leaves a `SanitizingEvent`. A value reported as missed is kept by a keyed hash
or sealed in the dictionary; no row, message or task ever holds it in clear.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from annotation.domain.importing.cleaning import Held, Places
from annotation.domain.importing.tickets import Ticket
from annotation.domain.sanitize import TOKEN_SHAPE, without_named
from annotation.models import (
    FalseAlarm,
    KnownSecret,
    Record,
    Sanitization,
    SanitizingEvent,
)
from annotation.services import missed_values, resanitizing, stored_texts
from annotation.services.access import REVEAL
from annotation.services.knowledge import bump
from annotation.services.sanitizing import sanitizer_for
from annotation.services.vault import keyring_of
from netft_site.base.refusals import Refused

SECRET_TYPES = frozenset(("cred", "snmp", "token", "pem"))
_SHORTEST_REASON = 10
_REASON_LIMIT = 200

_Kind = SanitizingEvent.Kind


class ReviewRefused(Refused):
    """A decision that cannot be taken; the code says why."""


@transaction.atomic
def confirm(*, record: Record, by: User) -> None:
    """Note that a person read the text and found nothing to object to.

    Raises:
        ReviewRefused: held.
    """
    row = _locked(record)
    if row.state == Sanitization.State.HELD:
        raise ReviewRefused("held", "A held record has no text to confirm.")
    row.state = Sanitization.State.APPROVED
    row.save(update_fields=["state"])
    _note(record, _Kind.CONFIRMED, by)


@sensitive_variables("text", "value")
@transaction.atomic
def report_missed(
    *, record: Record, field: str, start: int, end: int, span_type: str, by: User
) -> int:
    """Remove a selected value here at once, and everywhere in the project by a task.

    `start` and `end` are code points of the sanitized text named `field`. Returns in
    how many places of this record something was replaced.

    Raises:
        ReviewRefused: no_text, or what `missed_values.add` refuses.
    """
    row = _locked(record)
    text = stored_texts.texts_of(row).get(field, "")
    if not text:
        raise ReviewRefused("no_text", "The record has no such text.")
    place = missed_values.Place(text, start, end, row.spans.get(field, []))
    missed_values.add(record=record, place=place, span_type=span_type, by=by)
    outcome = resanitizing.resanitize(record=record, by=by)
    _note(record, _Kind.MISSED, by, span_type)
    resanitizing.start(project=record.project)
    return len(outcome.fresh)


@transaction.atomic
def report_false_alarm(
    *, record: Record, field: str, span_index: int, reason: str, by: User
) -> FalseAlarm:
    """Say that a replacement was none. A credential waits for a second person.

    Raises:
        ReviewRefused: held, raw_gone, no_such_span, changed, asked_before, no_reason
            or held_text.
    """
    row = _locked(record)
    if row.state == Sanitization.State.HELD:
        raise ReviewRefused("held", "A held record has no replacements to judge.")
    place = _place(row, field, span_index)
    start, end, kind, rule = place
    name = _alarm_name(row, field, place)
    if FalseAlarm.objects.filter(record=record, alarm_hmac=name).standing().exists():
        raise ReviewRefused("asked_before", "This false alarm is reported already.")
    alarm = FalseAlarm.objects.create(
        record=record,
        span_type=kind,
        rule=rule[:80],
        token=stored_texts.texts_of(row)[field][start:end][:120],
        alarm_hmac=name,
        reason=_safe_reason(record, reason),
        asked_by=by,
    )
    _note(record, _Kind.ALARM_ASKED, by, alarm.reason)
    if kind not in SECRET_TYPES:
        _approve(alarm, by, timezone.now())
    return alarm


@transaction.atomic
def decide_alarm(*, alarm: FalseAlarm, approve: bool, by: User) -> None:
    """Approve or refuse a false alarm that waits for a second person.

    Raises:
        ReviewRefused: decided, own_alarm, or raw_gone for an approval.
    """
    alarm = FalseAlarm.objects.select_for_update().get(pk=alarm.pk)
    if alarm.state != FalseAlarm.State.ASKED:
        raise ReviewRefused("decided", "Somebody has decided on it already.")
    if alarm.asked_by_id == by.pk:
        raise ReviewRefused("own_alarm", "A second person decides on a credential.")
    if approve:
        _raw(_locked(alarm.record))
        _approve(alarm, by, timezone.now())
        return
    _decide(alarm, FalseAlarm.State.REFUSED, by, timezone.now())
    _note(alarm.record, _Kind.ALARM_REFUSED, by)


@transaction.atomic
def release(*, record: Record, by: User, reason: str) -> None:
    """Give a held record its text: what it was held for is replaced unread.

    Raises:
        ReviewRefused: not_held, raw_gone, stays_held with the sanitizer's reason,
            no_reason or held_text.
    """
    row = _locked(record)
    if row.state != Sanitization.State.HELD:
        raise ReviewRefused("not_held", "The record is not held.")
    _raw(row)
    outcome = resanitizing.resanitize(record=record, by=by, take_wires=True)
    if outcome.held:
        raise ReviewRefused(
            "stays_held",
            f"It stays held: {outcome.reason}. Only a credential that stands beyond "
            "doubt can be replaced unread.",
        )
    _note(record, _Kind.RELEASED, by, _safe_reason(record, reason))


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
    if not row.raw_ciphertext:
        raise _raw_gone()
    with transaction.atomic():
        _note(record, _Kind.REVEALED, by, _safe_reason(record, reason))
    ticket = _raw(row)
    names = ("title", "body", "resolution", "category", "vendor", "device_type", "site")
    texts = [(name, getattr(ticket, name)) for name in names]
    texts += [(f"thread.{n}", entry.text) for n, entry in enumerate(ticket.thread)]
    texts += [(f"attribute.{key}", str(v)) for key, v in ticket.attributes.items()]
    return [(name, text) for name, text in texts if text]


def _approve(alarm: FalseAlarm, by: User, now: datetime) -> None:
    _decide(alarm, FalseAlarm.State.APPROVED, by, now)
    bump(alarm.record.project)
    resanitizing.resanitize(record=alarm.record, by=by)
    _forget_secret(alarm)
    _note(alarm.record, _Kind.ALARM_APPROVED, by)
    resanitizing.start(project=alarm.record.project)


def _forget_secret(alarm: FalseAlarm) -> None:
    """What is no secret, and stands nowhere as one, must not stop an export."""
    project = alarm.record.project
    if not Record.objects.of(project).containing(alarm.token).exists():
        KnownSecret.objects.filter(project=project, token=alarm.token).delete()


def _decide(
    alarm: FalseAlarm, state: FalseAlarm.State, by: User, now: datetime
) -> None:
    alarm.state, alarm.decided_by, alarm.decided_at = state, by, now
    alarm.save(update_fields=["state", "decided_by", "decided_at"])


def _place(row: Sanitization, field: str, index: int) -> list[Any]:
    places: Places = row.spans.get(field, [])
    if not 0 <= index < len(places):
        raise ReviewRefused("no_such_span", "The record has no such replacement.")
    return places[index]


def _alarm_name(row: Sanitization, field: str, place: list[Any]) -> str:
    """Return the keyed hash of a stored replacement in its line of the raw text."""
    tools = resanitizing.Tools(row.record.project)
    cleaner = tools.taking if resanitizing.was_released(row) else tools.whole
    try:
        places = cleaner.alarms(_raw(row)).get(field, [])
    except Held:
        places = []
    for start, end, kind, name in places:
        if [start, end, kind] == place[:3]:
            return str(name)
    raise ReviewRefused(
        "changed",
        "The sanitizer knows more than when this text was made. It is sanitized again "
        "soon; look once more then.",
    )


def _raw(row: Sanitization) -> Ticket:
    ticket = resanitizing.Tools(row.record.project).raw(row)
    if ticket is None:
        raise _raw_gone()
    return ticket


def _raw_gone() -> ReviewRefused:
    return ReviewRefused(
        "raw_gone", "The raw text is no longer kept, so this cannot be done."
    )


@sensitive_variables("reason")
def _safe_reason(record: Record, reason: str) -> str:
    if not reason.strip():
        raise ReviewRefused("no_reason", "Say in a few words why.")
    found = sanitizer_for(record.project).sanitize(reason.strip())
    if found.held:
        raise ReviewRefused(
            "held_text", "The reason holds something that looks like a secret."
        )
    # People explain a replacement by naming what was replaced.
    tokens = [match[0] for match in TOKEN_SHAPE.finditer(_shown(record))]
    keyring = keyring_of(record.project.key_id)
    return without_named(keyring, found.text, tokens)[:_REASON_LIMIT]


def _shown(record: Record) -> str:
    row = Sanitization.objects.select_related("record").get(record=record)
    return stored_texts.all_text(stored_texts.read(row))


def _locked(record: Record) -> Sanitization:
    rows = Sanitization.objects.select_for_update().select_related("record__project")
    row = rows.filter(record=record).first()
    if row is None:
        raise ReviewRefused("not_sanitized", "The record was not sanitized here.")
    return row


def _note(record: Record, kind: str, by: User, reason: str = "") -> None:
    SanitizingEvent.objects.create(record=record, kind=kind, by=by, reason=reason)
