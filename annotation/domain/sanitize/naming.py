"""Values that are known only by their pseudonyms, found again in a short text."""

from __future__ import annotations

from collections.abc import Collection

from annotation.domain.sanitize.knowledge import candidates
from annotation.domain.sanitize.pseudonyms import LABELS, TOKEN_SHAPE, Keyring

_CLOSING = ".,;:!?"


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


def _match(
    keyring: Keyring,
    text: str,
    start: int,
    low: int,
    kinds: Collection[str],
    known: Collection[str],
) -> tuple[int, str] | None:
    """Return where the value at `start` ends, and its token, if it is known."""
    # A secret may end in what closes a sentence.
    for end in range(low, min(len(text), low + 3) + 1):
        if text[low:end].strip(_CLOSING):
            return None
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
