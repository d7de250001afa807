"""Prepared tickets into rows, in one transaction, never the same ticket twice.

A ticket is the same as a stored one when its external id and its text are, or when
its sanitized text is; a held ticket, which has no text, is compared by the keyed hash
of its raw text. A known id with another text is rejected: a record is never changed by
an import.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from annotation.domain.importing.cleaning import CleanTicket
from annotation.domain.importing.tickets import Ticket
from annotation.models import (
    ImportBatch,
    Involvement,
    KnownSecret,
    Project,
    Record,
    Reviewer,
    Sanitization,
)
from annotation.models.record import draw_lot
from annotation.services.importing.outcomes import RowOutcome, RowStatus
from annotation.services.preparing import Prepared, Preparer, Recognised
from annotation.services.text_indexing import indexed_together
from netft_site.base.bulk_insert import insert_many

CHANGED = "a record with this external_id exists with another text"


@dataclass(frozen=True)
class Destination:
    """Where tickets go and what they have in common."""

    project: Project
    kind: str
    origin: str
    batch: ImportBatch | None
    now: datetime


def known_outcome(
    number: int, external_id: str, raw_hmac: str, known: Mapping[str, tuple[int, str]]
) -> RowOutcome | None:
    """Return the end of a row whose external id is stored, None for a new one."""
    if external_id not in known:
        return None
    record_id, stored = known[external_id]
    if stored == raw_hmac:
        return RowOutcome(number, RowStatus.DUPLICATE, external_id, record_id)
    return RowOutcome(
        number, RowStatus.REJECTED, external_id, record_id, "external_id", CHANGED
    )


def known_records(
    project: Project, external_ids: Iterable[str]
) -> dict[str, tuple[int, str]]:
    """Return record id and hash of the raw text for the ids that are stored."""
    rows = Record.objects.of(project).with_external_ids(external_ids)
    return {
        external_id: (pk, raw_hmac or "")
        for external_id, pk, raw_hmac in rows.values_list(
            "external_id", "pk", "sanitization__raw_hmac"
        )
    }


def set_known_aside(
    project: Project, tickets: Sequence[Ticket], preparer: Preparer
) -> tuple[list[Recognised], list[RowOutcome]]:
    """Part tickets whose id is stored from new ones, before the costly work."""
    every = [preparer.recognise(ticket) for ticket in tickets]
    stored = known_records(project, (one.external_id for one in every))
    fresh: list[Recognised] = []
    known: list[RowOutcome] = []
    for one in every:
        number = one.ticket.number
        outcome = known_outcome(number, one.external_id, one.raw_hmac, stored)
        if outcome:
            known.append(outcome)
        else:
            fresh.append(one)
    return fresh, known


def store(destination: Destination, prepared: Sequence[Prepared]) -> list[RowOutcome]:
    """Store what is new. The caller holds the transaction and the project's lock."""
    sorting = _Sorting(destination.project, prepared)
    placed = [sorting.place(one) for one in prepared]
    fresh = sorting.fresh
    with indexed_together():
        insert_many(Record, [_record(destination, one) for one in fresh])
    ids = Record.objects.of(destination.project).ids_by_external_id(
        one.clean.external_id for one in fresh
    )
    kept = [(ids[one.clean.external_id], one) for one in fresh]
    insert_many(Sanitization, [_sanitization(destination, *pair) for pair in kept])
    _involve(kept)
    remember_secrets(destination.project, (one.clean for one in fresh))
    return [
        replace(outcome, record_id=ids[stored_as]) if stored_as else outcome
        for outcome, stored_as in placed
    ]


Placed = tuple[RowOutcome, str]
"""A row's end, and the external id of the record of this chunk that it led to."""


class _Sorting:
    """Tells new tickets from known ones, within the chunk and in the project."""

    def __init__(self, project: Project, prepared: Sequence[Prepared]) -> None:
        self.fresh: list[Prepared] = []
        records = Record.objects.of(project)
        ids = [one.clean.external_id for one in prepared]
        self._known = known_records(project, ids)
        self._texts = records.ids_by_fingerprint(one.fingerprint for one in prepared)
        self._texts |= records.held_ids_by_hmac(
            one.raw_hmac for one in prepared if one.clean.held
        )
        self._by_id: dict[str, Prepared] = {}
        self._by_text: dict[str, str] = {}

    def place(self, one: Prepared) -> Placed:
        """Decide the end of one ticket; a new one joins `fresh`."""
        external_id = one.clean.external_id
        known = known_outcome(one.number, external_id, one.raw_hmac, self._known)
        if known:
            return known, ""
        if external_id in self._by_id:
            return self._again(one)
        text = one.fingerprint or one.raw_hmac
        duplicate = RowOutcome(one.number, RowStatus.DUPLICATE, external_id)
        if text in self._texts:
            return replace(duplicate, record_id=self._texts[text]), ""
        if text in self._by_text:
            return duplicate, self._by_text[text]
        self._by_id[external_id] = one
        self._by_text[text] = external_id
        self.fresh.append(one)
        status = RowStatus.HELD if one.clean.held else RowStatus.IMPORTED
        return RowOutcome(one.number, status, external_id), external_id

    def _again(self, one: Prepared) -> Placed:
        """The id stood on an earlier row of the same chunk."""
        external_id = one.clean.external_id
        stored = {external_id: (0, self._by_id[external_id].raw_hmac)}
        outcome = known_outcome(one.number, external_id, one.raw_hmac, stored)
        assert outcome is not None  # noqa: S101  (the id is in the mapping)
        return outcome, external_id


def _record(destination: Destination, one: Prepared) -> dict[str, Any]:
    clean = one.clean
    first_state = Record.first_state(destination.kind, destination.origin)
    return {
        "project_id": destination.project.pk,
        "batch_id": destination.batch and destination.batch.pk,
        "kind": destination.kind,
        "origin": destination.origin,
        "external_id": clean.external_id,
        "title": clean.title,
        "body": clean.body,
        "thread": clean.thread,
        "resolution": clean.resolution,
        "category": clean.category,
        "vendor": clean.vendor,
        "device_type": clean.device_type,
        "site": clean.site,
        "opened_at": one.opened_at,
        "attributes": clean.attributes,
        "incident_key": clean.incident_key,
        "fingerprint": one.fingerprint,
        "state": str(Record.State.HELD if clean.held else first_state),
        "reviews_wanted": destination.project.reviews_wanted,
        "lot": draw_lot(),
        "created_at": destination.now,
    }


def _sanitization(
    destination: Destination, record_id: int, one: Prepared
) -> dict[str, Any]:
    """Raw text that was made safe expires; of a held ticket it is all there is."""
    held = one.clean.held
    lifetime = timedelta(days=settings.RAW_RETENTION_DAYS)
    states = Sanitization.State
    return {
        "record_id": record_id,
        "ruleset": one.clean.ruleset,
        "knowledge": destination.project.knowledge_version,
        "key_id": destination.project.key_id,
        "spans": one.clean.spans,
        "tripwires": one.clean.tripwires,
        "state": (states.HELD if held else states.CLEAN).value,
        "reason": one.clean.reason,
        "raw_ciphertext": one.raw_ciphertext,
        "raw_hmac": one.raw_hmac,
        "expires_at": None if held else destination.now + lifetime,
    }


def remember_secrets(project: Project, cleaned: Iterable[CleanTicket]) -> None:
    """Note the pseudonyms of secrets, so that an export can look for the secrets."""
    tokens = {token for clean in cleaned for token in clean.secret_tokens()}
    KnownSecret.objects.bulk_create(
        [KnownSecret(project=project, token=token) for token in sorted(tokens)],
        ignore_conflicts=True,
    )


def _involve(kept: Sequence[tuple[int, Prepared]]) -> None:
    """Note which reviewers worked a ticket, before their names are gone."""
    if not any(one.worked_by for _, one in kept):
        return
    reviewers = Reviewer.objects.people().ids_by_name()
    involved = {
        (record_id, reviewers[name.casefold()])
        for record_id, one in kept
        for name in one.worked_by
        if name.casefold() in reviewers
    }
    Involvement.objects.bulk_create(
        [Involvement(record_id=r, reviewer_id=who) for r, who in sorted(involved)]
    )
