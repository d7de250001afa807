"""XLSX: the first sheet that has rows, read cell by cell.

A workbook is a zip of XML, so its unpacked size is checked before anything is
unpacked; external entities are refused by defusedxml beneath openpyxl. Formulas count
by their last calculated value.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from openpyxl.utils.exceptions import InvalidFileException

from annotation.domain.importing.byte_lines import check_head
from annotation.domain.importing.byte_source import ByteSource
from annotation.domain.importing.delimited import header_names, table_row
from annotation.domain.importing.raw_row import RawRow
from annotation.domain.importing.refusals import FileRefused

PACKED_LIMIT = 32 << 20
UNPACKED_LIMIT = 64 << 20
_ENTRY_LIMIT = 2000
_UNREADABLE = (
    zipfile.BadZipFile,
    InvalidFileException,
    DefusedXmlException,
    ParseError,
    KeyError,
    ValueError,
    EOFError,
    NotImplementedError,
)


def xlsx_rows(stream: ByteSource) -> Iterator[RawRow]:
    """Yield the rows of the first filled sheet.

    Raises
    ------
    FileRefused
        empty_file, wrong_format, too_large or bad_workbook.
    """
    packed = stream.read(PACKED_LIMIT + 1)
    _check(packed)
    columns: tuple[str, ...] = ()
    for number, cells in _cells(packed):
        values = [_plain(cell) for cell in cells]
        if all(value is None for value in values):
            continue
        if not columns:
            columns = header_names(values)
        else:
            yield table_row(number, columns, values)


def _check(packed: bytes) -> None:
    if len(packed) > PACKED_LIMIT:
        raise FileRefused(
            "too_large",
            f"An Excel file may have {PACKED_LIMIT >> 20} MiB; save it as CSV.",
        )
    if not packed.startswith(b"PK"):
        check_head(packed[:64])
        raise FileRefused("wrong_format", "The file is not an Excel workbook (.xlsx).")
    try:
        entries = zipfile.ZipFile(BytesIO(packed)).infolist()
    except zipfile.BadZipFile as error:
        raise _bad_workbook() from error
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > UNPACKED_LIMIT or len(entries) > _ENTRY_LIMIT:
        raise FileRefused(
            "too_large",
            f"Unpacked, the workbook has {unpacked >> 20:,} MiB in {len(entries):,} "
            f"parts; {UNPACKED_LIMIT >> 20} MiB are allowed. Save it as CSV.",
        )


def _cells(packed: bytes) -> Iterator[tuple[int, Sequence[Any]]]:
    try:
        book = openpyxl.load_workbook(BytesIO(packed), read_only=True, data_only=True)
        for sheet in book.worksheets:
            sheet.reset_dimensions()
            filled = False
            for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
                filled = filled or any(cell is not None for cell in cells)
                yield number, cells
            if filled:
                return
    except _UNREADABLE as error:
        raise _bad_workbook() from error


def _bad_workbook() -> FileRefused:
    return FileRefused("bad_workbook", "The workbook is damaged and cannot be read.")


def _plain(cell: Any) -> Any:
    """Turn a cell into what JSON can hold; blank and error cells are None."""
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    if isinstance(cell, str):
        is_error = cell.startswith("#") and cell in (
            "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"
        )  # fmt: skip
        return None if is_error or not cell.strip() else cell
    return cell
