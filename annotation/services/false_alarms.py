"""Replacements that were none: reported, decided on, and overruled.

A false alarm holds in its line only. One about a credential waits for a second person;
one about a value that somebody reports as missed later is withdrawn.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from annotation.domain.importing.cleaning import Held, Places
from annotation.domain.sanitize import named_at
from annotation.models import (
    FalseAlarm,
    KnownSecret,
    Record,
    Sanitization,
    SanitizingEvent,
)
from annotation.services import resanitizing, review_acts, stored_texts
from annotation.services.knowledge import bump
from annotation.services.missed_values import Place
from annotation.services.review_acts import SECRET_TYPES, ReviewRefused, locked, note
from annotation.services.vault import keyring_of

_Kind = SanitizingEvent.Kind


class Seen(NamedTuple):
    """The replacement that a person saw: which of a field's, where, and its pseudonym.

    The number alone would name another replacement once the text has changed.
    """

    field: str
    number: int
    start: int
    token: str


@transaction.atomic
def report(*, record: Record, seen: Seen, reason: str, by: User) -> FalseAlarm:
    """Say that a replacement was none. A credential waits for a second person.

    Raises:
        ReviewRefused: held, raw_gone, no_such_span, changed, asked_before, no_reason,
            held_text or no_effect.
    """
    row = locked(record)
    if row.state == Sanitization.State.HELD:
        raise ReviewRefused("held", "A held record has no replacements to judge.")
    place = _place(row, seen)
    kind, rule = place[2:]
    name = _name(row, seen.field, place)
    if FalseAlarm.objects.filter(record=record, alarm_hmac=name).standing().exists():
        raise ReviewRefused("asked_before", "This false alarm is reported already.")
    alarm = FalseAlarm.objects.create(
        record=record,
        span_type=kind,
        rule=rule[:80],
        token=seen.token[:120],
        alarm_hmac=name,
        reason=review_acts.safe_reason(record, reason),
        asked_by=by,
    )
    note(record, _Kind.ALARM_ASKED, by, alarm.reason)
    if kind not in SECRET_TYPES:
        _approve(alarm, by, timezone.now())
    return alarm


@transaction.atomic
def decide(*, alarm: FalseAlarm, approve: bool, by: User) -> None:
    """Approve or refuse a false alarm that waits for a second person.

    Raises:
        ReviewRefused: decided, own_alarm; for an approval raw_gone or no_effect.
    """
    alarm = FalseAlarm.objects.select_for_update().get(pk=alarm.pk)
    if alarm.state != FalseAlarm.State.ASKED:
        raise ReviewRefused("decided", "Somebody has decided on it already.")
    if alarm.asked_by_id == by.pk:
        raise ReviewRefused("own_alarm", "A second person decides on a credential.")
    if approve:
        review_acts.raw(locked(alarm.record))
        _approve(alarm, by, timezone.now())
        return
    _decide(alarm, FalseAlarm.State.REFUSED, by, timezone.now())
    note(alarm.record, _Kind.ALARM_REFUSED, by)


def overrule(*, record: Record, place: Place, by: User) -> int:
    """Withdraw approved false alarms whose value somebody reports as missed now.

    Those of the whole project, as the value is to go everywhere. The caller holds the
    transaction. Returns how many there were.
    """
    alarms = list(FalseAlarm.objects.of(record.project).approved())
    wanted = {(alarm.span_type, alarm.token) for alarm in alarms}
    if not wanted:
        return 0
    keyring = keyring_of(record.project.key_id)
    found = named_at(keyring, place.text, (place.start, place.end), wanted)
    covering = [alarm for alarm in alarms if (alarm.span_type, alarm.token) in found]
    for alarm in covering:
        _decide(alarm, FalseAlarm.State.REFUSED, by, timezone.now())
        note(alarm.record, _Kind.ALARM_REFUSED, by, "reported as missed")
    if covering:
        bump(record.project)
    return len(covering)


def _approve(alarm: FalseAlarm, by: User, now: datetime) -> None:
    before = review_acts.shown(alarm.record).count(alarm.token)
    _decide(alarm, FalseAlarm.State.APPROVED, by, now)
    bump(alarm.record.project)
    outcome = resanitizing.resanitize(record=alarm.record, by=by)
    after = review_acts.shown(alarm.record).count(alarm.token)
    if not outcome.held and after >= before:
        raise ReviewRefused(
            "no_effect",
            "It would stay replaced: somebody reported the value as missed. Withdraw "
            "that report first.",
        )
    _forget_secret(alarm)
    note(alarm.record, _Kind.ALARM_APPROVED, by)
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


def _place(row: Sanitization, seen: Seen) -> list[Any]:
    """Return the replacement that was seen, if it is still that one."""
    places: Places = row.spans.get(seen.field, [])
    if not 0 <= seen.number < len(places):
        raise ReviewRefused("no_such_span", "The record has no such replacement.")
    place = places[seen.number]
    token = stored_texts.texts_of(row).get(seen.field, "")[place[0] : place[1]]
    if (place[0], token) != (seen.start, seen.token):
        raise review_acts.changed()
    return place


def _name(row: Sanitization, field: str, place: list[Any]) -> str:
    """Return the keyed hash of a stored replacement in its line of the raw text."""
    tools = resanitizing.Tools(row.record.project)
    cleaner = tools.taking if resanitizing.was_released(row) else tools.whole
    try:
        places = cleaner.alarms(review_acts.raw(row)).get(field, [])
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
