"""Why a file as a whole, or one of its rows, is not taken.

Messages name formats, limits, rows and fields, never what a cell holds. Column names
can be ticket text too (a file without a header), so they travel apart, in `columns`,
and are shown only after the caller has made them safe.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class FileRefused(ValueError):
    """A file that is not imported at all.

    `code` is for programs, `message` for people; `columns` are the raw names of the
    columns found, where they help.
    """

    def __init__(self, code: str, message: str, columns: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.columns = tuple(columns)


class RowRejected(ValueError):
    """A row that is not imported: which of our fields, and why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Reject:
    """One line of the rejects file: the row's number, a field or column, the reason."""

    row: int
    column: str
    reason: str
