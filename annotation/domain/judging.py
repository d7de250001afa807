"""Exact similarities of texts that are only sketched, each found once.

Texts are read when they are needed, and what was found about them is remembered by
what they contain. Nobody here decides which texts to compare.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from annotation.domain.near_search import Ends, Keys, Known, Places, Shares
from annotation.domain.sketches import (
    PERMUTATIONS,
    Sketches,
    content_of,
    masked_face,
    pieces,
)

# MinHash estimates Jaccard with a standard error of about 0.035 at 0.8; four of them
# below the threshold a pair is not worth the exact comparison.
_SLACK = 0.15
_ESTIMATED_AT_ONCE = 8192
_COMPARED_AT_ONCE = 64
# Comparing so many pieces takes as long as reading and cutting up one character.
_PIECES_A_CHARACTER = 8
# Hashes of pieces kept for the next comparison: 32 MiB.
_KEPT_PIECES = 4_000_000

Reader = Callable[[Sequence[int]], Mapping[int, str]]
"""Gives the texts of some owners; those that are gone are left out."""


class TextChanged(Exception):
    """The text of `owner` is not the one that was sketched."""

    def __init__(self, owner: int) -> None:
        super().__init__(f"text {owner} is not the one that was sketched")
        self.owner = owner


class Spent(Exception):
    """The step has done as much as it may."""


class Judge:
    """Exact similarities, each found once; stops when the step is over."""

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
        self._effort = 0

    def known(self) -> Known:
        """What was known before and what came to it."""
        return self._before.with_more(self._fresh) if self._fresh else self._before

    def stop_if_spent(self) -> None:
        """Raise Spent when enough has been done."""
        done = self._effort + self._pieces.read
        if self._characters is not None and done > self._characters:
            raise Spent

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
            if self._fresh:
                # Never before something new is known: the next step would not come
                # further than this one.
                self.stop_if_spent()
            found[block] = self._compare(keys[block], left[block], right[block])
        result[worth] = found
        return result

    def _is_worth(self, pairs: Ends) -> NDArray[np.bool_]:
        self._effort += len(pairs)
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
            self._effort += (one.size + other.size) // _PIECES_A_CHARACTER
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
