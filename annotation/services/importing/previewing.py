"""The first rows of a received file as they would be stored, before anything is.

People check a mapping on real rows; what they see has passed the sanitizer like
everything else. Nothing is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from annotation.domain.importing.cleaning import CleanTicket
from annotation.domain.importing.mapping import ColumnMap
from annotation.domain.importing.refusals import RowRejected
from annotation.domain.importing.tickets import ticket_of
from annotation.models import ImportBatch
from annotation.services import sanitizing
from annotation.services.importing.receiving import is_plain_column
from annotation.services.importing.staging import columns_of, first_rows

ROWS = 5


@dataclass(frozen=True)
class PreviewRow:
    """One row: what would be stored, or why it would not."""

    number: int
    ticket: CleanTicket | None = None
    opened_at: datetime | None = None
    column: str = ""
    reason: str = ""


def preview(*, batch: ImportBatch, mapping: ColumnMap) -> list[PreviewRow]:
    """Return the first five rows under a mapping, sanitized."""
    preparer = sanitizing.preparer_for(batch.project)
    shown: list[PreviewRow] = []
    for row in first_rows(Path(batch.spool_path), ROWS):
        try:
            ticket = ticket_of(row, mapping)
        except RowRejected as error:
            shown.append(
                PreviewRow(row.number, column=error.field, reason=error.reason)
            )
            continue
        clean = preparer.cleaner.clean(ticket, preparer.cleaner.external_id(ticket))
        shown.append(PreviewRow(row.number, clean, ticket.opened_at))
    return shown


def columns(*, batch: ImportBatch) -> list[tuple[str, bool]]:
    """Return the columns of a received file and whether each may be shown."""
    sanitizer = sanitizing.sanitizer_for(batch.project)
    return [
        (name, is_plain_column(name, sanitizer))
        for name in columns_of(Path(batch.spool_path))
    ]
