"""CSV and TSV: the delimiter is found in the header, quoting is RFC 4180.

A row that is quoted wrongly is rejected alone. A quote that is never closed would
swallow every row after it, so that refuses the file.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from annotation.domain.importing.byte_lines import LINE_LIMIT, lines
from annotation.domain.importing.byte_source import ByteSource
from annotation.domain.importing.raw_row import RawRow
from annotation.domain.importing.refusals import FileRefused

_DELIMITERS = ",;\t|"
_COLUMN_LIMIT = 1000


def csv_rows(stream: ByteSource) -> Iterator[RawRow]:
    """Yield the rows of a CSV file whose delimiter is one of `, ; tab |`."""
    text = lines(stream)
    first = next(text, "")
    yield from _read(chain([first], text), sniff_delimiter(first))


def tsv_rows(stream: ByteSource) -> Iterator[RawRow]:
    """Yield the rows of a tab-separated file."""
    yield from _read(lines(stream), "\t")


def sniff_delimiter(header: str) -> str:
    """Return the delimiter that occurs most often in the header outside quotes."""
    outside = "".join(header.split('"')[::2])
    return max(_DELIMITERS, key=lambda char: (outside.count(char), char == ","))


def _read(text: Iterable[str], delimiter: str) -> Iterator[RawRow]:
    # The limit is the process's, not the reader's; it only ever grows here.
    csv.field_size_limit(max(csv.field_size_limit(), LINE_LIMIT))
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    columns: tuple[str, ...] = ()
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            _refuse_open_quote(error, number)
            if not columns:
                raise FileRefused(
                    "bad_header", "The header row is quoted wrongly."
                ) from error
            yield RawRow(number, {}, "the row is quoted wrongly")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if not columns:
            columns = header_names(cells)
        else:
            yield table_row(number, columns, cells)


def _refuse_open_quote(error: csv.Error, number: int) -> None:
    text = str(error)
    if "unexpected end of data" in text or "field larger" in text:
        raise FileRefused(
            "open_quote", f"A quote opened in row {number:,} is never closed."
        ) from error


def header_names(cells: Sequence[Any]) -> tuple[str, ...]:
    """Return stripped column names; a blank one is named by its place.

    Raises
    ------
    FileRefused
        bad_header, for more than 1,000 columns.
    """
    names = ["" if cell is None else str(cell).strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if len(names) > _COLUMN_LIMIT:
        raise FileRefused("bad_header", f"The header has {len(names):,} columns.")
    return tuple(name or f"column {place}" for place, name in enumerate(names, start=1))


def table_row(number: int, columns: Sequence[str], cells: Sequence[Any]) -> RawRow:
    """Join a row with its header; a repeated column becomes the list of its cells."""
    if any(_is_filled(cell) for cell in cells[len(columns) :]):
        return RawRow(number, {}, "the row has more cells than the header")
    named: dict[str, Any] = {}
    for name, cell in zip(columns, cells, strict=False):
        if name not in named:
            named[name] = cell
        elif _is_filled(cell):
            earlier = named[name]
            many = earlier if isinstance(earlier, list) else [earlier]
            named[name] = [*(value for value in many if _is_filled(value)), cell]
    return RawRow(number, named)


def _is_filled(cell: Any) -> bool:
    return cell is not None and str(cell).strip() != ""
