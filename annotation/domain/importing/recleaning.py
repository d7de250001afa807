"""Stored tickets sanitized once more, where their raw text is gone.

What was replaced before stays as it is: the stored places are the manifest, and only
the gaps between them are searched. A stored text is never held, for then it would be
lost: the values of certain tripwires are replaced instead, and the place is noted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from annotation.domain.importing.cleaning import (
    SEPARATOR,
    Cleaned,
    CleanTicket,
    Places,
    apart,
    folded,
)
from annotation.domain.sanitize import CERTAIN, TAKEN, Sanitizer, Span

_LONG = ("title", "body", "resolution")
_SHORT = {"category": 80, "vendor": 80, "device_type": 80, "site": 120}
_OLD = "="  # how the rule of a span of the manifest begins while it is in the engine


class Fresh(NamedTuple):
    """A value that stood in the stored text and was now replaced."""

    type: str
    rule: str
    token: str


@dataclass
class Recleaned:
    """The ticket as it should be stored now, and what it showed until now."""

    ticket: CleanTicket
    fresh: list[Fresh] = field(default_factory=list)


class Recleaner:
    """Sanitizes stored texts again under one sanitizer."""

    def __init__(self, sanitizer: Sanitizer) -> None:
        self._sanitizer = sanitizer.taking_wires()
        # Short values and answers keep no spans: their addresses are mapped already.
        self._bare = self._sanitizer.keeping_addresses()

    def again(self, stored: CleanTicket) -> Recleaned:
        """Search the gaps of a stored ticket."""
        done = Recleaned(stored)
        names, texts = long_texts(stored)
        parts = self._gaps(texts, [stored.spans.get(name, []) for name in names])
        if parts is None:
            parts = [
                self._alone(text, stored.spans.get(name, []))
                for name, text in zip(names, texts, strict=True)
            ]
        settled = [self._settled(part, done) for part in parts]
        _put(done, dict(zip(names, settled, strict=True)))
        self._reclean_short(done)
        return done

    def bare(self, text: str, fresh: list[Fresh] | None = None) -> str:
        """Return a sanitized text whose spans nobody kept, sanitized again."""
        if not text:
            return text
        found = self._bare.sanitize(text)
        if found.held:
            return text
        if fresh is not None:
            fresh += [Fresh(one.type, one.rule, one.token) for one in found.spans]
        return found.text

    def _gaps(
        self, texts: Sequence[str], places: Sequence[Places]
    ) -> list[Cleaned] | None:
        """Sanitize the texts as one document, or None where that cannot be done."""
        manifest, start = [], 0
        for text, spans in zip(texts, places, strict=True):
            manifest += _manifest(text, spans, start)
            start += len(text) + len(SEPARATOR)
        found = self._sanitizer.sanitize(SEPARATOR.join(texts), manifest)
        return None if found.held else apart(found, len(texts))

    def _alone(self, text: str, spans: Places) -> Cleaned:
        parts = self._gaps([text], [spans])
        if parts is None:
            # The places do not fit the text: what tokens tell by themselves must do.
            found = self._bare.sanitize(text)
            parts = None if found.held else apart(found, 1)
        return parts[0] if parts else Cleaned(text, spans)

    def _settled(self, part: Cleaned, done: Recleaned) -> Cleaned:
        """Note what is new in a part, and take the marks of the manifest off."""
        spans: Places = []
        wires = list(part.tripwires)
        for start, end, kind, rule in part.spans:
            if rule.startswith(_OLD):
                spans.append([start, end, kind, rule.removeprefix(_OLD)])
                continue
            done.fresh.append(Fresh(kind, rule, part.text[start:end]))
            spans.append([start, end, kind, rule])
        return Cleaned(part.text, spans, wires + taken_wires(spans))

    def _reclean_short(self, done: Recleaned) -> None:
        stored, fresh = done.ticket, done.fresh
        short: dict[str, Any] = {
            name: self.bare(getattr(stored, name), fresh)[:most]
            for name, most in _SHORT.items()
        }
        attributes = {
            self.bare(key, fresh): self._attribute(key, value, fresh)
            for key, value in stored.attributes.items()
        }
        done.ticket = replace(stored, **short, attributes=attributes)

    def _attribute(self, key: str, value: Any, fresh: list[Fresh]) -> Any:
        """The name of an attribute is a cue ("password"), so both go together."""
        if isinstance(value, bool):
            return value
        cue = f"{key}: "
        seen: list[Fresh] = []
        text = self.bare(f"{cue}{value}", seen)
        if not seen:
            return value
        fresh += seen
        return text.removeprefix(cue) if text.startswith(cue) else self.bare(str(value))


def long_texts(stored: CleanTicket) -> tuple[list[str], list[str]]:
    """Return the names that places are kept under, and the texts."""
    entries = [entry["text"] for entry in stored.thread]
    names = [*_LONG, *(f"thread.{number}" for number in range(len(entries)))]
    return names, [*(getattr(stored, name) for name in _LONG), *entries]


def taken_wires(spans: Places) -> Places:
    """Return tripwires for what was replaced only because one stood on it."""
    return [[start, end, CERTAIN] for start, end, _, rule in spans if rule == TAKEN]


def noting_taken(ticket: CleanTicket) -> CleanTicket:
    """Return a ticket cleaned by a sanitizer that takes wires, with their places."""
    wires = {name: list(places) for name, places in ticket.tripwires.items()}
    for name, spans in ticket.spans.items():
        if taken := taken_wires(spans):
            wires[name] = wires.get(name, []) + taken
    return replace(ticket, tripwires=wires)


def _manifest(text: str, spans: Places, shift: int) -> list[Span]:
    return [
        Span(start + shift, end + shift, kind, f"{_OLD}{rule}", text[start:end])
        for start, end, kind, rule in spans
    ]


def _put(done: Recleaned, parts: Mapping[str, Cleaned]) -> None:
    title, body = folded(parts["title"], parts["body"])
    parts = {**parts, "title": title, "body": body}
    thread = [
        {**entry, "text": parts[f"thread.{number}"].text}
        for number, entry in enumerate(done.ticket.thread)
    ]
    done.ticket = replace(
        done.ticket,
        title=title.text,
        body=body.text,
        resolution=parts["resolution"].text,
        thread=thread,
        spans={name: part.spans for name, part in parts.items() if part.spans},
        tripwires={n: part.tripwires for n, part in parts.items() if part.tripwires},
    )
