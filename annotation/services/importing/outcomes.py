"""What became of a row: the words that counts, results and reports share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class RowStatus(StrEnum):
    """The four ends of a row."""

    IMPORTED = "imported"
    DUPLICATE = "duplicate"
    HELD = "held"
    REJECTED = "rejected"


@dataclass(frozen=True)
class RowOutcome:
    """One row's end; `record_id` is the stored record, old or new."""

    number: int
    status: RowStatus
    external_id: str = ""
    record_id: int | None = None
    column: str = ""
    reason: str = ""


def tally(outcomes: Iterable[RowOutcome]) -> dict[str, int]:
    """Count outcomes by status, all four named."""
    counts = Counter(outcome.status for outcome in outcomes)
    return {status.value: counts[status] for status in RowStatus}
