"""Copies among sanitized texts: exact by fingerprint, near by MinHash and Jaccard.

Near duplicates are judged on masked text, where every pseudonym and address is only
its type: the same incident on two routers is one story, and a model that saw one half
in training knows the other. For dropping repeats at import the unmasked fingerprint is
the right one: the same alarm on another router is another ticket.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from annotation.domain.comparing import THRESHOLD, advance
from annotation.domain.masking import folded, mask
from annotation.domain.near_search import Pair, Search
from annotation.domain.sketches import sketch


def fingerprint(text: str, *, masked: bool = False) -> str:
    """Return the sha256 of the text without regard to case and white space.

    With `masked`, also without regard to which pseudonyms and addresses stand in it
    and to marks of quoting.

    Examples
    --------
    >>> fingerprint("Link  down") == fingerprint("link down ")
    True
    >>> fingerprint("at 10.1.1.1", masked=True) == fingerprint("> at IP", masked=True)
    True
    """
    normal = mask(text) if masked else folded(text)
    return hashlib.sha256(normal.encode("utf-8", "surrogatepass")).hexdigest()


def near_duplicates(texts: Sequence[str], threshold: float = THRESHOLD) -> list[Pair]:
    """Return pairs of texts whose masked char-5-gram sets are `threshold` alike.

    Or where one is so much like what the other quotes. See `comparing.advance` for
    which pairs of a large cluster come back.
    """
    sketches = sketch(range(len(texts)), texts)
    search = advance(
        Search(),
        sketches,
        lambda places: {at: texts[at] for at in places},
        threshold=threshold,
    )
    return search.pairs()


def clusters(n: int, pairs: Iterable[Pair]) -> list[int]:
    """Return for each of `n` texts the smallest position in its cluster (union-find).

    Examples
    --------
    >>> clusters(4, [Pair(0, 2, 0.9), Pair(2, 3, 0.8)])
    [0, 1, 0, 0]
    """
    parent = list(range(n))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    for pair in pairs:
        low, high = sorted((root(pair.a), root(pair.b)))
        parent[high] = low
    return [root(at) for at in range(n)]
