"""Drafts: what somebody has typed at a record and not sent yet.

A draft is sealed under the project's key, because it was not sanitized: it comes back
to its writer only. Every save names the version it was based on, so that two tabs
cannot overwrite each other unseen. It belongs to the purpose and the round of the seat
at which it was typed: a blind repeat must not show what was typed the first time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from annotation.models import Claim, Draft, Project, Reviewer
from annotation.services.vault import vault_of
from netft_site.base.refusals import Refused

FIELDS = (
    "severity", "root_cause", "response", "confidence", "reason", "flag", "note",
)  # fmt: skip
"""What an answer says, why a ticket is passed on, what should be hidden in it, and the
note of somebody who stops."""
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


def load(*, claim: Claim) -> Typed:
    """Return what was typed at a seat, or one given back before; empty if nothing."""
    row = _drafts(claim).first()
    if row is None:
        return Typed()
    opened = vault_of(row.key_id).open(bytes(row.sealed), about=_about(claim))
    return Typed(row.version, json.loads(opened), row.updated_at)


@transaction.atomic
def save(
    *, claim: Claim, fields: Mapping[str, Any], version: int, now: datetime
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
    key_id = claim.project.key_id
    values = {
        "sealed": vault_of(key_id).seal(payload, about=_about(claim)),
        "key_id": key_id,
        "version": version + 1,
        "updated_at": now,
    }
    if not _write(claim, version, values):
        stored = load(claim=claim)
        if dict(stored.fields) == kept:
            return stored.version
        raise DraftConflict(stored)
    return version + 1


def keep(*, claim: Claim, fields: Mapping[str, Any], now: datetime) -> int:
    """Lay some fields over what was typed at a seat; return the new version.

    Raises:
        DraftConflict, DraftRefused: as `save`.
    """
    typed = load(claim=claim)
    laid_over = {**typed.fields, **fields}
    return save(claim=claim, fields=laid_over, version=typed.version, now=now)


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

    Over ``version``; without one, the other fields stay as they are. Returns the new
    version; none if the seat is somebody else's or its answer is in, and for whoever
    has been deactivated.

    Raises:
        DraftConflict, DraftRefused: as `save`.
    """
    mine = Claim.objects.filter(
        project=project,
        reviewer__user_id=user.pk or 0,
        reviewer__kind=Reviewer.Kind.HUMAN,
        reviewer__is_active=True,
    )
    claim = mine.select_related("project").filter(pk=claim_id).first()
    if claim is None or claim.is_done:
        return None
    if version is None:
        return keep(claim=claim, fields=fields, now=now)
    return save(claim=claim, fields=fields, version=version, now=now)


def drop(*, claim: Claim, name: str, now: datetime) -> None:
    """Empty one field of a seat's draft, which was sent; with the last the draft goes.

    Raises:
        DraftConflict: another tab saves at this moment.
    """
    typed = load(claim=claim)
    left = {**typed.fields, name: ""}
    if not typed.fields.get(name):
        return
    if any(left.values()):
        save(claim=claim, fields=left, version=typed.version, now=now)
    else:
        discard(claim=claim)


def discard(*, claim: Claim) -> bool:
    """Throw a seat's draft away; False when there was none."""
    return bool(_drafts(claim).delete()[0])


def purge(*, now: datetime) -> int:
    """Delete drafts that nobody has touched for `KEPT_DAYS`; return how many."""
    old = Draft.objects.filter(updated_at__lt=now - timedelta(days=KEPT_DAYS))
    return old.delete()[0]


def _drafts(claim: Claim) -> QuerySet[Draft]:
    return Draft.objects.filter(
        record=claim.record_id,
        reviewer=claim.reviewer_id,
        claim__purpose=claim.purpose,
        claim__round=claim.round,
    )


def _write(claim: Claim, version: int, values: dict[str, Any]) -> bool:
    stored = _drafts(claim).values_list("pk", flat=True).first()
    if stored is not None:
        mine = Draft.objects.filter(pk=stored, version=version)
        return bool(mine.update(**values))
    if version:
        return False
    try:
        with transaction.atomic():
            Draft.objects.create(
                claim=claim,
                record_id=claim.record_id,
                reviewer_id=claim.reviewer_id,
                **values,
            )
    except IntegrityError:
        return False
    return True


def _about(claim: Claim) -> str:
    return f"draft:{claim.record_id}:{claim.reviewer_id}"
