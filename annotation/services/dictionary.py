"""The project's dictionary: names that are replaced wherever they stand.

Names are sealed under the project's key and recognised by a keyed hash. Nothing here
quotes a name: refusals name lines, logs and histories name rows.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from annotation.domain.importing.byte_source import ByteSource
from annotation.domain.importing.delimited import csv_rows
from annotation.domain.importing.raw_row import RawRow
from annotation.domain.importing.refusals import FileRefused
from annotation.domain.sanitize import Context
from annotation.domain.sanitize.identity import Dictionary
from annotation.domain.sanitize.pseudonyms import Keyring, canonical
from annotation.domain.sanitize.views import view
from annotation.models import Project, Term
from annotation.services import knowledge
from annotation.services.vault import Vault, keyring_of
from netft_site.base.refusals import Refused

LONGEST = 200
MOST_AT_ONCE = 20_000
_SHORTEST = 2
_LINES_TOLD = 10
_TYPES = {
    Term.Kind.CUSTOMER: "customer",
    Term.Kind.ALIAS: "customer",
    Term.Kind.PERSON: "person",
    Term.Kind.USER: "user",
    Term.Kind.HOSTNAME: "hostname",
}
_KINDS = {str(kind.value): kind for kind in Term.Kind} | {
    "customer": Term.Kind.CUSTOMER,
    "alias": Term.Kind.ALIAS,
    "person": Term.Kind.PERSON,
    "user": Term.Kind.USER,
    "account": Term.Kind.USER,
    "hostname": Term.Kind.HOSTNAME,
    "host": Term.Kind.HOSTNAME,
}
_COLUMNS = ("kind", "name")

_log = logging.getLogger(__name__)


class TermsRefused(Refused):
    """Names that are not taken; none of them is."""


@dataclass(frozen=True)
class Added:
    """How many names are new, and how many were in force already."""

    added: int
    known: int


class _Entry(NamedTuple):
    line: int
    kind: Term.Kind
    name: str


_Mark = tuple[Term.Kind, str]
"""A name's kind and keyed hash."""


@sensitive_variables("names", "entries")
def add_terms(
    *, project: Project, kind: str, names: Sequence[str], by: User | None
) -> Added:
    """Add names of one kind, one a line; blank lines are passed over.

    Raises:
        TermsRefused: unknown_kind, no_names, too_many_names, name_too_long,
            name_too_short or name_never_found; nothing is added then.
        VaultRefused: the project's key is not in this process's environment.
    """
    found = _KINDS.get(kind)
    if found is None:
        raise TermsRefused("unknown_kind", "There is no such kind of name.")
    entries = [
        _Entry(line, found, " ".join(name.split()))
        for line, name in enumerate(names, start=1)
    ]
    return _add(project, [entry for entry in entries if entry.name], by)


@sensitive_variables("entries")
def import_terms(*, project: Project, stream: ByteSource, by: User | None) -> Added:
    """Add the names of a CSV file with the columns `kind` and `name`.

    Raises:
        TermsRefused: as `add_terms`; or bad_columns, or what is wrong with the file.
        VaultRefused: the project's key is not in this process's environment.
    """
    try:
        entries = [_entry(row) for row in csv_rows(stream)]
    except FileRefused as refusal:
        raise TermsRefused(refusal.code, refusal.message) from refusal
    return _add(project, [entry for entry in entries if entry.name], by)


@transaction.atomic
def withdraw_term(*, term: Term, by: User | None, now: datetime) -> None:
    """Let a name stand in what is sanitized from now on; twice changes nothing."""
    rows = Term.objects.in_force().filter(pk=term.pk)
    if rows.update(withdrawn_at=now):
        knowledge.bump(term.project)
        _log.info("term %s withdrawn by user %s", term.pk, by and by.pk)
    term.refresh_from_db(fields=["withdrawn_at"])


@sensitive_variables("name")
def find_terms(*, projects: Iterable[Project], name: str) -> list[str]:
    """Return the keyed hashes under which a name would stand in these projects.

    Whoever looks for a name sends these, never the name itself.
    """
    plain = " ".join(name.split())
    found: set[str] = set()
    for key_id in {project.key_id for project in projects} if plain else ():
        keyring = keyring_of(key_id)
        found.update(_hash(keyring, kind, plain) for kind in Term.Kind)
    return sorted(found)


@sensitive_variables("entries", "named", "entry")
def _add(project: Project, entries: Sequence[_Entry], by: User | None) -> Added:
    _check(entries)
    keyring = keyring_of(project.key_id)
    named: dict[_Mark, str] = {}
    for entry in entries:
        mark = entry.kind, _hash(keyring, entry.kind, entry.name)
        named.setdefault(mark, entry.name)
    with transaction.atomic():
        project = Project.objects.select_for_update().get(pk=project.pk)
        fresh = _not_in_force(project, named)
        about, vault = knowledge.term_name(project.pk), Vault(keyring)
        Term.objects.bulk_create(
            [
                Term(
                    project=project,
                    kind=kind,
                    ciphertext=vault.seal(named[kind, value].encode(), about=about),
                    value_hmac=value,
                    added_by=by,
                )
                for kind, value in fresh
            ],
            batch_size=500,
        )
        if fresh:
            knowledge.bump(project)
    _log.info("%s terms added to project %s", len(fresh), project.pk)
    return Added(len(fresh), len(entries) - len(fresh))


def _not_in_force(project: Project, marks: Iterable[_Mark]) -> list[_Mark]:
    rows = Term.objects.of(project).in_force().order_by()
    known = set(rows.values_list("kind", "value_hmac"))
    return [mark for mark in marks if mark not in known]


def _hash(keyring: Keyring, kind: Term.Kind, name: str) -> str:
    return keyring.keyed_hash("term", canonical(_TYPES[kind], name))


def _entry(row: RawRow) -> _Entry:
    if row.problem:
        raise TermsRefused("bad_row", f"Row {row.number}: {row.problem}.")
    cells = {str(name).strip().lower(): cell for name, cell in row.cells.items()}
    if not cells.keys() >= set(_COLUMNS):
        raise TermsRefused(
            "bad_columns", "The file needs a header with the columns kind and name."
        )
    kind = _KINDS.get(str(cells["kind"]).strip().lower())
    if kind is None:
        raise TermsRefused(
            "unknown_kind",
            f"Row {row.number}: the kind is none of {', '.join(Term.Kind.values)}.",
        )
    return _Entry(row.number, kind, " ".join(str(cells["name"]).split()))


@sensitive_variables("entries")
def _check(entries: Sequence[_Entry]) -> None:
    if not entries:
        raise TermsRefused("no_names", "There is no name to add.")
    if len(entries) > MOST_AT_ONCE:
        raise TermsRefused("too_many_names", f"At most {MOST_AT_ONCE:,} names at once.")
    _refuse(
        "name_too_long",
        f"longer than {LONGEST} characters",
        (entry.line for entry in entries if len(entry.name) > LONGEST),
    )
    _refuse(
        "name_too_short",
        "a name needs two letters or digits",
        (e.line for e in entries if sum(map(str.isalnum, e.name)) < _SHORTEST),
    )
    _refuse(
        "name_never_found",
        "the sanitizer would not find this name in a text",
        _never_found(entries),
    )


def _refuse(code: str, reason: str, lines: Iterable[int]) -> None:
    found = sorted(lines)
    if found:
        told = ", ".join(map(str, found[:_LINES_TOLD]))
        more = f" and {len(found) - _LINES_TOLD} more" * (len(found) > _LINES_TOLD)
        word = "Line" if len(found) == 1 else "Lines"
        raise TermsRefused(code, f"{word} {told}{more}: {reason}. Nothing was added.")


@sensitive_variables("entries", "names")
def _never_found(entries: Sequence[_Entry]) -> Iterator[int]:
    """Yield the lines of names that the engine would not find where they stand alone.

    Asked of the engine itself, so that no name is stored that does nothing.
    """
    by_kind = sorted(entries, key=lambda entry: entry.kind)
    for kind, group in groupby(by_kind, key=lambda entry: entry.kind):
        some = list(group)
        names = tuple(entry.name for entry in some)
        dictionary = Dictionary(Context(**{str(kind): names}))
        yield from (e.line for e in some if not _is_found(dictionary, e.name))


def _is_found(dictionary: Dictionary, name: str) -> bool:
    seen = view(name)
    letters = sum(map(str.isalnum, seen.text))
    return any(
        sum(map(str.isalnum, seen.text[found.start : found.end])) == letters
        for found in dictionary.find(seen)
    )
