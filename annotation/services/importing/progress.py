"""How far an import is, in numbers and in words."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from annotation.models import ImportBatch

_QUIET_AFTER = timedelta(minutes=1)


@dataclass(frozen=True)
class Progress:
    """Rows dealt with, of how many, and what came of them."""

    done: int
    total: int
    imported: int
    duplicate: int
    held: int
    rejected: int
    words: str
    over: bool
    quiet: bool

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self)


def describe(batch: ImportBatch, *, now: datetime) -> Progress:
    """Say where an import stands; `quiet` is one that has not moved for a minute."""
    running = batch.status == ImportBatch.Status.RUNNING
    last = batch.heartbeat_at or batch.created_at
    return Progress(
        done=batch.cursor,
        total=batch.total_rows or 0,
        imported=batch.imported,
        duplicate=batch.duplicate,
        held=batch.held,
        rejected=batch.rejected,
        words=f"{batch.cursor:,} of {batch.total_rows or 0:,} rows",
        over=batch.is_finished,
        quiet=running and now - last > _QUIET_AFTER,
    )
