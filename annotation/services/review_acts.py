"""What every decision about sanitized text needs: the row, the raw text, a trace.

Every act leaves a `SanitizingEvent`; what people write passes the sanitizer first.
"""

from __future__ import annotations

from django.contrib.auth.models import User
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from annotation.domain.importing.tickets import Ticket
from annotation.domain.sanitize import TOKEN_SHAPE, without_named
from annotation.models import Record, Sanitization, SanitizingEvent
from annotation.services import resanitizing, stored_texts
from annotation.services.known_secrets import without_known_secrets
from annotation.services.sanitizing import sanitizer_for
from annotation.services.vault import keyring_of
from netft_site.base.refusals import Refused

SECRET_TYPES = frozenset(("cred", "snmp", "token", "pem"))
_REASON_LIMIT = 200


class ReviewRefused(Refused):
    """A decision that cannot be taken; the code says why."""


def locked(record: Record) -> Sanitization:
    """Return a record's sanitization, locked, with the record as it is now.

    Raises:
        ReviewRefused: not_sanitized.
    """
    rows = Sanitization.objects.select_for_update().select_related("record__project")
    row = rows.filter(record=record).first()
    if row is None:
        raise ReviewRefused("not_sanitized", "The record was not sanitized here.")
    return row


def changed() -> ReviewRefused:
    """The refusal of a decision about something that the page no longer shows."""
    return ReviewRefused(
        "changed",
        "The text has changed since this page was opened. Nothing was done: read it "
        "once more and decide then.",
    )


def raw(row: Sanitization) -> Ticket:
    """Return a record's raw ticket.

    Raises:
        ReviewRefused: raw_gone: it was purged, or its time is over.
        VaultRefused: it is there and cannot be opened.
    """
    if not stored_texts.raw_is_kept(row, timezone.now()):
        raise _raw_gone(row)
    ticket = resanitizing.Tools(row.record.project).raw(row)
    if ticket is None:
        raise _raw_gone(row)
    return ticket


def _raw_gone(row: Sanitization) -> ReviewRefused:
    why = "has expired" if row.raw_ciphertext else "is no longer kept"
    return ReviewRefused("raw_gone", f"The raw text {why}, so this cannot be done.")


def note(record: Record, kind: str, by: User, reason: str = "") -> None:
    """Write down who did what."""
    SanitizingEvent.objects.create(record=record, kind=kind, by=by, reason=reason)


@sensitive_variables("reason")
def safe_reason(record: Record, reason: str) -> str:
    """Return what somebody wrote without what a record's pseudonyms stand for.

    Raises:
        ReviewRefused: no_reason or held_text.
    """
    if not reason.strip():
        raise ReviewRefused("no_reason", "Say in a few words why.")
    found = sanitizer_for(record.project).sanitize(reason.strip())
    if found.held:
        raise ReviewRefused(
            "held_text", "The reason holds something that looks like a secret."
        )
    # People explain a replacement by naming what was replaced.
    tokens = [match[0] for match in TOKEN_SHAPE.finditer(shown(record))]
    keyring = keyring_of(record.project.key_id)
    named = without_named(keyring, found.text, tokens)
    return without_known_secrets(record.project, named)[:_REASON_LIMIT]


def shown(record: Record) -> str:
    """Return every text of a record in one, as it is stored now."""
    row = Sanitization.objects.select_related("record").get(record=record)
    return stored_texts.all_text(stored_texts.read(row))
