"""Identifiers under the header of a table that a device printed.

`catalog/columns.toml` names the headers. A row belongs to the table until an empty
line; a value is the word under its header's name, however columns are aligned.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from annotation.domain.sanitize.checks import CHECKS
from annotation.domain.sanitize.findings import Finding
from annotation.domain.sanitize.literals import Places
from annotation.domain.sanitize.views import View

_CATALOG = Path(__file__).parent / "catalog" / "columns.toml"
_ROWS = 5000
_WORD = re.compile(r"\S+")
_NUMBER = re.compile(r"(?<![\d.:])[1-9]\d{0,9}(?![\d.:])")


@dataclass(frozen=True, slots=True)
class Column:
    """One catalogue entry, compiled; its fields are explained in the catalogue."""

    name: str
    type: str
    hint: str
    header: re.Pattern[str]
    check: str
    rest: bool
    matches: tuple[str, ...]
    clean: tuple[str, ...]


def load_columns() -> tuple[Column, ...]:
    """Compile the catalogue of columns."""
    entries = tomllib.loads(_CATALOG.read_text("utf-8"))["column"]
    return tuple(
        Column(
            name=entry["name"],
            type=entry["type"],
            hint=entry["hint"],
            header=re.compile(entry["header"]),
            check=entry.get("check", ""),
            rest=entry.get("rest", False),
            matches=tuple(entry["matches"]),
            clean=tuple(entry["clean"]),
        )
        for entry in entries
    )


COLUMNS = load_columns()
HINTS = frozenset(column.hint for column in COLUMNS)
"""Literals, in lower case, that stand in the headers."""


def find_under_headers(view: View, places: Places) -> Iterator[Finding]:
    """Yield the identifiers of every known column of `view`."""
    for column in COLUMNS:
        position = 0
        for at in places.get(column.hint, ()):
            if at < position:
                continue
            start = view.text.rfind("\n", 0, at) + 1
            header = column.header.match(view.text, start)
            if header:
                place = header.start("h") - start, header.end("h") - start
                position = header.end()
                yield from _under(column, view.text, position, place)


def _under(
    column: Column, text: str, position: int, place: tuple[int, int]
) -> Iterator[Finding]:
    """Yield the values of the rows below `position`, the end of a header."""
    for _ in range(_ROWS):
        start = position + 1
        if start >= len(text):
            return
        position = text.find("\n", start)
        position = len(text) if position < 0 else position
        line = text[start:position]
        if not line.strip():
            return
        for low, high in _cells(column, line, place):
            yield Finding(start + low, start + high, column.type, column.name)


def _cells(
    column: Column, line: str, place: tuple[int, int]
) -> Iterator[tuple[int, int]]:
    if column.rest:
        # Numbers that begin left of the header still belong to the column before it.
        for number in _NUMBER.finditer(line, place[0]):
            if line[place[0] - 1 : place[0]] in (" ", "") or number.start() > place[0]:
                yield number.span()
        return
    for word in _WORD.finditer(line):
        if word.start() < place[1] and word.end() > place[0]:
            # A word of letters may be one of a summary line or of a phrase.
            if not word[0].isalpha() and CHECKS[column.check](word[0]):
                yield word.span()
            return
