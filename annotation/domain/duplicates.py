"""Copies among sanitized texts: exact by fingerprint, near by MinHash and Jaccard.

Near duplicates are judged on masked text, where every pseudonym and address is only
its type: the same incident on two routers is one story, and a model that saw one half
in training knows the other. For dropping repeats at import the unmasked fingerprint is
the right one: the same alarm on another router is another ticket.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

from annotation.domain.sanitize import TOKEN_SHAPE

PERMUTATIONS = 128
BANDS = 16
THRESHOLD = 0.8
_ROWS = PERMUTATIONS // BANDS
_SEED = 42
_SHINGLE = 5
_CHUNK = 2000
# Buckets above this size are compared with leaders instead of pair by pair.
_FULL_BUCKET = 24
_LEADERS = 24
# MinHash estimates Jaccard with a standard error of about 0.035 at 0.8; four of them
# below the threshold a pair is not worth the exact comparison.
_SLACK = 0.15

_IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d]|\.\d)")
_GROUPS = r"[\da-f]{1,4}(?::[\da-f]{1,4})"
_IPV6 = re.compile(
    rf"(?<![\w:])(?:{_GROUPS}{{7}}|(?:{_GROUPS}{{0,6}})?::(?:{_GROUPS}{{0,6}})?)(?![\w:])"
)
_MAC = re.compile(
    r"(?<![\w:.-])(?:[\da-f]{2}(?:[:-][\da-f]{2}){5}|[\da-f]{4}(?:[.-][\da-f]{4}){2})"
    r"(?![\w:.-])"
)
# Multipliers of the shingle hash: odd, random, fixed.
_MIX = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9,
     0xD6E8FEB86659FD93, 0xA0761D6478BD642F],
    dtype=np.uint64,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pair:
    """Texts at `a` < `b` and the Jaccard similarity of their masked forms."""

    a: int
    b: int
    similarity: float


def fingerprint(text: str, *, masked: bool = False) -> str:
    """Return the sha256 of the text without regard to case and white space.

    With `masked`, also without regard to which pseudonyms and addresses stand in it.

    Examples
    --------
    >>> fingerprint("Link  down") == fingerprint("link down ")
    True
    >>> fingerprint("at 10.1.1.1", masked=True) == fingerprint("at IP", masked=True)
    True
    """
    normal = mask(text) if masked else _folded(text)
    return hashlib.sha256(normal.encode("utf-8", "surrogatepass")).hexdigest()


def mask(text: str) -> str:
    """Fold case and white space; put its type in place of every token and address."""
    typed = TOKEN_SHAPE.sub(lambda match: f" z{match[1]} ", text)
    low = _folded(typed)
    low = _MAC.sub("mac", low)
    low = _IPV4.sub("ip", low)
    return _IPV6.sub("ip", low) if low.count(":") >= 2 else low


def signatures(texts: Iterable[str]) -> NDArray[np.uint32]:
    """Return one MinHash signature a text, shape (n, 128): what a caller may keep.

    An empty text has a signature of zeros and resembles nothing.
    """
    rows = [_signatures(chunk) for chunk in _chunks(texts)]
    empty = np.zeros((0, PERMUTATIONS), dtype=np.uint32)
    return np.concatenate([empty, *rows])


def near_duplicates(
    texts: Sequence[str],
    threshold: float = THRESHOLD,
    known: NDArray[np.uint32] | None = None,
) -> list[Pair]:
    """Return pairs of texts whose masked char-5-gram sets are `threshold` alike.

    Loose MinHash candidates (16 bands of 8 rows), then the exact Jaccard similarity.
    Enough pairs come back to connect every cluster, not all pairs of a large one:
    exact copies are paired with the first of them, and within a crowded bucket texts
    are compared with the first that differ. `known` are the texts' signatures, where
    the caller has kept them.
    """
    masked = [mask(text) for text in texts]
    sketch = signatures(texts) if known is None else known
    firsts, found = _exact(masked)
    comparison = _Comparison(masked, sketch, threshold)
    for bucket in _buckets(sketch, firsts):
        found += comparison.of_bucket(bucket)
    return sorted(found, key=lambda pair: (pair.a, pair.b))


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


def _folded(text: str) -> str:
    # Both folds leave ASCII as `lower` does.
    low = (
        text.lower()
        if text.isascii()
        else unicodedata.normalize("NFKC", text).casefold()
    )
    return " ".join(low.split())


def _chunks(texts: Iterable[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    for text in texts:
        chunk.append(text)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _signatures(texts: Sequence[str]) -> NDArray[np.uint32]:
    hashes = [_shingles(mask(text)).tolist() for text in texts]
    matrix = RMinHash.digest_matrix_from_token_hash_sets(hashes, PERMUTATIONS, _SEED)
    rows = np.array(matrix.to_rows(), dtype=np.uint32).reshape(-1, PERMUTATIONS)
    rows[[not one for one in hashes]] = 0
    return rows


def _shingles(text: str) -> NDArray[np.uint64]:
    """Return the sorted 64-bit hashes of the text's 5-character pieces."""
    raw = text.encode("utf-32-le", "surrogatepass")
    codes = np.frombuffer(raw, dtype="<u4").astype(np.uint64)
    if not codes.size:
        return codes
    if codes.size < _SHINGLE:
        codes = np.pad(codes, (0, _SHINGLE - codes.size))
    count = codes.size - _SHINGLE + 1
    mixed = np.zeros(count, dtype=np.uint64)
    for place in range(_SHINGLE):
        mixed ^= (codes[place : place + count] + np.uint64(1)) * _MIX[place]
        mixed ^= mixed >> np.uint64(29)
        mixed *= _MIX[place]
    return np.unique(mixed)


def _exact(masked: Sequence[str]) -> tuple[list[int], list[Pair]]:
    """Return the first of each distinct text, and each copy's pair with its first."""
    firsts: dict[str, int] = {}
    pairs: list[Pair] = []
    for at, text in enumerate(masked):
        if not text:
            continue
        first = firsts.setdefault(text, at)
        if first != at:
            pairs.append(Pair(first, at, 1.0))
    return list(firsts.values()), pairs


def _buckets(sketch: NDArray[np.uint32], places: Sequence[int]) -> Iterator[list[int]]:
    """Yield groups of two or more texts that agree in one band."""
    for band in range(BANDS):
        groups: dict[bytes, list[int]] = defaultdict(list)
        rows = sketch[:, band * _ROWS : (band + 1) * _ROWS]
        for at in places:
            groups[rows[at].tobytes()].append(at)
        yield from (group for group in groups.values() if len(group) > 1)


class _Comparison:
    """Exact comparison of candidates, each pair at most once."""

    def __init__(
        self, masked: Sequence[str], sketch: NDArray[np.uint32], threshold: float
    ) -> None:
        self._sketch = sketch
        self._threshold = threshold
        self._judged: dict[tuple[int, int], bool] = {}
        self._shingles = lru_cache(maxsize=20_000)(lambda at: _shingles(masked[at]))

    def of_bucket(self, bucket: Sequence[int]) -> Iterator[Pair]:
        """Yield the near pairs of one bucket."""
        if len(bucket) <= _FULL_BUCKET:
            for a, b in combinations(bucket, 2):
                if (a, b) not in self._judged and (pair := self._pair(a, b)):
                    yield pair
            return
        leaders: list[int] = []
        for b in bucket:
            known = [self._judged.get((a, b)) for a in leaders]
            if any(known):
                continue
            new = (
                a for a, judged in zip(leaders, known, strict=True) if judged is None
            )
            pair = next(filter(None, (self._pair(a, b) for a in new)), None)
            if pair:
                yield pair
            elif len(leaders) < _LEADERS:
                leaders.append(b)

    def _pair(self, a: int, b: int) -> Pair | None:
        similarity = self._similarity(a, b)
        self._judged[a, b] = similarity >= self._threshold
        return Pair(a, b, similarity) if self._judged[a, b] else None

    def _similarity(self, a: int, b: int) -> float:
        """Return the exact similarity, or 0 where the estimate rules a pair out."""
        estimate = float(np.mean(self._sketch[a] == self._sketch[b]))
        if estimate < self._threshold - _SLACK:
            return 0.0
        one, other = self._shingles(a), self._shingles(b)
        common = np.intersect1d(one, other, assume_unique=True).size
        return float(common / (one.size + other.size - common))
