"""A file, whatever its format, as an encrypted spool of rows.

Staging reads the whole file once, before anything is stored: a wrong byte in the last
row refuses it all the same. The rows then lie in frames of one size of work, so an
import goes on at any row without reading what lies before, in any format.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from annotation.domain.importing.byte_source import ByteSource
from annotation.domain.importing.cells import column_names
from annotation.domain.importing.raw_row import RawRow
from annotation.domain.importing.refusals import FileRefused
from annotation.domain.importing.table import FileFormat, rows
from annotation.services.spool import Frame, SpoolReader, SpoolWriter, new_spool

FRAME_ROWS = 500
_FRAME_CHARS = 1 << 20
_COLUMN_LIMIT = 2000


@dataclass(frozen=True)
class Staged:
    """A staged file: where it lies, what was in it."""

    path: Path
    sha256: str
    size_bytes: int
    total_rows: int


def stage(stream: ByteSource, file_format: FileFormat) -> Staged:
    """Read a file into a new spool.

    Raises:
        FileRefused: anything wrong with the file as a whole; no spool is left.
    """
    source = _Hashing(stream)
    columns: dict[str, None] = {}
    total = 0
    with new_spool() as spool:
        for frame in _framed(_watched(rows(source, file_format), columns)):
            spool.write_frame("\n".join(frame).encode(), rows=len(frame))
            total += len(frame)
        while source.read(1 << 20):
            """The hash covers the file to its end, whatever the parser left."""
        _write_trailer(spool, columns)
    return Staged(spool.path, source.sha256, source.size, total)


def columns_of(path: Path) -> list[str]:
    """Return the raw column names of a staged file. They may hold ticket text."""
    return list(json.loads(SpoolReader(path).last())["columns"])


def staged_frames(path: Path, from_row: int) -> Iterator[Frame]:
    """Yield the frames with rows at and after `from_row`."""
    return (frame for frame in SpoolReader(path).frames(from_row) if frame.rows)


def rows_of(frame: Frame) -> list[RawRow]:
    """Decode the rows of a frame."""
    lines = frame.payload.decode().split("\n")
    return [RawRow(*json.loads(line)) for line in lines]


def first_rows(path: Path, count: int) -> list[RawRow]:
    """Return the first rows of a staged file."""
    every = (row for frame in staged_frames(path, 0) for row in rows_of(frame))
    return list(islice(every, count))


def _watched(found: Iterable[RawRow], columns: dict[str, None]) -> Iterator[RawRow]:
    """Pass rows on and note their columns in order of first appearance."""
    seen: set[tuple[str, ...]] = set()
    for row in found:
        names = tuple(column_names(row.cells))
        if names not in seen and len(columns) < _COLUMN_LIMIT:
            if len(seen) < _COLUMN_LIMIT:
                seen.add(names)
            columns.update(dict.fromkeys(names))
        yield row


def _framed(found: Iterable[RawRow]) -> Iterator[list[str]]:
    frame: list[str] = []
    size = 0
    for row in found:
        line = json.dumps([row.number, row.cells, row.problem])
        if frame and (len(frame) >= FRAME_ROWS or size + len(line) > _FRAME_CHARS):
            yield frame
            frame, size = [], 0
        frame.append(line)
        size += len(line)
    if frame:
        yield frame


def _write_trailer(spool: SpoolWriter, columns: dict[str, None]) -> None:
    if not columns:
        raise FileRefused("no_rows", "No row of the file can be read.")
    spool.write_frame(json.dumps({"columns": list(columns)}).encode())


class _Hashing:
    """A binary stream that counts and hashes what was read."""

    def __init__(self, stream: ByteSource) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()
        self.size = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        self._digest.update(data)
        self.size += len(data)
        return data

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()
