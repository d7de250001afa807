"""The later updates of a ticket, from the shapes that trackers give them.

A thread may be a list of objects, a list of strings, Jira's `when;who;text` cells, or
ServiceNow's journal, where each entry starts with `when - who (Work notes)`. Who wrote
an entry is dropped here: only time, role, privacy and text are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from annotation.domain.importing.cells import text_of
from annotation.domain.importing.dates import MomentUnclear, parse_moment
from annotation.domain.importing.mapping import ColumnMap

ENTRY_LIMIT = 2000
_TEXT_KEYS = ("text", "body", "comment", "message", "value", "content")
_TIME_KEYS = ("at", "created", "created_at", "time", "sys_created_on", "date")
_PRIVATE_KEYS = ("private", "is_private", "internal")
_ROLE = re.compile(r"[A-Za-z][A-Za-z_ -]{0,29}\Z")
_JOURNAL = re.compile(
    r"^(?P<at>\d[\d/.\-]{5,9}[ T]\d{1,2}:\d{2}(?::\d{2})?(?: [AP]M)?) - [^\n]{1,80}? "
    r"\((?P<kind>Work notes|Additional comments|Comments)\)[ ]*$",
    re.MULTILINE,
)
_JIRA = re.compile(r"(?P<at>[^;\n]{8,30});(?P<who>[^;\n]{1,120});(?P<text>.*)", re.S)


@dataclass(frozen=True, slots=True)
class Entry:
    """One update; `at` is None where the tracker gave no readable time."""

    text: str
    at: datetime | None = None
    role: str = ""
    private: bool = False


def entries_of(value: Any, mapping: ColumnMap) -> Iterator[Entry]:
    """Yield the entries of one cell, blank ones left out."""
    if isinstance(value, Mapping):
        yield from _object_entry(value, mapping)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for part in value:
            yield from entries_of(part, mapping)
    else:
        yield from _text_entries(text_of(value), mapping)


def _object_entry(value: Mapping[str, Any], mapping: ColumnMap) -> Iterator[Entry]:
    text = next((text_of(value[k]) for k in _TEXT_KEYS if value.get(k)), "")
    if not text:
        return
    when = next((value[k] for k in _TIME_KEYS if value.get(k)), None)
    role = str(value.get("role") or "")
    yield Entry(
        text=text,
        at=_moment(when, mapping),
        role=role.lower() if _ROLE.match(role) else "",
        private=any(value.get(k) in (True, 1, "true", "True") for k in _PRIVATE_KEYS),
    )


def _text_entries(text: str, mapping: ColumnMap) -> Iterator[Entry]:
    marks = list(_JOURNAL.finditer(text))
    if marks and not text[: marks[0].start()].strip():
        yield from _journal_entries(text, marks, mapping)
        return
    jira = _JIRA.fullmatch(text)
    at = _moment(jira["at"], mapping) if jira else None
    if jira and at and jira["text"].strip():
        yield Entry(jira["text"].strip(), at)
    elif text:
        yield Entry(text)


def _journal_entries(
    text: str, marks: Sequence[re.Match[str]], mapping: ColumnMap
) -> Iterator[Entry]:
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends, strict=True):
        body = text[mark.end() : end].strip()
        if body:
            private = mark["kind"] == "Work notes"
            yield Entry(body, _moment(mark["at"], mapping), "", private)


def _moment(value: Any, mapping: ColumnMap) -> datetime | None:
    """An unreadable time costs the time, not the ticket."""
    if value is None:
        return None
    try:
        return parse_moment(value, zone=mapping.tzinfo, order=mapping.order)
    except MomentUnclear:
        return None
