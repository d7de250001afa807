"""Rows made ready to store: sanitized, sealed and recognised. No database here.

This is where the time of an import goes, so it can run in helper processes: it needs a
key, not a configured Django. Helpers are used by the command line alone; a worker of
the task queue may not have children.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import wait
from typing import NamedTuple, Protocol

from annotation.domain.duplicates import fingerprint
from annotation.domain.importing.cleaning import Cleaner, CleanTicket
from annotation.domain.importing.threads import Entry
from annotation.domain.importing.tickets import Ticket
from annotation.domain.sanitize import Keyring, Knowledge, Sanitizer
from annotation.services.vault import Vault
from netft_site.base.collecting import calm_collector


class Recognised(NamedTuple):
    """A ticket with its id and the keyed hash of its raw text."""

    ticket: Ticket
    external_id: str
    raw_hmac: str


@dataclass(frozen=True)
class Prepared:
    """One ticket ready to store."""

    number: int
    clean: CleanTicket
    opened_at: datetime | None
    worked_by: tuple[str, ...]
    fingerprint: str
    raw_hmac: str
    raw_ciphertext: bytes


class Preparer:
    """Prepares the tickets of one project under its key."""

    def __init__(self, keyring: Keyring, project_id: int, sanitizer: Sanitizer) -> None:
        self._project_id = project_id
        self.vault = Vault(keyring)
        self.cleaner = Cleaner(sanitizer, self.vault.mac)

    def recognise(self, ticket: Ticket) -> Recognised:
        """Say what an earlier import of the ticket would be known by."""
        external_id = self.cleaner.external_id(ticket)
        return Recognised(ticket, external_id, self.vault.mac(ticket.texts()))

    def prepare(self, recognised: Sequence[Recognised]) -> list[Prepared]:
        """Sanitize and seal tickets."""
        return [self._one(*one) for one in recognised]

    def _one(self, ticket: Ticket, external_id: str, raw_hmac: str) -> Prepared:
        clean = self.cleaner.clean(ticket, external_id)
        text = f"{clean.title}\n\n{clean.body}".strip()
        return Prepared(
            number=ticket.number,
            clean=clean,
            opened_at=ticket.opened_at,
            worked_by=ticket.worked_by,
            fingerprint="" if clean.held else fingerprint(text),
            raw_hmac=raw_hmac,
            raw_ciphertext=self.vault.seal(
                raw_json(ticket), about=blob_name(self._project_id, clean.external_id)
            ),
        )


_encode = json.JSONEncoder(ensure_ascii=False).encode


def blob_name(project_id: int, external_id: str) -> str:
    """What the encrypted raw text of a record is bound to."""
    return f"record/{project_id}/{external_id}"


def raw_json(ticket: Ticket) -> bytes:
    """The whole raw ticket as it is sealed."""
    thread = [[e.text, _iso(e.at), e.role, e.private] for e in ticket.thread]
    whole = {**vars(ticket), "thread": thread, "opened_at": _iso(ticket.opened_at)}
    return _encode(whole).encode()


def ticket_of_raw(payload: bytes) -> Ticket:
    """Return the ticket that `raw_json` wrote."""
    whole = json.loads(payload)
    thread = [
        Entry(text, _moment(at), role, private)
        for text, at, role, private in whole["thread"]
    ]
    return Ticket(
        **{
            **whole,
            "thread": tuple(thread),
            "opened_at": _moment(whole["opened_at"]),
            "worked_by": tuple(whole["worked_by"]),
        }
    )


def _moment(iso: str | None) -> datetime | None:
    return datetime.fromisoformat(iso) if iso else None


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


class Prepare(Protocol):
    """Starts preparing; the result is collected later."""

    def __call__(self, tickets: Sequence[Recognised]) -> Future[list[Prepared]]: ...


def at_once(preparer: Preparer) -> Prepare:
    """Prepare in this process, at the call."""

    def call(tickets: Sequence[Recognised]) -> Future[list[Prepared]]:
        done: Future[list[Prepared]] = Future()
        done.set_result(preparer.prepare(tickets))
        return done

    return call


@contextmanager
def helpers(
    key: bytes, key_id: str, project_id: int, knowledge: Knowledge, count: int
) -> Iterator[Prepare]:
    """Prepare in `count` helper processes, which end with this one."""
    with ProcessPoolExecutor(
        max_workers=count,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_helper,
        initargs=(key, key_id, project_id, knowledge),
    ) as pool:
        yield lambda tickets: pool.submit(_prepare_in_helper, tickets)


_here: dict[str, Preparer] = {}


def _start_helper(
    key: bytes, key_id: str, project_id: int, knowledge: Knowledge
) -> None:
    calm_collector()
    keyring = Keyring(key, key_id)
    _here["preparer"] = Preparer(keyring, project_id, Sanitizer(keyring, knowledge))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _prepare_in_helper(tickets: Sequence[Recognised]) -> list[Prepared]:
    return _here["preparer"].prepare(tickets)


def _end_with_parent() -> None:
    """A helper whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
