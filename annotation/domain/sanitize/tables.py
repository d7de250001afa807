"""Secrets in columns: a table whose header names a credential.

Pipe, comma, semicolon, tab and aligned tables. A row belongs to the table while it
has as many cells as the header.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from annotation.domain.sanitize import values
from annotation.domain.sanitize.findings import Finding
from annotation.domain.sanitize.mentions import Mention, Promise, promise_of
from annotation.domain.sanitize.views import View
from annotation.domain.sanitize.words import WORDS

# What must be in a header that is so separated, and the separator.
_GAP = "  "
_SEPARATORS = (
    ("|", re.compile(r"\|")),
    ("\t", re.compile(r"\t")),
    (",", re.compile(r",")),
    (";", re.compile(r";")),
    (_GAP, re.compile(r"[ \t]{2,}")),
)
_NAME = re.compile(r"[\"']?[A-Za-z][\w .()#/-]{0,30}[\"']?")
# A table without borders needs one more header that tables of accounts have.
_COMPANIONS = WORDS["companions"]
_BGP = re.compile(r"\d{1,10}:\d{1,10}.*|[\d.]+|no-\w+|internet|local-as")
_RULER = re.compile(r"[\s|+:=-]+")
_HEADER_LIMIT = 1000
_SECRETS = (Promise.SECRET, Promise.COMMUNITY)


@dataclass(frozen=True, slots=True)
class _Table:
    separator: re.Pattern[str]
    width: int
    columns: dict[int, str]  # place of a secret column to the type of its values
    starts: tuple[int, ...]  # offsets in the line of all columns, if aligned by spaces


def find_columns(view: View, mentions: Sequence[Mention]) -> Iterator[Finding]:
    """Yield the cells under headers such as `password` or `snmp community`."""
    position = 0
    for mention in mentions:
        if mention.line_start < position or mention.promise is Promise.MAYBE:
            continue
        position = mention.line_end + 1
        table = _table_under(view.text, mention)
        if table is not None:
            # Rows of a table are not tried as headers again.
            found, position = _rows(view.text, table, position)
            yield from found


def _table_under(text: str, mention: Mention) -> _Table | None:
    header = text[mention.line_start : mention.line_end]
    if len(header) > _HEADER_LIMIT:
        return None
    for sign, separator in _SEPARATORS:
        if sign not in header:
            continue
        ranges = _cells(separator, header, 0)
        names = [header[a:b] for a, b in ranges]
        if len(names) < 2 or not all(map(_is_name, names)):
            continue
        if sign != "|" and not any(map(_is_companion, names)):
            continue
        columns = {at: kind for at, name in enumerate(names) if (kind := _kind(name))}
        if columns:
            starts = tuple(a for a, _ in ranges) if sign == _GAP else ()
            return _Table(separator, len(names), columns, starts)
    return None


def _rows(text: str, table: _Table, start: int) -> tuple[list[Finding], int]:
    """Return the secrets of the table whose rows begin at `start`, and its end."""
    found: list[Finding] = []
    while start < len(text):
        newline = text.find("\n", start)
        end = len(text) if newline < 0 else newline
        line = text[start : min(end, start + _HEADER_LIMIT)]
        if not _RULER.fullmatch(line):
            cells = _cells(table.separator, line, start)
            if len(cells) != table.width:
                cells = _aligned(table, cells, start)
            if not cells:
                break
            for at, kind in table.columns.items():
                low, high = values.trim(text, *cells[at])
                if _is_value(text[low:high], kind):
                    found.append(Finding(low, high, kind, "table-column"))
        start = end + 1
    return found, start


def _aligned(
    table: _Table, cells: Sequence[tuple[int, int]], start: int
) -> list[tuple[int, int]]:
    """Return the cells of a row with empty ones, by the columns' offsets; none if it
    does not follow them.
    """
    placed = [(start, start)] * len(table.starts)
    for cell in cells:
        column = bisect_right(table.starts, cell[0] - start) - 1
        if column < 0 or cell[0] - start > table.starts[column] + 1:
            return []
        placed[column] = cell
    return placed if len(cells) > 1 else []


def _is_value(cell: str, kind: str) -> bool:
    if kind == "snmp" and _BGP.fullmatch(cell):
        return False
    return (
        bool(cell)
        and not values.is_placeholder(cell)
        and not values.is_plain_word(cell)
    )


def _is_name(cell: str) -> bool:
    return not cell or _NAME.fullmatch(cell) is not None


def _is_companion(name: str) -> bool:
    return name.strip("\"'").lower().replace(" ", "-") in _COMPANIONS


def _kind(cell: str) -> str | None:
    promise = promise_of(cell.strip("\"'").replace(" ", "-"))
    if promise not in _SECRETS:
        return None
    return "snmp" if "ommunit" in cell else "cred"


def _cells(separator: re.Pattern[str], line: str, offset: int) -> list[tuple[int, int]]:
    """Return the cells' ranges, without margins and outer borders."""
    low, high = 0, len(line.rstrip())
    low += len(line) - len(line.lstrip())
    if line.startswith("|", low):
        low += 1
    if high > low and line.endswith("|", low, high):
        high -= 1
    bounds = [low]
    for match in separator.finditer(line, low, high):
        bounds += [match.start(), match.end()]
    bounds.append(high)
    return [
        _stripped(line, offset, start, end)
        for start, end in zip(bounds[::2], bounds[1::2], strict=True)
    ]


def _stripped(line: str, offset: int, start: int, end: int) -> tuple[int, int]:
    while start < end and line[start].isspace():
        start += 1
    while end > start and line[end - 1].isspace():
        end -= 1
    return offset + start, offset + end
