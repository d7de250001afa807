"""Which column fills which field: asked for, preset, or recognised.

A mapping is settled once for a file, against the columns the file has, and then
travels with the import. A column that was asked for and is not there refuses the file;
one that nobody asked for is left unread.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from annotation.domain.importing.fields import GATHERED, Candidates, folded
from annotation.domain.importing.refusals import FileRefused


@dataclass(frozen=True)
class ColumnMap:
    """Columns by field, and how the file writes moments.

    `zone` names the time zone of moments without one; `order` is "dmy", "mdy" or empty
    where day and month in figures are not to be guessed.
    """

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    zone: str = "UTC"
    order: str = ""

    @property
    def tzinfo(self) -> tzinfo:
        """The zone as an object."""
        return ZoneInfo(self.zone)

    def as_json(self) -> dict[str, Any]:
        """The mapping as it is stored; `from_json` reads it back."""
        columns = {name: list(columns) for name, columns in self.columns.items()}
        return {"columns": columns, "zone": self.zone, "order": self.order}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ColumnMap:
        """Read what `as_json` wrote."""
        columns = {k: tuple(v) for k, v in stored.get("columns", {}).items()}
        return cls(columns, stored.get("zone", "UTC"), stored.get("order", ""))

    @property
    def is_settled(self) -> bool:
        """Whether any column has been chosen."""
        return bool(self.columns)


def settle_mapping(
    found: Sequence[str],
    asked: Mapping[str, Sequence[str]],
    candidates: Candidates,
    required: Iterable[Sequence[str]],
) -> dict[str, tuple[str, ...]]:
    """Choose the columns of every field among the columns `found`.

    What is `asked` wins and must be there; other fields take the first candidate that
    the file has (gathered fields take all). Each group of `required` fields needs one
    that is filled. A column fills one field only.

    Raises
    ------
    FileRefused
        missing_column, with the columns found.
    """
    exact = {name: name for name in found}
    loose = {folded(name): name for name in reversed(found)}
    chosen: dict[str, tuple[str, ...]] = {}
    for name, columns in asked.items():
        chosen[name] = tuple(
            _asked_column(exact, loose, name, column, found) for column in columns
        )
    taken = {column for columns in chosen.values() for column in columns}
    for name, options in candidates.items():
        if name in chosen:
            continue
        present = [loose[folded(c)] for c in options if folded(c) in loose]
        free = [column for column in dict.fromkeys(present) if column not in taken]
        kept = free if name in GATHERED else free[:1]
        if kept:
            chosen[name] = tuple(kept)
            taken.update(kept)
    _check_required(chosen, required, found)
    return chosen


def _asked_column(
    exact: Mapping[str, str],
    loose: Mapping[str, str],
    name: str,
    column: str,
    found: Sequence[str],
) -> str:
    known = exact.get(column) or loose.get(folded(column))
    if known is None:
        raise FileRefused(
            "missing_column", f"The file has no column for {name} as asked.", found
        )
    return known


def _check_required(
    chosen: Mapping[str, tuple[str, ...]],
    required: Iterable[Sequence[str]],
    found: Sequence[str],
) -> None:
    for group in required:
        if not any(name in chosen for name in group):
            raise FileRefused(
                "missing_column",
                f"No column was recognised as {' or '.join(group)}.",
                found,
            )
