"""A record's sanitized texts between the database and a clean ticket.

Reading and writing of what sanitizing produced, for those who sanitize it again, with
everything that must stay in step: places, versions, state, fingerprint and the
pseudonyms of secrets.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Model

from annotation.domain.duplicates import fingerprint
from annotation.domain.importing.cleaning import CleanTicket
from annotation.domain.importing.recleaning import Fresh, Recleaner, long_texts
from annotation.models import (
    Claim,
    FalseAlarm,
    Preference,
    Record,
    Review,
    Sanitization,
    SanitizingEvent,
    Verdict,
)
from annotation.services.importing.storing import remember_secrets

_TEXTS = (
    "title", "body", "thread", "resolution", "category", "vendor", "device_type",
    "site", "attributes", "incident_key",
)  # fmt: skip
_SHORT = ("category", "vendor", "device_type", "site")
# What people wrote about a record: sanitized when it was stored, without places.
_NOTES: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (Review, ("response", "reason")),
    (Verdict, ("reason",)),
    (FalseAlarm, ("reason",)),
    (SanitizingEvent, ("reason",)),
    (Preference, ("prompt", "chosen", "rejected")),
)


def read(row: Sanitization) -> CleanTicket:
    """Return the stored texts of a sanitization's record."""
    record = row.record
    return CleanTicket(
        record.external_id,
        **{name: getattr(record, name) for name in _TEXTS},
        spans=row.spans,
        tripwires=row.tripwires,
        ruleset=row.ruleset,
        held=row.state == Sanitization.State.HELD,
        reason=row.reason,
    )


def texts_of(row: Sanitization) -> dict[str, str]:
    """Return a record's texts, none of them empty, by name and in reading order.

    The long ones go by the names under which their places are kept.
    """
    ticket = read(row)
    long = dict(zip(*long_texts(ticket), strict=True))
    resolution = long.pop("resolution")
    texts = {**long, "resolution": resolution}
    texts |= {name: getattr(ticket, name) for name in _SHORT}
    texts |= {
        f"attribute.{key}": value
        for key, value in ticket.attributes.items()
        if isinstance(value, str)
    }
    return {name: text for name, text in texts.items() if text}


def version_of(row: Sanitization) -> str:
    """Name what a person sees of a record: another text or tripwire, another name."""
    shown = json.dumps([row.state, texts_of(row), row.tripwires], sort_keys=True)
    return hashlib.sha256(shown.encode("utf-8", "surrogatepass")).hexdigest()


def raw_is_kept(row: Sanitization, now: datetime) -> bool:
    """Say whether a record's raw text may still be used: it is there and in time.

    The purge comes once a day; what has expired counts as gone before it comes.
    """
    is_over = row.expires_at is not None and row.expires_at <= now
    return bool(row.raw_ciphertext) and not is_over


def all_text(ticket: CleanTicket) -> str:
    """Every text of a ticket in one, to look something up in."""
    _, texts = long_texts(ticket)
    short = [getattr(ticket, name) for name in _SHORT]
    pairs = [f"{key}: {value}" for key, value in ticket.attributes.items()]
    return "\n".join([*texts, *short, *pairs])


def write(
    row: Sanitization, clean: CleanTicket, *, version: int, now: datetime
) -> bool:
    """Store a ticket over its record; return whether text or state changed."""
    before = read(row)
    changed = before.held != clean.held or any(
        getattr(before, name) != getattr(clean, name) for name in _TEXTS
    )
    if changed:
        _write_record(row.record, clean, was_held=before.held)
    is_new = changed or before.tripwires != clean.tripwires
    _write_sanitization(row, clean, version, is_new, now)
    # A pseudonym that stood there before was noted then, and may be forgotten since.
    if not clean.held and clean.secret_tokens() - before.secret_tokens():
        remember_secrets(row.record.project, [clean])
    return changed


def with_notes(record_ids: Iterable[int]) -> set[int]:
    """Return those of some records about which people wrote something."""
    wanted = list(record_ids)
    found: set[int] = set()
    for model, _ in _NOTES:
        notes = model._default_manager.filter(record_id__in=wanted).order_by()
        found.update(notes.values_list("record_id", flat=True))
    return found


def reclean_notes(record_id: int, gaps: Recleaner) -> list[Fresh]:
    """Sanitize again what people wrote about a record; return what stood there."""
    fresh: list[Fresh] = []
    for model, names in _NOTES:
        for note in model._default_manager.filter(record_id=record_id):
            changed = [name for name in names if _reclean(note, name, gaps, fresh)]
            if changed:
                note.save(update_fields=changed)
    return fresh


def _reclean(note: Model, name: str, gaps: Recleaner, fresh: list[Fresh]) -> bool:
    before = getattr(note, name)
    most = note._meta.get_field(name).max_length  # type: ignore[union-attr]
    after = gaps.bare(before, fresh)[:most]
    setattr(note, name, after)
    return after != before


def _write_record(record: Record, clean: CleanTicket, *, was_held: bool) -> None:
    for name in _TEXTS:
        setattr(record, name, getattr(clean, name))
    text = f"{clean.title}\n\n{clean.body}".strip()
    record.fingerprint = "" if clean.held else fingerprint(text)
    if clean.held:
        record.state = Record.State.HELD
        Claim.objects.filter(record=record, state=Claim.State.OPEN).update(
            state=Claim.State.RELEASED
        )
    elif was_held:
        record.state = Record.first_state(record.kind, record.origin)
    record.save(update_fields=[*_TEXTS, "fingerprint", "state"])


def _write_sanitization(
    row: Sanitization, clean: CleanTicket, version: int, is_new: bool, now: datetime
) -> None:
    """What changed waits for a person again; raw text begins to expire once it is
    no longer all there is.
    """
    states = Sanitization.State
    values: dict[str, Any] = {
        "ruleset": clean.ruleset,
        "knowledge": version,
        "spans": clean.spans,
        "tripwires": clean.tripwires,
        "reason": clean.reason[:120],
    }
    if clean.held:
        values |= {"state": states.HELD, "expires_at": None}
    elif row.state == states.HELD:
        lifetime = timedelta(days=settings.RAW_RETENTION_DAYS)
        values |= {"state": states.CLEAN, "expires_at": now + lifetime}
    elif is_new:
        values["state"] = states.CLEAN
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))
