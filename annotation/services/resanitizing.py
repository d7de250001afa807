"""Sanitize stored records again under what the project knows now.

While the raw text is in the vault the whole ticket is cleaned anew; afterwards only the
gaps of the stored text are searched. Either way a value that stood in the stored text
and was replaced now is a leak, and is written down. A record whose ruleset and
knowledge are the present ones is left alone: the others are the queue, so that work
goes on where it was broken off, and doing it twice changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from annotation.domain.importing.cleaning import Cleaner, CleanTicket
from annotation.domain.importing.recleaning import Fresh, Recleaner, noting_taken
from annotation.domain.importing.tickets import Ticket
from annotation.domain.sanitize import RULESET, TAKEN
from annotation.models import (
    Leak,
    Project,
    Record,
    Sanitization,
    SanitizingEvent,
)
from annotation.services import sanitizing, stored_texts
from annotation.services.preparing import blob_name, ticket_of_raw
from annotation.services.unreadable import Unreadable
from annotation.services.vault import VaultRefused
from netft_site.base.enqueue import enqueue

TASK = "annotation.tasks.resanitizing.resanitize"
_LOOKED_UP = 100
_CAUSES = {"missed": Leak.Cause.MISSED, "dictionary": Leak.Cause.DICTIONARY}


@dataclass(frozen=True)
class Outcome:
    """What became of one record: `reason` says why it is held.

    Where it is unreadable, the stored text was searched all the same.
    """

    held: bool = False
    reason: str = ""
    fresh: tuple[Fresh, ...] = ()
    is_unreadable: bool = False


@dataclass
class Tools:
    """What a project cleans with at one version of its knowledge."""

    project: Project
    version: int = field(init=False)

    def __post_init__(self) -> None:
        # Read first: knowledge added meanwhile makes the record outdated once more.
        self.version = Project.objects.knowledge_version_of(self.project)
        sanitizer = sanitizing.sanitizer_for(self.project)
        preparer = sanitizing.preparer_for(self.project)
        self.vault, self.whole = preparer.vault, preparer.cleaner
        self.taking = Cleaner(sanitizer.taking_wires(), self.vault.mac)
        self.gaps = Recleaner(sanitizer)

    def raw(self, row: Sanitization) -> Ticket | None:
        """Open a record's raw text; None where it is gone or has expired.

        Raises:
            VaultRefused: it is there and cannot be opened.
        """
        if not stored_texts.raw_is_kept(row, timezone.now()):
            return None
        about = blob_name(self.project.pk, row.record.external_id)
        blob = bytes(row.raw_ciphertext or b"")
        return ticket_of_raw(self.vault.open(blob, about=about))


def start(*, project: Project) -> None:
    """Queue the sanitizing again of what is outdated in a project."""
    enqueue(TASK, project.pk)


def run(
    *, project_id: int, seconds: float, unreadable: Unreadable | None = None
) -> int:
    """Sanitize outdated records for some seconds; return how many were looked at.

    Each record is a transaction of its own. 0: all but `unreadable` is up to date.
    """
    project = Project.objects.get(pk=project_id)
    unreadable = unreadable or Unreadable()
    until = time.monotonic() + seconds
    tools = Tools(project)
    queue = Sanitization.objects.outdated(project).order_by("pk")
    queue = queue.filter(pk__gt=unreadable.last)
    chunk = list(queue.values_list("pk", "record_id")[:_LOOKED_UP])
    # A note that is added from now on is sanitized under what is known now.
    noted = stored_texts.with_notes(record_id for _, record_id in chunk)
    done = 0
    for pk, record_id in chunk:
        with transaction.atomic():
            row = _locked(pk)
            if row is not None and _is_outdated(row, tools):
                outcome = again(tools=tools, row=row, has_notes=record_id in noted)
                if outcome.is_unreadable:
                    unreadable.add(pk)
        done += 1
        if time.monotonic() > until:
            break
    return done


def run_to_end(*, project: Project) -> int:
    """Sanitize everything outdated in this process; return how many were looked at.

    Raises:
        RawUnreadable: some raw text cannot be opened; all else is up to date.
    """
    total, unreadable = 0, Unreadable()
    while done := run(project_id=project.pk, seconds=60, unreadable=unreadable):
        total += done
    unreadable.raise_if_any(project.pk)
    return total


def outdated_projects() -> list[int]:
    """Return the active projects with records that are not up to date.

    Without a project's key in this process's environment nothing can be done for it.
    """
    return [
        project.pk
        for project in Project.objects.active()
        if project.key_id in settings.PSEUDONYM_KEYS
        and Sanitization.objects.outdated(project).exists()
    ]


def resanitize(
    *,
    record: Record,
    by: User | None = None,
    take_wires: bool = False,
) -> Outcome:
    """Sanitize one record now, whatever its state. The caller holds the transaction.

    With `take_wires` the values for which its text would be held are replaced.
    """
    row = Sanitization.objects.select_for_update().select_related("record").get(
        record=record
    )  # fmt: skip
    return again(tools=Tools(record.project), row=row, by=by, take_wires=take_wires)


def again(
    *,
    tools: Tools,
    row: Sanitization,
    by: User | None = None,
    take_wires: bool = False,
    has_notes: bool = True,
) -> Outcome:
    """Sanitize a locked record with given tools, in the caller's transaction."""
    now = timezone.now()
    row.record.project = tools.project
    before = stored_texts.read(row)
    ticket, is_unreadable = _opened(tools, row)
    version = row.knowledge if is_unreadable else tools.version
    if row.state == Sanitization.State.HELD:
        clean, fresh = _from_hold(tools, row, ticket, take_wires), list[Fresh]()
    else:
        found = tools.gaps.again(before)
        clean, fresh = _anew(tools, row, ticket, found.ticket), found.fresh
        fresh = _really(fresh, clean)
    if has_notes:
        fresh += stored_texts.reclean_notes(row.record_id, tools.gaps)
    if is_unreadable:
        clean = replace(clean, ruleset=row.ruleset)
    changed = stored_texts.write(row, clean, version=version, now=now)
    leaks = _note_leaks(row, before, fresh)
    if changed or leaks:
        _tell(row.record_id, by, clean, leaks)
    return Outcome(clean.held, clean.reason, tuple(fresh), is_unreadable)


def _opened(tools: Tools, row: Sanitization) -> tuple[Ticket | None, bool]:
    """Return the raw ticket, and whether it is there but cannot be opened."""
    try:
        return tools.raw(row), False
    except VaultRefused:
        return None, True


def _from_hold(
    tools: Tools, row: Sanitization, ticket: Ticket | None, take_wires: bool
) -> CleanTicket:
    external_id = row.record.external_id
    if ticket is None:
        return _still_held(row)
    clean = tools.whole.clean(ticket, external_id)
    if clean.held and take_wires:
        clean = noting_taken(tools.taking.clean(ticket, external_id))
    return clean


def _still_held(row: Sanitization) -> CleanTicket:
    return CleanTicket(
        row.record.external_id, ruleset=RULESET, held=True, reason=row.reason
    )


def _anew(
    tools: Tools, row: Sanitization, ticket: Ticket | None, gaps: CleanTicket
) -> CleanTicket:
    """Return what a record with text should show now.

    What people worked with, or let out of hold, keeps its text: the values for which
    it would be held are replaced.
    """
    gaps = replace(gaps, ruleset=RULESET)
    if ticket is None:
        return gaps
    external_id = row.record.external_id
    clean = tools.whole.clean(ticket, external_id)
    if not clean.held or _may_be_held(row):
        return clean
    taken = tools.taking.clean(ticket, external_id)
    return gaps if taken.held else noting_taken(taken)


def _may_be_held(row: Sanitization) -> bool:
    record = row.record
    return (
        record.state in (Record.State.OPEN, Record.State.REFERENCE)
        and not was_released(row)
        and not record.reviews.exists()
        and not record.verdicts.exists()
    )


def was_released(row: Sanitization) -> bool:
    """Say whether a value was replaced only because the text was held for it."""
    return any(place[3] == TAKEN for spans in row.spans.values() for place in spans)


def _really(fresh: Iterable[Fresh], clean: CleanTicket) -> list[Fresh]:
    """Leave out what only the gaps' search took: a false alarm in its own line."""
    if clean.held:
        return list(fresh)
    shown = stored_texts.all_text(clean)
    return [one for one in fresh if one.token in shown]


def _note_leaks(row: Sanitization, before: CleanTicket, fresh: list[Fresh]) -> int:
    values = dict.fromkeys(fresh)
    Leak.objects.bulk_create(
        Leak(
            record_id=row.record_id,
            cause=_cause(one.rule),
            span_type=one.type,
            rule=one.rule[:80],
            token=one.token[:120],
            ruleset_before=before.ruleset,
            ruleset_after=RULESET,
        )
        for one in values
    )
    return len(values)


def _cause(rule: str) -> Leak.Cause:
    if rule.startswith("own:"):
        return Leak.Cause.RULE
    return _CAUSES.get(rule, Leak.Cause.RULESET)


def _tell(record_id: int, by: User | None, clean: CleanTicket, leaks: int) -> None:
    found = f"{leaks} value{'' if leaks == 1 else 's'} newly replaced"
    SanitizingEvent.objects.create(
        record_id=record_id,
        kind=SanitizingEvent.Kind.RESANITIZED,
        by=by,
        reason=f"held: {clean.reason}" if clean.held else found,
    )


def _locked(pk: int) -> Sanitization | None:
    rows = Sanitization.objects.select_for_update().select_related("record")
    return rows.filter(pk=pk).first()


def _is_outdated(row: Sanitization, tools: Tools) -> bool:
    return row.ruleset != RULESET or row.knowledge < tools.version
