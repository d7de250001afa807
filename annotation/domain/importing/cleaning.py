"""A ticket with every text passed through the sanitizer, or held as a whole.

The long texts of a ticket are sanitized as one document, so that a secret named in the
body is also found bare in a comment; then they are taken apart again. Short values
repeat from ticket to ticket and are remembered. If any part cannot be made safe, the
ticket is held and nothing of its text comes out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from annotation.domain.importing.tickets import Ticket
from annotation.domain.sanitize import SECRET_TOKEN, Sanitized, Sanitizer

TITLE_LIMIT = 500
KEY_LIMIT = 120
_MEMORY = 5_000
SEPARATOR = "\n\x1e\n"
_PLAIN_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")

Places = list[list[Any]]
Sanitize = Callable[[str], Sanitized]


@dataclass(frozen=True)
class Cleaned:
    """One sanitized text with the places of what was replaced in it."""

    text: str
    spans: Places = field(default_factory=list)
    tripwires: Places = field(default_factory=list)


@dataclass(frozen=True)
class CleanTicket:
    """A ticket that may be stored. Held: every text is empty and `reason` says why."""

    external_id: str
    incident_key: str = ""
    title: str = ""
    body: str = ""
    thread: list[dict[str, Any]] = field(default_factory=list)
    resolution: str = ""
    category: str = ""
    vendor: str = ""
    device_type: str = ""
    site: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    spans: dict[str, Places] = field(default_factory=dict)
    tripwires: dict[str, Places] = field(default_factory=dict)
    ruleset: str = ""
    held: bool = False
    reason: str = ""

    def secret_tokens(self) -> set[str]:
        """The pseudonyms of credentials that stand in the ticket's texts."""
        texts = [self.title, self.body, self.resolution]
        texts += [entry["text"] for entry in self.thread]
        return {match[0] for text in texts for match in SECRET_TOKEN.finditer(text)}


class Held(Exception):
    """A text that cannot be made safe; carries the sanitizer's reason."""

    def __init__(self, reason: str, ruleset: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.ruleset = ruleset


class Cleaner:
    """Cleans tickets under one sanitizer; `mac` is a keyed hash in hex."""

    def __init__(self, sanitizer: Sanitizer, mac: Callable[[bytes], str]) -> None:
        self._sanitizer = sanitizer
        self._mac = mac
        self._remembered: dict[str, Sanitized] = {}

    def clean(self, ticket: Ticket, external_id: str) -> CleanTicket:
        """Sanitize a ticket, known by `external_id`; never raises on what it holds."""
        try:
            return self._clean(ticket, external_id)
        except Held as held:
            return CleanTicket(
                external_id, ruleset=held.ruleset, held=True, reason=held.reason[:120]
            )

    def external_id(self, ticket: Ticket) -> str:
        """The ticket's own id, or one derived from its texts where it has none."""
        if ticket.external_id:
            return self.key(ticket.external_id)
        return f"id-{self._mac(ticket.texts())[:24]}"

    def key(self, raw: str) -> str:
        """Make an identifier safe: plain ones stay, others become a keyed hash."""
        if not raw or _PLAIN_KEY.match(raw):
            return raw
        if len(raw) <= KEY_LIMIT and self.is_clean(raw):
            return raw
        return f"id-{self._mac(raw.encode('utf-8', 'surrogatepass'))[:24]}"

    def is_clean(self, short: str) -> bool:
        """Say whether a short text comes back unchanged."""
        found = self._short(short)
        return not found.held and found.text == short

    def sanitized(self, text: str) -> Sanitized:
        """Sanitize one text by itself."""
        return self._sanitizer.sanitize(text)

    def short(self, text: str) -> str:
        """Sanitize a short text that tends to repeat; raises Held."""
        return _released(self._short(text)).text if text else text

    def alarms(self, ticket: Ticket) -> dict[str, Places]:
        """Return the spans of `clean`, each with its false alarm's hash for its rule.

        Raises Held.
        """
        parts, _ = self._parts(ticket, self._explained)
        return {name: part.spans for name, part in parts.items() if part.spans}

    def _clean(self, ticket: Ticket, external_id: str) -> CleanTicket:
        parts, ruleset = self._parts(ticket, self._sanitizer.sanitize)
        entries = [parts[f"thread.{place}"] for place in range(len(ticket.thread))]
        return CleanTicket(
            external_id=external_id,
            incident_key=self.key(ticket.incident_key),
            title=parts["title"].text,
            body=parts["body"].text,
            thread=_thread(ticket, entries),
            resolution=parts["resolution"].text,
            category=self.short(ticket.category)[:80],
            vendor=self.short(ticket.vendor)[:80],
            device_type=self.short(ticket.device_type)[:80],
            site=self.short(ticket.site)[:120],
            attributes=self._attributes(ticket),
            spans={name: part.spans for name, part in parts.items() if part.spans},
            tripwires={
                n: part.tripwires for n, part in parts.items() if part.tripwires
            },
            ruleset=ruleset,
        )

    def _parts(
        self, ticket: Ticket, sanitize: Sanitize
    ) -> tuple[dict[str, Cleaned], str]:
        """Return the long texts by the names that places are kept under."""
        texts = [ticket.title, ticket.body, ticket.resolution]
        texts += [entry.text for entry in ticket.thread]
        (title, body, resolution, *entries), ruleset = _document(texts, sanitize)
        title, body = folded(title, body)
        parts = {"title": title, "body": body, "resolution": resolution}
        return parts | {f"thread.{n}": part for n, part in enumerate(entries)}, ruleset

    def _explained(self, text: str) -> Sanitized:
        found, hashes = self._sanitizer.explain(text)
        marked = zip(found.spans, hashes, strict=True)
        spans = tuple(span._replace(rule=mark) for span, mark in marked)
        return replace(found, spans=spans)

    def _attributes(self, ticket: Ticket) -> dict[str, Any]:
        return {
            self.short(key): self._attribute(key, value)
            for key, value in ticket.attributes.items()
        }

    def _attribute(self, key: str, value: Any) -> Any:
        """The name of an attribute is a cue ("password"), so both go together."""
        if isinstance(value, bool):
            return value
        cue = f"{key}: "
        found = _released(self._short(f"{cue}{value}"))
        if found.text == f"{cue}{value}":
            return value
        if not found.text.startswith(cue):
            raise Held("attribute name replaced", found.ruleset)
        return found.text.removeprefix(cue)

    def _short(self, text: str) -> Sanitized:
        found = self._remembered.get(text)
        if found is None:
            found = self._sanitizer.sanitize(text)
            if len(self._remembered) >= _MEMORY:
                self._remembered.clear()
            self._remembered[text] = found
        return found


def _document(texts: Sequence[str], sanitize: Sanitize) -> tuple[list[Cleaned], str]:
    plain = [text.replace("\x1e", " ") for text in texts]
    whole = _released(sanitize(SEPARATOR.join(plain)))
    parts = apart(whole, len(plain))
    if parts is None:
        # A replaced range ran across a separator: each text on its own then.
        each = [_released(sanitize(text)) for text in plain]
        parts = [apart(one, 1)[0] for one in each]  # type: ignore[index]
    return parts, whole.ruleset


def _released(found: Sanitized) -> Sanitized:
    if found.held:
        raise Held(found.reason, found.ruleset)
    return found


def apart(whole: Sanitized, count: int) -> list[Cleaned] | None:
    """Split a sanitized document at its separators, or None if any was touched."""
    texts = whole.text.split(SEPARATOR) if count > 1 else [whole.text]
    if len(texts) != count:
        return None
    parts, start = [], 0
    for text in texts:
        parts.append(_part(whole, text, start))
        start += len(text) + len(SEPARATOR)
    if sum(len(part.spans) for part in parts) != len(whole.spans):
        return None
    return parts


def _part(whole: Sanitized, text: str, start: int) -> Cleaned:
    end = start + len(text)
    spans = [
        [span.start - start, span.end - start, span.type, span.rule]
        for span in whole.spans
        if start <= span.start and span.end <= end
    ]
    wires = [
        [max(wire.start, start) - start, min(wire.end, end) - start, wire.rule]
        for wire in whole.tripwires
        if wire.start < end and wire.end > start
    ]
    return Cleaned(text, spans, wires)


def folded(title: Cleaned, body: Cleaned) -> tuple[Cleaned, Cleaned]:
    """Move a title that is too long into the body, and keep its beginning."""
    if len(title.text) <= TITLE_LIMIT:
        return title, body
    cut = TITLE_LIMIT - 1
    for start, end, *_ in title.spans:
        if start < cut < end:
            cut = start
    shift = len(title.text) + 2
    whole = Cleaned(
        f"{title.text}\n\n{body.text}",
        title.spans + _shifted(body.spans, shift),
        title.tripwires + _shifted(body.tripwires, shift),
    )
    spans = [place for place in title.spans if place[1] <= cut]
    wires = [place for place in title.tripwires if place[1] <= cut]
    return Cleaned(f"{title.text[:cut]}…", spans, wires), whole


def _shifted(places: Places, shift: int) -> Places:
    return [[start + shift, end + shift, *rest] for start, end, *rest in places]


def _thread(ticket: Ticket, entries: Sequence[Cleaned]) -> list[dict[str, Any]]:
    return [
        {
            "at": entry.at.isoformat() if entry.at else None,
            "role": entry.role,
            "private": entry.private,
            "text": part.text,
        }
        for entry, part in zip(ticket.thread, entries, strict=True)
    ]
