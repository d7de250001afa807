"""Drafts: what somebody has typed at a record and not sent yet.

A draft is sealed under the project's key, because it was not sanitized: it comes back
to its writer only. Every save names the version it was based on, so that two tabs
cannot overwrite each other unseen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db import IntegrityError, transaction

from annotation.models import Claim, Draft, Project, Record, Reviewer
from annotation.services.vault import vault_of
from netft_site.base.refusals import Refused

FIELDS = ("severity", "root_cause", "response", "confidence", "reason")
LONGEST = 24_000
KEPT_DAYS = 30


class DraftRefused(Refused):
    """The draft cannot be kept."""


@dataclass(frozen=True)
class Typed:
    """What was typed, by field, and its version; 0 is an empty one never saved."""

    version: int = 0
    fields: Mapping[str, str] = field(default_factory=dict)
    updated_at: datetime | None = None


class DraftConflict(Refused):
    """Another tab has saved meanwhile: ``stored`` is what it saved."""

    def __init__(self, stored: Typed) -> None:
        super().__init__(
            "stale_draft", "This ticket's draft was changed in another tab."
        )
        self.stored = stored


def load(*, record: Record, reviewer: Reviewer) -> Typed:
    """Return what the reviewer has typed at a record; empty if nothing."""
    row = Draft.objects.filter(record=record, reviewer=reviewer).first()
    if row is None:
        return Typed()
    opened = vault_of(row.key_id).open(
        bytes(row.sealed), about=_about(record.pk, reviewer)
    )
    return Typed(row.version, json.loads(opened), row.updated_at)


@transaction.atomic
def save(
    *,
    project: Project,
    record: Record,
    reviewer: Reviewer,
    fields: Mapping[str, Any],
    version: int,
    now: datetime,
) -> int:
    """Keep a draft over the one of ``version``; return its new version.

    Raises:
        DraftConflict: another one was saved since.
        DraftRefused: ``too_long``.
    """
    kept = {name: str(fields.get(name) or "") for name in FIELDS}
    payload = json.dumps(kept).encode()
    if sum(map(len, kept.values())) > LONGEST:
        raise DraftRefused("too_long", f"A draft may have {LONGEST:,} characters.")
    vault = vault_of(project.key_id)
    values = {
        "sealed": vault.seal(payload, about=_about(record.pk, reviewer)),
        "key_id": project.key_id,
        "version": version + 1,
        "updated_at": now,
    }
    if not _write(record, reviewer, version, values):
        stored = load(record=record, reviewer=reviewer)
        if dict(stored.fields) == kept:
            return stored.version
        raise DraftConflict(stored)
    return version + 1


def keep_from_seat(
    *,
    project: Project,
    user: User | AnonymousUser,
    claim_id: int,
    fields: Mapping[str, Any],
    now: datetime,
    version: int | None = None,
) -> int | None:
    """Keep what was typed at one's own seat where it can go nowhere else.

    Over ``version``; without one it is laid over whatever is there, which keeps what
    was typed in other fields. Returns the new version; none if the seat is somebody
    else's or its answer is in.

    Raises:
        DraftConflict, DraftRefused: as `save`.
    """
    mine = Claim.objects.filter(
        project=project,
        reviewer__user_id=user.pk or 0,
        reviewer__kind=Reviewer.Kind.HUMAN,
    )
    claim = mine.select_related("record", "reviewer").filter(pk=claim_id).first()
    if claim is None or claim.is_done:
        return None
    if version is None:
        typed = load(record=claim.record, reviewer=claim.reviewer)
        version, fields = typed.version, {**typed.fields, **fields}
    return save(
        project=project,
        record=claim.record,
        reviewer=claim.reviewer,
        fields=fields,
        version=version,
        now=now,
    )


def discard(*, record: Record, reviewer: Reviewer) -> bool:
    """Throw a draft away; False when there was none."""
    return bool(Draft.objects.filter(record=record, reviewer=reviewer).delete()[0])


def purge(*, now: datetime) -> int:
    """Delete drafts that nobody has touched for `KEPT_DAYS`; return how many."""
    old = Draft.objects.filter(updated_at__lt=now - timedelta(days=KEPT_DAYS))
    return old.delete()[0]


def _write(
    record: Record, reviewer: Reviewer, version: int, values: dict[str, Any]
) -> bool:
    mine = Draft.objects.filter(record=record, reviewer=reviewer)
    if version:
        return bool(mine.filter(version=version).update(**values))
    try:
        with transaction.atomic():
            Draft.objects.create(record=record, reviewer=reviewer, **values)
    except IntegrityError:
        return False
    return True


def _about(record_id: int, reviewer: Reviewer) -> str:
    return f"draft:{record_id}:{reviewer.pk}"
