"""Rows out of files: the formats and the one entrance to their parsers.

`rows` picks the parser and yields `RawRow`s in file order.
What is wrong with the file as a whole is raised, what is wrong with one row travels
in it, so that good rows are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum

from annotation.domain.importing.byte_source import ByteSource
from annotation.domain.importing.delimited import csv_rows, tsv_rows
from annotation.domain.importing.json_rows import json_rows, jsonl_rows
from annotation.domain.importing.raw_row import RawRow
from annotation.domain.importing.refusals import FileRefused
from annotation.domain.importing.workbook import xlsx_rows


class FileFormat(StrEnum):
    """The file formats that can be read."""

    CSV = "CSV"
    TSV = "TSV"
    JSON = "JSON"
    JSONL = "JSONL"
    XLSX = "XLSX"


_ENDINGS = {
    ".csv": FileFormat.CSV,
    ".txt": FileFormat.CSV,
    ".tsv": FileFormat.TSV,
    ".tab": FileFormat.TSV,
    ".json": FileFormat.JSON,
    ".jsonl": FileFormat.JSONL,
    ".ndjson": FileFormat.JSONL,
    ".xlsx": FileFormat.XLSX,
}
_PARSERS: dict[FileFormat, Callable[[ByteSource], Iterator[RawRow]]] = {
    FileFormat.CSV: csv_rows,
    FileFormat.TSV: tsv_rows,
    FileFormat.JSON: json_rows,
    FileFormat.JSONL: jsonl_rows,
    FileFormat.XLSX: xlsx_rows,
}


def format_of(file_name: str) -> FileFormat:
    """Tell the format by the file name's ending.

    Raises
    ------
    FileRefused
        unknown_format.
    """
    ending = file_name[file_name.rfind(".") :].lower() if "." in file_name else ""
    found = _ENDINGS.get(ending)
    if found is None:
        raise FileRefused(
            "unknown_format",
            "The file name must end in .csv, .tsv, .json, .jsonl or .xlsx.",
        )
    return found


def rows(stream: ByteSource, file_format: FileFormat) -> Iterator[RawRow]:
    """Yield the rows of a file.

    Raises
    ------
    FileRefused
        While iterating, on anything wrong with the file as a whole; empty_file also
        where there is a header and no row.
    """
    number = 0
    for number, row in enumerate(_PARSERS[file_format](stream), start=1):  # noqa: B007
        yield row
    if not number:
        raise FileRefused("empty_file", "The file holds no rows.")
