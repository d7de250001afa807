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
_BARE = re.compile(r"\S+")
_INNER = re.compile(r"[^\s\"'`,;|<>()\[\]{}=:@/&?\\]+")
_EDGES = ".,;:!?\"'`()[]{}<>"
_HAS_DIGIT_OR_SIGN = re.compile(r"[^A-Za-z\s]")


def distinctive_words(text: str) -> set[str]:
    """Return the words of `text` that may be a secret, whole and in parts.

    Parts end at quotes, brackets and the signs between names and values, so that
    `key=Qz7!xkw` gives the value as well as the whole.
    """
    found = set()
    for whole in set(_BARE.findall(text)):
        if len(whole) < SHORTEST or not _HAS_DIGIT_OR_SIGN.search(whole):
            continue
        for word in (whole, whole.strip(_EDGES), *_INNER.findall(whole)):
            if len(word) >= SHORTEST and values.looks_secret(word):
                found.add(word)
    return found


def places_of(words: Iterable[str], text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where any of `words` stands in `text`; of overlapping ones the longest."""
    longest = sorted(words, key=len, reverse=True)
    if longest:
        for match in re.finditer("|".join(map(re.escape, longest)), text):
            yield *match.span(), match[0]
