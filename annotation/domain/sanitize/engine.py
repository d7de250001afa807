"""The sanitizer: gate, detect, replace, until nothing is left to replace, or hold.

Everything fails closed: what cannot be read, is too large, breaks a detector, does not
settle or keeps an unexplained secret is returned as held, with no text. A replaced
range is protected from then on, so a second pass with the first one's spans as
manifest changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from annotation.domain.sanitize import network
from annotation.domain.sanitize.blocks import find_blocks
from annotation.domain.sanitize.echoes import find_echoes
from annotation.domain.sanitize.encoded import find_encoded
from annotation.domain.sanitize.findings import (
    Finding,
    Sanitized,
    Span,
    Tripwire,
)
from annotation.domain.sanitize.grammar import find_keyword_values
from annotation.domain.sanitize.identifiers import NEEDS as IDENTIFIER_NEEDS
from annotation.domain.sanitize.identifiers import find_identifiers
from annotation.domain.sanitize.identity import Dictionary
from annotation.domain.sanitize.ipmap import AddressMap
from annotation.domain.sanitize.knowledge import Knowledge, Taught
from annotation.domain.sanitize.layout import keep_columns
from annotation.domain.sanitize.literals import Literals, Places
from annotation.domain.sanitize.mentions import ROOTS, Mention, find_mentions
from annotation.domain.sanitize.network import find_network
from annotation.domain.sanitize.pii import find_pii
from annotation.domain.sanitize.pseudonyms import Keyring
from annotation.domain.sanitize.resolve import ADDRESSES, SECRETS, apply, merge, outside
from annotation.domain.sanitize.rules import NEEDS, find_commands, find_shapes
from annotation.domain.sanitize.sections import HINTS, find_in_sections
from annotation.domain.sanitize.tables import find_columns
from annotation.domain.sanitize.tripwire import CERTAIN, find_tripwires
from annotation.domain.sanitize.views import View, view

RULESET = "1.0"
"""Version of everything that decides what is found. Stored beside sanitized text."""

MAX_CHARS = 2_000_000
_LITERALS = Literals((*NEEDS, *ROOTS, *HINTS, *IDENTIFIER_NEEDS))
_ROUNDS = 4
_UNDECODABLE = re.compile("[\x00\ufffd\ud800-\udfff]")


class Sanitizer:
    """Sanitizes texts under one key and what a project knows.

    Parameters
    ----------
    keyring : the project's keys; same key, same pseudonyms.
    knowledge : the project's names, missed values, false alarms and own rules.
    max_chars : longer texts are held.
    """

    def __init__(
        self,
        keyring: Keyring,
        knowledge: Knowledge = Knowledge(),  # noqa: B008  (frozen, hence shareable)
        max_chars: int = MAX_CHARS,
    ) -> None:
        self._keyring = keyring
        self._dictionary = Dictionary(knowledge.context)
        self._taught = Taught(keyring, knowledge)
        self._addresses = AddressMap(keyring)
        self._max_chars = max_chars

    def sanitize(self, text: str, manifest: Sequence[Span] = ()) -> Sanitized:
        """Return `text` without what identifies or opens anything; never raises.

        `manifest` is the spans of an earlier pass over this same text under this key:
        they are left alone, only the gaps are searched. A manifest that does not fit
        the text holds it.
        """
        reason = self._refusal(text, manifest)
        if reason:
            return _held(reason)
        try:
            return self._settle(text, list(manifest))
        except Exception as error:  # noqa: BLE001  (fail closed, whatever broke)
            return _held(f"engine failure: {type(error).__name__}")

    def looks_clean(self, text: str) -> bool:
        """Say whether `text` would come back unchanged, with nothing to look at."""
        result = self.sanitize(text)
        return not (result.held or result.spans or result.tripwires)

    def _refusal(self, text: str, manifest: Sequence[Span]) -> str:
        if len(text) > self._max_chars:
            return f"longer than {self._max_chars} characters"
        if (not text.isascii() and _UNDECODABLE.search(text)) or "\x00" in text:
            return "undecodable content"
        if any(text[span.start : span.end] != span.token for span in manifest):
            return "manifest does not fit the text"
        return ""

    def _settle(self, text: str, spans: list[Span]) -> Sanitized:
        for turn in range(_ROUNDS):
            seen = view(text)
            taken = self._taken(seen, text, spans)
            places = _LITERALS.places(seen.low)
            mentions = find_mentions(seen, places)
            found = _find_secrets(seen, places, mentions)
            if turn == 0:
                found += self._find_names(seen, places)
            meant = self._taught.without_excused(seen, merge(found))
            pieces = self._rewrite(seen, outside(meant, taken))
            if not pieces:
                wires = tuple(find_tripwires(seen, mentions, taken))
                return _judged(text, spans, wires)
            text, spans = apply(text, spans, (*pieces, *keep_columns(text, pieces)))
            if not mentions and SECRETS.isdisjoint(piece.type for piece in pieces):
                # Names and addresses alone give the detectors nothing new to read.
                return _judged(text, spans, ())
        return _held("replacements do not settle")

    def _find_names(self, seen: View, places: Places) -> list[Finding]:
        """Return addresses, people and places.

        Once is enough: they are found by their own form, which no replacement beside
        them changes. A secret is found by its surroundings, which do change.
        """
        return [
            *find_pii(seen),
            *self._dictionary.find(seen),
            *find_network(seen),
            *find_identifiers(seen, places),
            *self._taught.find(seen),
        ]

    def _taken(self, seen: View, text: str, spans: list[Span]) -> list[tuple[int, int]]:
        """Return, in the view, the ranges that are ours: spans and checked tokens."""
        ranges = {seen.located(span.start, span.end) for span in spans}
        if "Z" in text:
            ranges.update(self._keyring.own_tokens(seen.text))
        return sorted(ranges)

    def _rewrite(self, seen: View, findings: Iterable[Finding]) -> list[Span]:
        """Return what goes in place of each finding; ranges are of the original."""
        pieces = []
        for finding in findings:
            value = seen.text[finding.start : finding.end]
            token = self._pseudonym(finding.type, value)
            if token != value:
                start, end = seen.origin(finding.start, finding.end)
                pieces.append(Span(start, end, finding.type, finding.rule, token))
        return pieces

    def _pseudonym(self, kind: str, value: str) -> str:
        if kind == "serial":
            return self._keyring.same_form(kind, value)
        if kind in ADDRESSES:
            return network.rewrite(self._addresses, kind, value)
        return self._keyring.token(kind, self._dictionary.canonical(kind, value))


def _find_secrets(seen: View, places: Places, mentions: list[Mention]) -> list[Finding]:
    found = [*find_shapes(seen, places), *find_commands(seen, places)]
    found += find_blocks(seen)
    found += find_encoded(seen)
    found += find_keyword_values(seen, mentions)
    found += find_columns(seen, mentions)
    found += find_in_sections(seen, places)
    found += find_echoes(seen, found)
    return found


def _judged(text: str, spans: list[Span], wires: tuple[Tripwire, ...]) -> Sanitized:
    if any(wire.rule == CERTAIN for wire in wires):
        return _held("a credential word with an unexplained secret", wires)
    return Sanitized(text, tuple(spans), wires, held=False, reason="", ruleset=RULESET)


def _held(reason: str, wires: Iterable[Tripwire] = ()) -> Sanitized:
    placeless = tuple(Tripwire(0, 0, wire.rule) for wire in wires)
    return Sanitized("", (), placeless, held=True, reason=reason, ruleset=RULESET)
