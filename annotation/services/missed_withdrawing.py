"""The way back for values that were reported as missed by mistake.

Nobody knows the values: the trace of a report names the pseudonym, and by that one the
records are found. Credentials need a second person.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from annotation.domain.sanitize import MISSED
from annotation.models import (
    KnownSecret,
    MissedValue,
    Record,
    Sanitization,
    SanitizingEvent,
)
from annotation.services import resanitizing, stored_texts
from annotation.services.knowledge import bump
from annotation.services.missed_values import MissedRefused
from annotation.services.review_acts import SECRET_TYPES


@transaction.atomic
def withdraw(*, missed: MissedValue, by: User, now: datetime) -> None:
    """Let a value stand again; twice changes nothing.

    Records with raw text are sanitized again without it; the others keep its pseudonym.

    Raises:
        MissedRefused: own_secret.
    """
    rows = MissedValue.objects.select_for_update().select_related("project")
    row = rows.get(pk=missed.pk)
    if row.withdrawn_at is not None:
        return
    if needs_another(row, by):
        raise MissedRefused(
            "own_secret",
            "You reported this credential yourself: a second person withdraws it.",
        )
    row.withdrawn_at = now
    row.save(update_fields=["withdrawn_at"])
    bump(row.project)
    _forget_secret(row)
    resanitizing.start(project=row.project)


def needs_another(missed: MissedValue, by: User) -> bool:
    """Say whether somebody else must withdraw it: a credential that `by` reported.

    Reporting it as something else in between does not help.
    """
    same = MissedValue.objects.filter(
        project_id=missed.project_id, value_hmac=missed.value_hmac, reported_by=by
    )
    return not by.is_superuser and same.filter(span_type__in=SECRET_TYPES).exists()


def token_of(missed: MissedValue) -> str:
    """Return a value's pseudonym, as the trace of its report names it; "" without."""
    reports = SanitizingEvent.objects.filter(
        record_id=missed.record_id or 0,
        kind=SanitizingEvent.Kind.MISSED,
        by_id=missed.reported_by_id,
        at__gte=missed.created_at,
    )
    first = reports.order_by("pk").values_list("reason", flat=True).first() or ""
    return first.partition(" ")[2]


def records_with(missed: MissedValue) -> int | None:
    """Return in how many records a value stands as a pseudonym; None if unknown."""
    token = token_of(missed)
    if not token:
        return None
    return Record.objects.of(missed.project).containing(token).count()


def _forget_secret(missed: MissedValue) -> None:
    """What is no secret must not stop an export, unless a rule finds it as one too."""
    token, project = token_of(missed), missed.project
    rows = Sanitization.objects.of(project).filter(
        record__in=Record.objects.of(project).containing(token)
    )
    light = rows.select_related("record").defer("raw_ciphertext")
    if token and not any(_by_rule(row, token) for row in light.iterator()):
        KnownSecret.objects.filter(project=project, token=token).delete()


def _by_rule(row: Sanitization, token: str) -> bool:
    texts = stored_texts.texts_of(row)
    return any(
        rule != MISSED and texts.get(name, "")[start:end] == token
        for name, places in row.spans.items()
        for start, end, _, rule in places
    )
