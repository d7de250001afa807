"""Find near copies among sketches, in steps that may end anywhere.

Candidates agree in one of 16 bands of 8 rows of their signatures; each is compared
exactly, text by text, and what came out is known from then on. A step ends when it has
read enough text. Where steps end changes nothing: a band that was broken off is gone
through again, past what is known.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from annotation.domain.near_search import BANDS, Ends, Keys, Known, Search, Shares
from annotation.domain.sketches import (
    PERMUTATIONS,
    Sketches,
    content_of,
    masked_face,
    pieces,
)

THRESHOLD = 0.8
_ROWS = PERMUTATIONS // BANDS
# Buckets above this size are compared with leaders instead of pair by pair.
_FULL_BUCKET = 24
_LEADERS = 24
# MinHash estimates Jaccard with a standard error of about 0.035 at 0.8; four of them
# below the threshold a pair is not worth the exact comparison.
_SLACK = 0.15
_ESTIMATED_AT_ONCE = 8192
_COMPARED_AT_ONCE = 64
# Hashes of pieces kept for the next comparison: 32 MiB.
_KEPT_PIECES = 4_000_000
# Multipliers of the hash of a band: odd, random, fixed.
_MIX = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93,
     0xA0761D6478BD642F, 0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3, 0x589965CC75374CC3],
    dtype=np.uint64,
)  # fmt: skip

Places = NDArray[np.int64]
Reader = Callable[[Sequence[int]], Mapping[int, str]]
"""Gives the texts of some owners; those that are gone are left out."""


class TextChanged(Exception):
    """The text of `owner` is not the one that was sketched."""

    def __init__(self, owner: int) -> None:
        super().__init__(f"text {owner} is not the one that was sketched")
        self.owner = owner


class _Spent(Exception):
    """The step has read as much as it may."""


def advance(
    search: Search,
    sketches: Sketches,
    read: Reader,
    *,
    characters: int | None = None,
    threshold: float = THRESHOLD,
) -> Search:
    """Go on until about so many characters have been read; without a limit, to the end.

    Enough pairs come back to connect every cluster, not all pairs of a large one:
    exact copies are paired with the first of them, and within a crowded bucket texts
    are compared with the first that differ. What a text quotes is compared with whole
    texts only: many replies quote the same formula and have nothing else in common.

    Raises TextChanged.
    """
    step = _Step(search, sketches, read, characters, threshold)
    try:
        while not step.search.is_done:
            step.go_through_band()
    except _Spent:
        """The next step takes the band up again."""
    return step.result()


class _Step:
    """The search as it stands, over sketches in an order of their own.

    Whole texts come first, so that they lead crowded buckets; then it goes by owner,
    so that the order in which sketches were kept changes nothing.
    """

    def __init__(
        self,
        search: Search,
        sketches: Sketches,
        read: Reader,
        characters: int | None,
        threshold: float,
    ) -> None:
        self.search = search
        self._faces = sketches.take(np.lexsort((sketches.owners, sketches.quoted)))
        self._singles, self._equal = _equal_contents(self._faces)
        self._judge = _Judge(self._faces, search.known, read, characters, threshold)
        self._threshold = threshold

    def result(self) -> Search:
        """The search with all that is known now."""
        return replace(self.search, known=self._judge.known())

    def go_through_band(self) -> None:
        """Find the near pairs of the next band."""
        self._judge.stop_if_spent()
        band = self.search.bands
        found = [(self._equal, np.ones(len(self._equal)))] if band == 0 else []
        few, crowds = _buckets(self._faces.rows[self._singles], band)
        found.append(self._near(self._singles[few]))
        for crowd in crowds:
            found += self._near_in_crowd(self._singles[crowd])
        ends = np.concatenate([self._faces.owners[places] for places, _ in found])
        similarities = np.concatenate([shares for _, shares in found])
        self.search = replace(
            self.search.with_pairs(ends, similarities), bands=band + 1
        )

    def _near(self, pairs: Ends) -> tuple[Ends, Shares]:
        """Those of some pairs of places that are near."""
        similarities = self._judge.similarities(pairs)
        near = similarities >= self._threshold
        return pairs[near], similarities[near]

    def _near_in_crowd(self, crowd: Places) -> Iterator[tuple[Ends, Shares]]:
        """Compare with the first, and what is not near it with the next first."""
        for _ in range(_LEADERS):
            if crowd.size < 2 or self._faces.quoted[crowd[0]]:
                return
            others = crowd[1:]
            pairs = np.column_stack([np.full(others.size, crowd[0]), others])
            near, similarities = self._near(pairs)
            yield near, similarities
            crowd = others[~np.isin(others, near[:, 1])]


class _Judge:
    """Exact similarities, each found once; reads texts until the step is over."""

    def __init__(
        self,
        faces: Sketches,
        known: Known,
        read: Reader,
        characters: int | None,
        threshold: float,
    ) -> None:
        self._faces = faces
        self._before = known
        self._fresh: dict[int, float] = {}
        self._pieces = _Pieces(faces, read)
        self._characters = characters
        self._threshold = threshold

    def known(self) -> Known:
        """What was known before and what came to it."""
        return self._before.with_more(self._fresh) if self._fresh else self._before

    def stop_if_spent(self) -> None:
        """Raise _Spent when enough has been read."""
        if self._characters is not None and self._pieces.read > self._characters:
            raise _Spent

    def similarities(self, pairs: Ends) -> Shares:
        """The similarity of each pair; 0 where an estimate or its kind rules it out."""
        result = np.zeros(len(pairs))
        worth = np.flatnonzero(self._is_worth(pairs))
        left, right = pairs[worth, 0], pairs[worth, 1]
        keys = Known.keys_of(self._faces.contents[left], self._faces.contents[right])
        found = self._before.of(keys)
        for at in np.flatnonzero(np.isnan(found)).tolist():
            found[at] = self._fresh.get(int(keys[at]), np.nan)
        unknown = np.flatnonzero(np.isnan(found))
        for start in range(0, unknown.size, _COMPARED_AT_ONCE):
            block = unknown[start : start + _COMPARED_AT_ONCE]
            self.stop_if_spent()
            found[block] = self._compare(keys[block], left[block], right[block])
        result[worth] = found
        return result

    def _is_worth(self, pairs: Ends) -> NDArray[np.bool_]:
        rows, least = self._faces.rows, self._threshold - _SLACK
        worth = np.zeros(len(pairs), dtype=np.bool_)
        for start in range(0, len(pairs), _ESTIMATED_AT_ONCE):
            left, right = pairs[start : start + _ESTIMATED_AT_ONCE].T
            agreeing = np.count_nonzero(rows[left] == rows[right], axis=1)
            worth[start : start + left.size] = agreeing >= least * PERMUTATIONS
        left, right = pairs.T
        worth &= self._faces.owners[left] != self._faces.owners[right]
        worth &= ~(self._faces.quoted[left] & self._faces.quoted[right])
        return worth

    def _compare(self, keys: Keys, left: Places, right: Places) -> list[float]:
        at_hand = self._pieces.of(np.union1d(left, right).tolist())
        result = []
        for key, a, b in zip(keys.tolist(), left.tolist(), right.tolist(), strict=True):
            one, other = at_hand[a], at_hand[b]
            common = np.intersect1d(one, other, assume_unique=True).size
            self._fresh[key] = float(common / (one.size + other.size - common))
            result.append(self._fresh[key])
        return result


class _Pieces:
    """The pieces of texts, the last ones kept; counts the characters it read."""

    def __init__(self, faces: Sketches, read: Reader) -> None:
        self._faces = faces
        self._texts = read
        self._kept: OrderedDict[int, Keys] = OrderedDict()
        self._size = 0
        self.read = 0

    def of(self, places: Sequence[int]) -> dict[int, Keys]:
        """The pieces at some places. Raises TextChanged."""
        at_hand = {at: self._kept[at] for at in places if at in self._kept}
        missing = [at for at in places if at not in at_hand]
        if missing:
            at_hand |= zip(missing, pieces(self._masked(missing)), strict=True)
        for at in places:
            self._keep(at, at_hand[at])
        return at_hand

    def _masked(self, places: Sequence[int]) -> list[str]:
        owners = self._faces.owners[places].tolist()
        texts = self._texts(sorted(set(owners)))
        self.read += sum(map(len, texts.values()))
        masked = []
        for at, owner in zip(places, owners, strict=True):
            quoted = bool(self._faces.quoted[at])
            masked.append(masked_face(texts.get(owner, ""), quoted=quoted))
            if content_of(masked[-1]) != self._faces.contents[at]:
                raise TextChanged(owner)
        return masked

    def _keep(self, at: int, one: Keys) -> None:
        if at in self._kept:
            self._kept.move_to_end(at)
            return
        self._kept[at] = one
        self._size += one.size
        while self._size > _KEPT_PIECES:
            self._size -= self._kept.popitem(last=False)[1].size


def _equal_contents(faces: Sketches) -> tuple[Places, Ends]:
    """Return the places of different texts, and each equal one beside its first."""
    whole = np.flatnonzero(~faces.quoted)
    contents, first = np.unique(faces.contents[whole], return_index=True)
    at = np.searchsorted(contents, faces.contents)
    at[at == contents.size] = 0
    is_equal = np.zeros(len(faces), dtype=np.bool_)
    if contents.size:
        is_equal = contents[at] == faces.contents
    places = np.arange(len(faces))
    firsts = np.where(is_equal, whole[first][at] if contents.size else places, places)
    equal = np.column_stack([firsts, places])[firsts != places]
    # A text that quotes a copy of itself is no pair.
    is_pair = faces.owners[equal[:, 0]] != faces.owners[equal[:, 1]]
    return np.flatnonzero(firsts == places), equal[is_pair]


def _buckets(rows: NDArray[np.uint32], band: int) -> tuple[Ends, list[Places]]:
    """Return all pairs that agree in a band, and the buckets too crowded for that."""
    keys = rows[:, band * _ROWS : (band + 1) * _ROWS].astype(np.uint64) @ _MIX
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.diff(keys[order], prepend=~keys[order][:1]))
    sizes = np.diff(starts, append=keys.size)
    crowds = [
        order[starts[n] : starts[n] + sizes[n]]
        for n in np.flatnonzero(sizes > _FULL_BUCKET).tolist()
    ]
    size_of = np.repeat(sizes, sizes)
    run = np.repeat(np.arange(sizes.size), sizes)
    pairs = [np.zeros((0, 2), dtype=np.int64)]
    for apart in range(1, _FULL_BUCKET):
        is_one = (run[apart:] == run[:-apart]) & (size_of[apart:] <= _FULL_BUCKET)
        at = np.flatnonzero(is_one)
        pairs.append(np.column_stack([order[at], order[at + apart]]))
    return np.concatenate(pairs), crowds
