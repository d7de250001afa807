"""A record's sanitized text as a reviewer sees it: chips, amber words, and a table.

Every run of plain text carries the offset at which it begins (`data-at`), so that a
selection in the page can be told in offsets of the stored text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from annotation.domain.sanitize import CERTAIN
from annotation.models import Sanitization
from annotation.services import stored_texts
from annotation.templatetags.chips import chip, telling_length, token_places

_NAMES = {"device_type": "Device type"}
WIRES = {
    CERTAIN: "almost certainly a secret",
    "unexplained-value": "may be a secret",
}
_FAMILIES = {
    "ipv4": "net", "ipv6": "net", "mac": "net", "asn": "net", "serial": "net",
}  # fmt: skip

Place = list[Any]


@dataclass(frozen=True)
class Part:
    """One text of the record."""

    name: str
    label: str
    html: SafeString


@dataclass
class Group:
    """All places of one pseudonym in the record."""

    shown: SafeString
    type: str
    token: str
    rules: list[str] = field(default_factory=list)
    places: list[tuple[str, str]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How often it stands in the record."""
        return len(self.places)


@dataclass(frozen=True)
class Wire:
    """One place where a credential may have been missed."""

    where: str
    rule: str
    meaning: str


class ReviewedText:
    """The texts of one sanitization, ready for the page."""

    def __init__(self, row: Sanitization) -> None:
        self._row = row
        self._texts = stored_texts.texts_of(row)
        self._length = telling_length("\n".join(self._texts.values()))

    def parts(self) -> list[Part]:
        """Return the texts in reading order, marked."""
        return [
            Part(name, label_of(name), self._marked(name, text))
            for name, text in self._texts.items()
        ]

    def groups(self) -> list[Group]:
        """Return the replacements by pseudonym, rarest first."""
        groups: dict[tuple[str, str], Group] = {}
        for name, text in self._texts.items():
            for index, (start, end, kind, rule) in enumerate(self._spans(name)):
                token = text[start:end]
                group = groups.setdefault(
                    (kind, token), Group(self._shown(token, kind, rule), kind, token)
                )
                if rule not in group.rules:
                    group.rules.append(rule)
                place = f"{label_of(name)}, line {_line(text, start)}"
                group.places.append((f"{name}:{index}:{start}", place))
        return sorted(groups.values(), key=lambda group: (group.count, group.type))

    def wires(self) -> list[Wire]:
        """Return the tripwires in reading order."""
        return [
            Wire(
                f"{label_of(name)}, line {_line(text, start)}",
                rule,
                WIRES.get(rule, rule),
            )
            for name, text in self._texts.items()
            for start, _, rule in self._row.tripwires.get(name, [])
        ]

    def _spans(self, name: str) -> list[Place]:
        return self._row.spans.get(name, [])

    def _shown(self, token: str, kind: str, rule: str) -> SafeString:
        note = f" · {kind} by {rule}"
        if token_places(token):
            return chip(token, self._length, note)
        family = _FAMILIES.get(kind, "other")
        return format_html(
            '<span class="chip is-{}" title="{}{}">{}</span>', family, kind, note, token
        )

    def _marked(self, name: str, text: str) -> SafeString:
        pieces = self._pieces(name, text)
        return format_html_join("", "{}", ((piece,) for piece in pieces))

    def _pieces(self, name: str, text: str) -> Iterator[SafeString]:
        spans = [*self._spans(name)]
        kept = {span[0] for span in spans}
        # Pseudonyms that were in the ticket when it came.
        spans += [
            [start, end, "pseudonym", "the ticket itself"]
            for start, end in token_places(text)
            if start not in kept
        ]
        wires = sorted(self._row.tripwires.get(name, []))
        position = 0
        for start, end, kind, rule in sorted(spans):
            yield from _plain(text, position, start, wires)
            shown = self._shown(text[start:end], kind, rule)
            is_wired = any(low < end and high > start for low, high, _ in wires)
            yield (
                format_html('<mark class="wire">{}</mark>', shown)
                if (is_wired)
                else shown
            )
            position = max(position, end)
        yield from _plain(text, position, len(text), wires)


def _plain(text: str, start: int, end: int, wires: list[Place]) -> Iterator[SafeString]:
    """Yield text between replacements, with tripwires in amber."""
    for low, high, rule in wires:
        low, high = max(low, start), min(high, end)
        if low >= high:
            continue
        yield from _run(text, start, low)
        yield format_html(
            '<mark class="wire" data-at="{}" title="{}: {}">{}</mark>',
            low,
            rule,
            WIRES.get(rule, rule),
            text[low:high],
        )
        start = high
    yield from _run(text, start, end)


def _run(text: str, start: int, end: int) -> Iterator[SafeString]:
    if start < end:
        yield format_html('<span data-at="{}">{}</span>', start, text[start:end])


def label_of(name: str) -> str:
    """Return a text's name for people."""
    base, _, rest = name.partition(".")
    if base == "thread":
        return f"Update {int(rest) + 1}"
    if base == "attribute":
        return f"Attribute {rest}"
    return _NAMES.get(name, name.capitalize())


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
