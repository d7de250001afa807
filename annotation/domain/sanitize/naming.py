"""Values that are known only by their pseudonyms, found again in a short text."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from annotation.domain.sanitize import network
from annotation.domain.sanitize.ipmap import AddressMap
from annotation.domain.sanitize.knowledge import candidates
from annotation.domain.sanitize.pseudonyms import LABELS, TOKEN_SHAPE, Keyring
from annotation.domain.sanitize.resolve import ADDRESSES

_CLOSING = ".,;:!?"
_MOST_CLOSING = 3

Pseudonym = tuple[str, str]
"""A span type, and what stands for a value of it."""


def without_named(keyring: Keyring, text: str, tokens: Collection[str]) -> str:
    """Return `text` with the values behind `tokens` replaced by them.

    Nobody knows the values; each word and phrase of the text is asked for its token.
    """
    known = {token for token in tokens if TOKEN_SHAPE.fullmatch(token)}
    kinds = [k for k, label in LABELS.items() if any(f"Z{label}_" in t for t in known)]
    found = [
        (start, end, token)
        for start, low in candidates(text)
        if (match := _match(keyring, text, start, low, kinds, known))
        for end, token in [match]
    ]
    return _replaced(text, found)


def named_at(
    keyring: Keyring,
    text: str,
    selected: tuple[int, int],
    wanted: Collection[Pseudonym],
) -> set[Pseudonym]:
    """Return those of `wanted` whose value stands in `text` and meets the selection."""
    addresses = AddressMap(keyring)
    found: set[Pseudonym] = set()
    for start, low in candidates(text):
        if start >= selected[1] or low + _MOST_CLOSING <= selected[0]:
            continue
        for end in _ends(text, low):
            if end > selected[0]:
                value = text[start:end]
                found |= {
                    (kind, token)
                    for kind, token in wanted
                    if _pseudonym(keyring, addresses, kind, value) == token
                }
    return found


def _pseudonym(keyring: Keyring, addresses: AddressMap, kind: str, value: str) -> str:
    """Return what stands for a value of a type; nothing where it cannot be of it."""
    if kind == "serial":
        return keyring.same_form(kind, value)
    if kind not in ADDRESSES:
        return keyring.token(kind, value)
    try:
        return network.rewrite(addresses, kind, value)
    except (ValueError, IndexError, OverflowError):
        return ""


def _ends(text: str, low: int) -> Iterator[int]:
    """Yield where a word up to `low` may end: a secret may end in punctuation."""
    for end in range(low, min(len(text), low + _MOST_CLOSING) + 1):
        if text[low:end].strip(_CLOSING):
            return
        yield end


def _match(
    keyring: Keyring,
    text: str,
    start: int,
    low: int,
    kinds: Collection[str],
    known: Collection[str],
) -> tuple[int, str] | None:
    """Return where the value at `start` ends, and its token, if it is known."""
    for end in _ends(text, low):
        for kind in kinds:
            token = keyring.token(kind, text[start:end])
            if token in known:
                return end, token
    return None


def _replaced(text: str, found: list[tuple[int, int, str]]) -> str:
    pieces, position = [], 0
    for start, end, token in sorted(found, key=lambda one: (one[0], -one[1])):
        if start >= position:
            pieces += [text[position:start], token]
            position = end
    return "".join([*pieces, text[position:]])
