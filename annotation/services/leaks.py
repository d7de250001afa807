"""Leaks that somebody has dealt with: rotated, told, rebuilt, retired."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from annotation.models import Leak, Record
from annotation.services.typed_text import made_safe
from netft_site.base.refusals import Refused

_LIMIT = 200


class LeakRefused(Refused):
    """Leaks that cannot be settled so; the code says why."""


@transaction.atomic
def settle(*, record: Record, because: str, by: User, now: datetime) -> int:
    """Note what was done about the open leaks of a record; return how many there were.

    Doing it twice changes nothing: the first word stands.

    Raises:
        LeakRefused: no_reason, or held_text where the words hold a secret themselves.
    """
    if not because.strip():
        raise LeakRefused("no_reason", "Say in a few words what was done.")
    safe = made_safe(record.project, because.strip())
    if safe is None:
        raise LeakRefused("held_text", "The words hold what looks like a secret.")
    return (
        Leak.objects.filter(record=record)
        .open()
        .update(settled_at=now, settled_by=by, settled_because=safe[:_LIMIT])
    )
