"""The sanitizer: gate, detect, replace, until nothing is left to replace, or hold.

Everything fails closed: what cannot be read, is too large, breaks a detector, does not
settle or keeps an unexplained secret is returned as held, with no text. A replaced
range is protected from then on, so a second pass with the first one's spans as
manifest changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import replace

from annotation.domain.sanitize import network, resolve
from annotation.domain.sanitize.credentials import find_secrets
from annotation.domain.sanitize.echoes import find_echoes
from annotation.domain.sanitize.encoded import find_encoded
from annotation.domain.sanitize.findings import (
    Finding,
    Sanitized,
    Span,
    Tripwire,
)
from annotation.domain.sanitize.headers import HINTS as HEADERS
from annotation.domain.sanitize.headers import find_under_headers
from annotation.domain.sanitize.identifiers import find_identifiers
from annotation.domain.sanitize.identity import Dictionary
from annotation.domain.sanitize.ipmap import AddressMap
from annotation.domain.sanitize.knowledge import MISSED, Knowledge, Taught, alarm_hash
from annotation.domain.sanitize.layout import keep_columns
from annotation.domain.sanitize.literals import Literals, Places
from annotation.domain.sanitize.mentions import ROOTS, find_mentions
from annotation.domain.sanitize.network import find_network
from annotation.domain.sanitize.pii import find_pii
from annotation.domain.sanitize.pseudonyms import TOKEN_SHAPE, Keyring
from annotation.domain.sanitize.recognising import Recognised, recognise
from annotation.domain.sanitize.resolve import ADDRESSES, SECRETS, apply, merge, outside
from annotation.domain.sanitize.rules import NEEDS
from annotation.domain.sanitize.sections import HINTS
from annotation.domain.sanitize.tripwire import CERTAIN, find_tripwires
from annotation.domain.sanitize.views import View, view

RULESET = "2.3"
"""Version of everything that decides what is found. Stored beside sanitized text."""

MAX_CHARS = 2_000_000
_LITERALS = Literals((*NEEDS, *ROOTS, *HINTS, *HEADERS))
_ROUNDS = 4
_ROUNDS_FOR_WIRES = 2
_EXCUSED = "excused"
"""Type of a piece that stays as it is; it protects its range and leaves no span."""
_MARK = "\0"
TAKEN = "tripwire"
"""Rule of a value that was replaced because a certain tripwire stood on it."""
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
        self._takes_wires = False
        self._keeps_addresses = False
        self._explains = False

    def taking_wires(self) -> Sanitizer:
        """Return this sanitizer, but one that replaces what it would hold a text for.

        The values of certain tripwires become credentials by the rule `TAKEN`.
        """
        other = copy(self)
        other._takes_wires = True
        return other

    def keeping_addresses(self) -> Sanitizer:
        """Return this sanitizer for sanitized texts whose spans nobody kept.

        Their tokens are known by their check; an address looks like any other and
        would be mapped again.
        """
        other = copy(self)
        other._keeps_addresses = True
        return other

    def explain(self, text: str) -> tuple[Sanitized, tuple[str, ...]]:
        """Sanitize, and return for each span the hash of its finding as a false alarm.

        See `knowledge.alarm_hash`: it is taken in the view in which the finding was.
        """
        other = copy(self)
        other._explains = True
        found = other.sanitize(text)
        marked = [span.rule.rpartition(_MARK) for span in found.spans]
        spans = tuple(
            span._replace(rule=rule)
            for span, (rule, _, _) in zip(found.spans, marked, strict=True)
        )
        return replace(found, spans=spans), tuple(mark for _, _, mark in marked)

    def knows(self, text: str) -> list[tuple[int, int]]:
        """Return the ranges of `text` that the project's knowledge alone finds."""
        seen = view(text)
        found = [*self._dictionary.find(seen), *self._taught.find(seen)]
        return [seen.origin(finding.start, finding.end) for finding in found]

    def recognises(self, text: str) -> Iterator[Recognised]:
        """Yield what `knows` finds outside tokens and false alarms, with pseudonyms."""
        seen = view(text)
        for one in recognise(seen, self._keyring, self._dictionary, self._taught):
            value = seen.text[one.start : one.end]
            token = self._pseudonym(one.type, value)
            yield Recognised(one.type, one.rule, value, token)

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
        looks = [span.token for span in manifest if TOKEN_SHAPE.fullmatch(span.token)]
        if not all(map(self._keyring.is_token, looks)):
            return "manifest of another key"
        return ""

    def _settle(self, text: str, spans: list[Span]) -> Sanitized:
        rounds = _ROUNDS + _ROUNDS_FOR_WIRES * self._takes_wires
        reads_names = True
        for _ in range(rounds):
            seen = view(text)
            taken = self._taken(seen, text, spans)
            places = _LITERALS.places(seen.low)
            mentions = find_mentions(seen, places)
            found = find_secrets(seen, places, mentions)
            if reads_names:
                found += self._find_names(seen, places)
            meant, excused = self._taught.without_excused(seen, merge(found), found)
            pieces = self._pieces(seen, meant, taken)
            if not pieces:
                known = sorted({*taken, *((one.start, one.end) for one in excused)})
                wires = tuple(find_tripwires(seen, mentions, known))
                pieces = self._take(seen, wires, known)
                if not pieces:
                    return _judged(text, spans, wires)
            pieces += [
                *_staying(seen, text, excused, taken),
                *keep_columns(text, pieces),
            ]
            # A large text's findings weigh several times what it does.
            del seen, taken, places, found, meant, excused
            reads_names = any(resolve.is_glued(text, piece) for piece in pieces)
            text, spans = apply(text, spans, pieces)
            settled = not mentions and not reads_names
            if settled and SECRETS.isdisjoint(piece.type for piece in pieces):
                # Names and addresses alone give the detectors nothing new to read.
                return _judged(text, spans, ())
        return _held("replacements do not settle")

    def _pieces(
        self, seen: View, meant: Iterable[Finding], taken: Sequence[tuple[int, int]]
    ) -> list[Span]:
        if not self._explains:
            return self._rewrite(seen, outside(meant, taken))
        return [
            piece._replace(
                rule=f"{piece.rule}{_MARK}{alarm_hash(self._keyring, seen, finding)}"
            )
            for finding in meant
            for piece in self._rewrite(seen, outside([finding], taken))
        ]

    def _take(
        self, seen: View, wires: Iterable[Tripwire], taken: Sequence[tuple[int, int]]
    ) -> list[Span]:
        """Return replacements for the values of certain tripwires, and their echoes."""
        if not self._takes_wires:
            return []
        found = [
            Finding(*seen.located(wire.start, wire.end), "cred", TAKEN)
            for wire in wires
            if wire.rule == CERTAIN
        ]
        found += [echo._replace(rule=TAKEN) for echo in find_echoes(seen, found)]
        return self._pieces(seen, list(merge(found)), taken)

    def _find_names(self, seen: View, places: Places) -> list[Finding]:
        """Return addresses, people, places and what is encoded.

        Once is enough: they are found by their own form, which no replacement beside
        them changes, unless it is glued to them. A secret is found by its
        surroundings, which do change.
        """
        return [
            *find_encoded(seen, self._hides),
            *find_pii(seen),
            *self._dictionary.find(seen),
            *find_network(seen),
            *find_identifiers(seen),
            *find_under_headers(seen, places),
            *self._taught.find(seen),
        ]

    def _hides(self, plain: str) -> bool:
        """Say whether a decoded text holds anything that must not be read."""
        inside = self.sanitize(plain)
        return inside.held or bool(inside.spans)

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
            if self._keeps_addresses and _is_mapped(finding):
                continue
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


def _is_mapped(finding: Finding) -> bool:
    return finding.type in ADDRESSES and finding.rule != MISSED


def _staying(
    seen: View,
    text: str,
    excused: Iterable[Finding],
    taken: Sequence[tuple[int, int]],
) -> Iterator[Span]:
    """Yield pieces that protect false alarms, where they stand, from later rounds."""
    for part in outside(excused, taken):
        start, end = seen.origin(part.start, part.end)
        yield Span(start, end, _EXCUSED, "", text[start:end])


def _judged(text: str, spans: list[Span], wires: tuple[Tripwire, ...]) -> Sanitized:
    if any(wire.rule == CERTAIN for wire in wires):
        return _held("a credential word with an unexplained secret", wires)
    kept = tuple(span for span in spans if span.type != _EXCUSED)
    return Sanitized(text, kept, wires, held=False, reason="", ruleset=RULESET)


def _held(reason: str, wires: Iterable[Tripwire] = ()) -> Sanitized:
    placeless = tuple(Tripwire(0, 0, wire.rule) for wire in wires)
    return Sanitized("", (), placeless, held=True, reason=reason, ruleset=RULESET)
