"""Which words of a text are worth comparing with the secrets that were found before.

A secret that is a word of sentences ("winter") would accuse every ticket about winter,
so only words that look made up are compared: the same ones that the sanitizer removes
wherever they stand once it has found them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from annotation.domain.sanitize import values

SHORTEST = 6
_INNER = re.compile(r"[^\s\"'`,;|<>()\[\]{}=:@/&?\\]+")
_EDGES = ".,;:!?\"'`()[]{}<>"


def distinctive_words(text: str) -> set[str]:
    """Return the words of `text` that may be a secret, whole and in parts.

    Parts end at quotes, brackets and the signs between names and values, so that
    `key=Qz7!xkw` gives the value as well as the whole.
    """
    return {
        word
        for whole in wholes_in(text)
        for word in parts_of(whole)
        if is_distinctive(word)
    }


def wholes_in(text: str) -> list[str]:
    """Return what stands between spaces, once each, where it is no word of letters."""
    return [
        whole
        for whole in set(text.split())
        if len(whole) >= SHORTEST and not (whole.isalpha() and whole.isascii())
    ]


def parts_of(whole: str) -> set[str]:
    """Return a word without what surrounds it, and its parts, if long enough."""
    words = (whole, whole.strip(_EDGES), *_INNER.findall(whole))
    return {word for word in words if len(word) >= SHORTEST}


def is_distinctive(word: str) -> bool:
    """Say whether a word of `parts_of` looks made up."""
    return values.looks_secret(word)


def places_of(words: Iterable[str], text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where any of `words` stands in `text`; of overlapping ones the longest."""
    longest = sorted(words, key=len, reverse=True)
    if longest:
        for match in re.finditer("|".join(map(re.escape, longest)), text):
            yield *match.span(), match[0]
