"""Values that are known by a keyed hash alone, looked for in many texts.

What is found is what word by word comparing finds (`seen`, `knowledge`); here a hash is
cheap, a word that was harmless once is not hashed again, and whether a word looks made
up is asked of those few alone whose hash is known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from annotation.domain.sanitize.knowledge import candidates, value_of
from annotation.domain.sanitize.pseudonyms import HEAD, LABELS, Keyring, hash_head
from annotation.domain.sanitize.seen import is_distinctive, parts_of, wholes_in

KINDS_OF_SECRETS = ("cred", "snmp", "token")
"""Span types of secrets that are a word."""
_KEPT = 100_000


class KnownTokens:
    """Secrets that were found before, by their tokens."""

    def __init__(self, keyring: Keyring, tokens: Iterable[str]) -> None:
        self._keyring = keyring
        self._tokens = frozenset(tokens)
        heads: dict[str, set[bytes]] = defaultdict(set)
        for token in self._tokens:
            label, _, body = token[1:].partition("_")
            heads[label].add(hash_head(body))
        self._kinds = [
            (kind, keyring.token_hash(kind).copy, frozenset(heads[LABELS[kind]]))
            for kind in KINDS_OF_SECRETS
            if heads[LABELS[kind]]
        ]
        self._harmless: set[str] = set()

    def find(self, text: str) -> set[str]:
        """Return the tokens of the known secrets that stand in `text`."""
        found: set[str] = set()
        if not self._kinds:
            return found
        fresh = set(wholes_in(text)) - self._harmless
        for whole in fresh:
            words = (whole,) if whole.isalnum() else parts_of(whole)
            for word in words:
                raw = word.encode("utf-8", "surrogatepass")
                for kind, begin, heads in self._kinds:
                    digest = begin()
                    digest.update(raw)
                    if digest.digest()[:HEAD] in heads:
                        found |= self._known_as(kind, word)
        if not found:
            if len(self._harmless) > _KEPT:
                self._harmless.clear()
            self._harmless |= fresh
        return found

    def _known_as(self, kind: str, word: str) -> set[str]:
        token = self._keyring.token(kind, word)
        is_known = token in self._tokens and is_distinctive(word)
        return {token} if is_known else set()


class KnownHashes:
    """Values of up to four words, by what `knowledge.value_hash` makes of them."""

    def __init__(self, keyring: Keyring, hashes: Iterable[str]) -> None:
        self._begun = keyring.begun_hash("find")
        self._hashes = frozenset(map(bytes.fromhex, hashes))

    def stand_in(self, text: str) -> bool:
        """Say whether one of the values stands in a text as a detector sees it."""
        begun, hashes = self._begun, self._hashes
        return bool(hashes) and any(
            _digest(begun, value) in hashes
            for value in {value_of(text[start:end]) for start, end in candidates(text)}
        )


def _digest(begun: Any, value: str) -> bytes:
    one = begun.copy()
    one.update(value.encode("utf-8", "surrogatepass"))
    digest: bytes = one.digest()
    return digest
