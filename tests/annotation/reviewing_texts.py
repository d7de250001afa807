"""Tickets imported through the sanitizer, and people who review what it did."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from annotation.models import Membership, Project, Record, Sanitization
from annotation.services import importing, stored_texts
from annotation.services.false_alarms import Seen
from tests.factories import MembershipFactory, UserFactory

# A credential word with a value that no rule explains: the text is held for it.
WIRE = "Ab3dEf6hIj9k"
HELD_BODY = f"password rotated to: use {WIRE} then. Later {WIRE} failed."


def add(project: Project, **ticket: Any) -> Record | None:
    """Import one ticket and return its record; None for a copy of a stored one."""
    number = Record.objects.count() + 1
    row = {"external_id": f"T{number}", "title": f"Link {number} down", **ticket}
    importing.add(project=project, rows=[row], now=timezone.now())
    found = Record.objects.filter(project=project, external_id=row["external_id"])
    return found.first()


def sanitization(record: Record) -> Sanitization:
    return Sanitization.objects.get(record=record)


def drop_raw(record: Record) -> None:
    """As the purge does when the time of raw text is over."""
    Sanitization.objects.filter(record=record).update(raw_ciphertext=None)


def second_lead(project: Project, name: str = "bea") -> User:
    user = UserFactory(username=name)
    MembershipFactory(user=user, project=project, role=Membership.Role.LEAD)
    return user


def seen(record: Record, index: int = 0, field: str = "body") -> Seen:
    """A replacement as the page shows it now."""
    row = Sanitization.objects.select_related("record").get(record=record)
    start, end, *_ = row.spans[field][index]
    return Seen(field, index, start, stored_texts.texts_of(row)[field][start:end])


def alarm_form(record: Record, index: int = 0, **more: str) -> dict[str, str]:
    """What the page posts when somebody reports a false alarm."""
    one = seen(record, index)
    place = f"{one.field}:{one.number}:{one.start}"
    return {"action": "alarm", "place": place, "token": one.token, **more}


def version(record: Record) -> str:
    """What the page says was read."""
    return stored_texts.version_of(
        Sanitization.objects.select_related("record").get(record=record)
    )


def confirmation(record: Record) -> dict[str, str]:
    """What the page posts when somebody confirms a record."""
    return {"action": "confirm", "version": version(record)}


def select(record: Record, value: str, field: str = "body") -> dict[str, Any]:
    """Where a value stands, as `report_missed` wants it."""
    text = getattr(record, field)
    start = text.index(value)
    return {"field": field, "start": start, "end": start + len(value)}
