"""Add rows that came in one call, at once, with an answer for each.

This is the API's way in: the same cleaning, the same rules for duplicates and held
texts as a file, no spool and no chunks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from annotation.domain.importing.fields import SYNONYMS
from annotation.domain.importing.mapping import ColumnMap
from annotation.domain.importing.raw_row import RawRow
from annotation.domain.importing.refusals import RowRejected
from annotation.domain.importing.tickets import Ticket, ticket_of
from annotation.models import ImportBatch, Project
from annotation.services import sanitizing
from annotation.services.importing.outcomes import RowOutcome, RowStatus, tally
from annotation.services.importing.storing import Destination, set_known_aside, store

_OUR_NAMES = ColumnMap({name: (name,) for name in SYNONYMS})


def add(
    *,
    project: Project,
    rows: Sequence[Mapping[str, Any]],
    now: datetime,
    user: User | None = None,
    kind: str = "TICKET",
    origin: str = "REAL",
    as_batch: bool = False,
) -> list[RowOutcome]:
    """Store rows that are named by our fields; return one outcome a row, in order.

    Adding the same rows again adds nothing. With `as_batch` the call is noted as an
    import with its counts.
    """
    preparer = sanitizing.preparer_for(project)
    tickets, outcomes = _tickets(rows)
    fresh, known = set_known_aside(project, tickets, preparer)
    prepared = preparer.prepare(fresh)
    with transaction.atomic():
        project = Project.objects.select_for_update().get(pk=project.pk)
        batch = None
        if as_batch:
            batch = _batch(project, len(rows), kind, origin, user, now)
        stored = store(Destination(project, kind, origin, batch, now), prepared)
        outcomes += known + stored
        if batch:
            ImportBatch.objects.filter(pk=batch.pk).update(**tally(outcomes))
    return sorted(outcomes, key=lambda outcome: outcome.number)


def _tickets(
    rows: Sequence[Mapping[str, Any]],
) -> tuple[list[Ticket], list[RowOutcome]]:
    tickets: list[Ticket] = []
    rejected: list[RowOutcome] = []
    for number, row in enumerate(rows, start=1):
        try:
            tickets.append(ticket_of(RawRow(number, row), _OUR_NAMES))
        except RowRejected as error:
            rejected.append(
                RowOutcome(
                    number,
                    RowStatus.REJECTED,
                    column=error.field,
                    reason=error.reason,
                )
            )
    return tickets, rejected


def _batch(
    project: Project,
    count: int,
    kind: str,
    origin: str,
    user: User | None,
    now: datetime,
) -> ImportBatch:
    return ImportBatch.objects.create(
        project=project,
        source=ImportBatch.Source.API,
        record_kind=kind,
        origin=origin,
        status=ImportBatch.Status.DONE,
        cursor=count,
        total_rows=count,
        created_by=user,
        finished_at=now,
    )
