"""JSON and JSON Lines, streamed: one object is one row.

A JSON file is an array of objects, or an object that holds one under `records`,
`result`, `results`, `issues`, `items` or `data`. Only the object being read is in
memory, and it may not pass the line limit.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any, NoReturn

import ijson
from ijson.common import ObjectBuilder

from annotation.domain.importing.byte_lines import (
    CHUNK,
    LINE_LIMIT,
    check_head,
    lines,
    wrong_byte,
)
from annotation.domain.importing.byte_source import ByteSource
from annotation.domain.importing.raw_row import RawRow
from annotation.domain.importing.refusals import FileRefused

_CONTAINERS = frozenset({"records", "result", "results", "issues", "items", "data"})
_DEPTH_LIMIT = 64


def jsonl_rows(stream: ByteSource) -> Iterator[RawRow]:
    """Yield one row a line; blank lines are passed over."""
    for number, line in enumerate(lines(stream), start=1):
        if line.strip():
            yield _line_row(number, line)


def json_rows(stream: ByteSource) -> Iterator[RawRow]:
    """Yield the objects of the file's array.

    Raises
    ------
    FileRefused
        no_array, bad_json, line_too_long, wrong_encoding and what the head gives away.
    """
    source = _Utf8Source(stream)
    events = ijson.basic_parse(source, use_float=True, buf_size=CHUNK)
    try:
        _enter_array(events)
        for number, (event, value) in enumerate(events, start=1):
            if event == "end_array":
                break
            source.item_starts()
            yield _item_row(number, event, value, events)
        for _rest in events:
            source.item_starts()
    except (ijson.JSONError, UnicodeDecodeError) as error:
        _refuse_json(error)


def _line_row(number: int, line: str) -> RawRow:
    try:
        value = _DECODER.decode(line)
    except (ValueError, RecursionError):
        return RawRow(number, {}, "the line is not valid JSON")
    return _row(number, value)


def _row(number: int, value: Any) -> RawRow:
    if not isinstance(value, dict):
        return RawRow(number, {}, "the row is not a JSON object")
    return RawRow(number, value)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def _enter_array(events: Iterator[tuple[str, Any]]) -> None:
    """Move to the first item of the array that holds the rows."""
    depth, key = 0, ""
    for event, value in events:
        if event == "start_array" and (depth == 0 or (depth == 1 and key)):
            return
        if event == "map_key" and depth == 1:
            key = value if value in _CONTAINERS else ""
        elif event in ("start_map", "start_array"):
            depth += 1
        elif event in ("end_map", "end_array"):
            depth -= 1
    raise FileRefused(
        "no_array",
        'The JSON file must be a list of objects or hold one under "records". '
        "For one object a line, name the file .jsonl.",
    )


def _item_row(
    number: int, event: str, value: Any, events: Iterator[tuple[str, Any]]
) -> RawRow:
    builder = ObjectBuilder()
    builder.event(event, value)
    depth = deepest = int(event in ("start_map", "start_array"))
    while depth:
        event, value = next(events)
        depth += event in ("start_map", "start_array")
        depth -= event in ("end_map", "end_array")
        deepest = max(deepest, depth)
        builder.event(event, value)
    if deepest > _DEPTH_LIMIT:
        return RawRow(number, {}, "the object is nested too deeply")
    return _row(number, builder.value)


def _refuse_json(error: Exception) -> NoReturn:
    # The parser's own message quotes the file, so only its kind is passed on.
    words = str(error)
    message = "The file is not valid JSON."
    if "trailing garbage" in words:
        message = (
            "More JSON follows the first value. For one object a line, name the file "
            ".jsonl."
        )
    elif "premature EOF" in words or "ncomplete" in words:
        message = "The JSON ends too early."
    raise FileRefused("bad_json", message) from None


class _Utf8Source:
    """A byte source that checks encoding and how far one item reaches."""

    def __init__(self, stream: ByteSource) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._offset = 0
        self._since_item = 0

    def item_starts(self) -> None:
        self._since_item = 0

    def read(self, size: int) -> bytes:
        chunk = self._stream.read(size)
        if not self._offset and size:
            check_head(chunk)
        self._check(chunk, final=not chunk and size > 0)
        self._since_item += len(chunk)
        if self._since_item > LINE_LIMIT + CHUNK:
            raise FileRefused(
                "line_too_long", f"One object is longer than {LINE_LIMIT >> 20} MiB."
            )
        first = self._offset == 0
        self._offset += len(chunk)
        return chunk.removeprefix(codecs.BOM_UTF8) if first else chunk

    def _check(self, chunk: bytes, *, final: bool) -> None:
        held = len(self._decoder.getstate()[0])
        try:
            self._decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            raise wrong_byte(self._offset - held + error.start) from error
