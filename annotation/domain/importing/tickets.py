"""One row of a file as a ticket, in raw text, or the reason why it is none.

Limits keep a row within what the sanitizer and a page can bear; a row that passes one
is rejected with its field named. Nothing is shortened silently.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from annotation.domain.importing.cells import cell_at, text_of
from annotation.domain.importing.dates import MomentUnclear, parse_moment
from annotation.domain.importing.fields import ATTRIBUTE
from annotation.domain.importing.mapping import ColumnMap
from annotation.domain.importing.raw_row import RawRow
from annotation.domain.importing.refusals import RowRejected
from annotation.domain.importing.threads import ENTRY_LIMIT, Entry, entries_of

LONG = 1_000_000
_LIMITS = {
    "external_id": 300, "title": 5000, "body": LONG, "resolution": LONG,
    "category": 80, "vendor": 80, "device_type": 80, "site": 120, "incident_key": 300,
}  # fmt: skip
_ATTRIBUTE_LIMIT = 50
_ATTRIBUTE_TEXT_LIMIT = 2000
_NAME_LIMIT = 20
_encode = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True)
class Ticket:
    """A ticket as the file gave it. Raw: nothing of it may be stored in clear."""

    number: int
    external_id: str = ""
    title: str = ""
    body: str = ""
    thread: tuple[Entry, ...] = ()
    resolution: str = ""
    category: str = ""
    vendor: str = ""
    device_type: str = ""
    site: str = ""
    opened_at: datetime | None = None
    incident_key: str = ""
    worked_by: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def texts(self) -> bytes:
        """Everything that a person wrote, in one canonical form to tell copies by."""
        thread = [[entry.text, entry.private] for entry in self.thread]
        parts = [self.title, self.body, thread, self.resolution]
        return _encode(parts).encode("utf-8")


def ticket_of(row: RawRow, mapping: ColumnMap) -> Ticket:
    """Read one row.

    Raises
    ------
    RowRejected
        With our name of the field and the reason, never with what the cell holds.
    """
    if row.problem:
        raise RowRejected("", row.problem)
    texts = {name: _text(row, mapping, name) for name in _LIMITS}
    if not texts["title"] and not texts["body"]:
        raise RowRejected("body", "no text: title and body are blank")
    return Ticket(
        number=row.number,
        thread=_thread(row, mapping),
        opened_at=_opened_at(row, mapping),
        worked_by=_worked_by(row, mapping),
        attributes=_attributes(row, mapping),
        **texts,
    )


def _text(row: RawRow, mapping: ColumnMap, name: str) -> str:
    columns = mapping.columns.get(name)
    if not columns:
        return ""
    if len(columns) == 1:
        text = text_of(cell_at(row.cells, columns[0]))
    else:
        parts = (text_of(cell_at(row.cells, column)) for column in columns)
        text = "\n".join(part for part in parts if part)
    if len(text) > _LIMITS[name]:
        raise RowRejected(name, f"longer than {_LIMITS[name]:,} characters")
    _check_text(name, text)
    return " ".join(text.split()) if name != "body" and name != "resolution" else text


def _check_text(name: str, text: str) -> None:
    if text.isascii():
        return
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise RowRejected(name, "holds half a character (a lone surrogate)") from None


def _thread(row: RawRow, mapping: ColumnMap) -> tuple[Entry, ...]:
    found: list[Entry] = []
    for column in mapping.columns.get("thread", ()):
        found.extend(entries_of(cell_at(row.cells, column), mapping))
    if len(found) > ENTRY_LIMIT or sum(len(entry.text) for entry in found) > LONG:
        raise RowRejected(
            "thread", f"longer than {ENTRY_LIMIT:,} entries or {LONG:,} characters"
        )
    for entry in found:
        _check_text("thread", entry.text)
    return tuple(found)


def _opened_at(row: RawRow, mapping: ColumnMap) -> datetime | None:
    for column in mapping.columns.get("opened_at", ()):
        text = text_of(cell_at(row.cells, column))
        if text:
            try:
                return parse_moment(text, zone=mapping.tzinfo, order=mapping.order)
            except MomentUnclear as error:
                raise RowRejected("opened_at", str(error)) from None
    return None


def _worked_by(row: RawRow, mapping: ColumnMap) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for column in mapping.columns.get("worked_by", ()):
        for name in re.split(r"[;\n|]", text_of(cell_at(row.cells, column))):
            if name.strip():
                names[name.strip()] = None
    return tuple(names)[:_NAME_LIMIT]


def _attributes(row: RawRow, mapping: ColumnMap) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, columns in mapping.columns.items():
        prefix, _, key = name.partition(".")
        if prefix != ATTRIBUTE:
            continue
        value = cell_at(row.cells, columns[0])
        if key:
            found[key] = _attribute(value)
        elif isinstance(value, Mapping):
            found |= {_key(name): _attribute(inner) for name, inner in value.items()}
    found = {key: value for key, value in found.items() if value not in ("", None)}
    if len(found) > _ATTRIBUTE_LIMIT:
        raise RowRejected("attributes", f"more than {_ATTRIBUTE_LIMIT} attributes")
    return found


def _key(name: str) -> str:
    if len(name) > 60:
        raise RowRejected("attributes", "the name of an attribute is too long")
    return name.strip()


def _attribute(value: Any) -> Any:
    if isinstance(value, bool | int | float):
        return value
    text = text_of(value)
    if len(text) > _ATTRIBUTE_TEXT_LIMIT:
        raise RowRejected(
            "attributes", f"longer than {_ATTRIBUTE_TEXT_LIMIT:,} characters"
        )
    _check_text("attributes", text)
    return text
