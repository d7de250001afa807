"""Secrets that their section gives away: `set name "x"` under an SNMP community."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from annotation.domain.sanitize import values
from annotation.domain.sanitize.findings import Finding
from annotation.domain.sanitize.literals import Places
from annotation.domain.sanitize.views import View

_CATALOG = Path(__file__).parent / "catalog" / "sections.toml"
_LINES = 500


@dataclass(frozen=True, slots=True)
class Section:
    """One catalogue entry, compiled."""

    name: str
    type: str
    hint: str
    header: re.Pattern[str]
    value: re.Pattern[str]
    end: re.Pattern[str]
    matches: tuple[str, ...]
    clean: tuple[str, ...]


def load_sections() -> tuple[Section, ...]:
    """Compile the catalogue of sections."""
    entries = tomllib.loads(_CATALOG.read_text("utf-8"))["section"]
    return tuple(
        Section(
            name=entry["name"],
            type=entry["type"],
            hint=entry["hint"],
            header=re.compile(entry["header"], re.MULTILINE),
            value=re.compile(entry["value"]),
            end=re.compile(entry["end"]),
            matches=tuple(entry["matches"]),
            clean=tuple(entry["clean"]),
        )
        for entry in entries
    )


SECTIONS = load_sections()


HINTS = frozenset(section.hint for section in SECTIONS)
"""Literals, in lower case, that stand in the headers of sections."""


def find_in_sections(view: View, places: Places) -> Iterator[Finding]:
    """Yield the secrets of every known section of `view`."""
    low = view.low
    for section in SECTIONS:
        position = 0
        for at in places.get(section.hint, ()):
            if at < position:
                continue
            header = section.header.match(low, low.rfind("\n", 0, at) + 1)
            if header and header.end() > at:
                found, position = _search(section, view.text, header.end())
                yield from found


def _search(section: Section, text: str, start: int) -> tuple[list[Finding], int]:
    """Return what one section holds and its end, so that no line is read twice."""
    found: list[Finding] = []
    for _ in range(_LINES):
        newline = text.find("\n", start)
        if newline < 0:
            return found, len(text)
        start = newline + 1
        if section.end.match(text, start):
            break
        line_end = text.find("\n", start)
        line_end = len(text) if line_end < 0 else line_end
        match = section.value.match(text, start, line_end)
        if match:
            low, high = values.trim(text, *match.span("v"))
            if not values.is_placeholder(text[low:high]):
                found.append(Finding(low, high, section.type, section.name))
    return found, start
