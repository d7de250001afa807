"""A search for near copies as it stands: what can be kept between its steps.

`annotation.domain.comparing` takes the steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

BANDS = 16

Ends = NDArray[np.int64]
Places = NDArray[np.int64]
Keys = NDArray[np.uint64]
Shares = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pair:
    """Texts `a` < `b` and the Jaccard similarity of their masked forms."""

    a: int
    b: int
    similarity: float


def _no_keys() -> Keys:
    return np.zeros(0, dtype=np.uint64)


def _no_shares() -> Shares:
    return np.zeros(0)


def _no_ends() -> Ends:
    return np.zeros((0, 2), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Known:
    """Exact similarities by pairs of contents; `keys` rise.

    It holds whatever becomes of the texts: another text has another content.
    """

    keys: Keys = field(default_factory=_no_keys)
    similarities: Shares = field(default_factory=_no_shares)

    @staticmethod
    def keys_of(one: Keys, other: Keys) -> Keys:
        """The keys of pairs of contents, in whichever order."""
        low, high = np.minimum(one, other), np.maximum(one, other)
        return low * np.uint64(0x9E3779B97F4A7C15) ^ high * np.uint64(
            0xC2B2AE3D27D4EB4F
        )

    def of(self, keys: Keys) -> Shares:
        """The similarities of some pairs, NaN where not known."""
        if not self.keys.size:
            return np.full(keys.size, np.nan)
        at = np.minimum(np.searchsorted(self.keys, keys), self.keys.size - 1)
        return np.where(self.keys[at] == keys, self.similarities[at], np.nan)

    def with_more(self, more: Mapping[int, float]) -> Self:
        """These and others, by key."""
        keys = np.fromiter(more, dtype=np.uint64, count=len(more))
        similarities = np.fromiter(more.values(), dtype=np.float64, count=len(more))
        every, first = np.unique(np.concatenate([self.keys, keys]), return_index=True)
        return type(self)(
            every, np.concatenate([self.similarities, similarities])[first]
        )


@dataclass(frozen=True, slots=True)
class Search:
    """How far a search has come: the bands done, the pairs found, what is known.

    ends: two owners a row, the lower one first; rising, each pair once.
    """

    bands: int = 0
    ends: Ends = field(default_factory=_no_ends)
    similarities: Shares = field(default_factory=_no_shares)
    known: Known = field(default_factory=Known)

    @classmethod
    def of_columns(cls, columns: Mapping[str, NDArray[Any]]) -> Self:
        """What `columns` gave."""
        return cls(
            bands=int(columns["bands"]),
            ends=columns["ends"],
            similarities=columns["similarities"],
            known=Known(columns["known_keys"], columns["known_similarities"]),
        )

    def columns(self) -> dict[str, NDArray[Any]]:
        """Everything by name, to be kept."""
        return {
            "bands": np.array(self.bands),
            "ends": self.ends,
            "similarities": self.similarities,
            "known_keys": self.known.keys,
            "known_similarities": self.known.similarities,
        }

    @property
    def is_done(self) -> bool:
        """Whether every band has been gone through."""
        return self.bands == BANDS

    def begun_again(self) -> Self:
        """A search from the start, over other texts, that need not compare anew."""
        return type(self)(known=self.known)

    def with_pairs(self, ends: Ends, similarities: Shares) -> Self:
        """The search with more pairs, in whichever order and however often."""
        ends = np.concatenate([self.ends, np.sort(ends, axis=1)])
        similarities = np.concatenate([self.similarities, similarities])
        # Of a pair that was found twice, whole and quoted, the greater counts.
        order = np.lexsort((-similarities, ends[:, 1], ends[:, 0]))
        ends, similarities = ends[order], similarities[order]
        is_new = np.ones(len(ends), dtype=np.bool_)
        is_new[1:] = (ends[1:] != ends[:-1]).any(axis=1)
        return replace(self, ends=ends[is_new], similarities=similarities[is_new])

    def pairs(self) -> list[Pair]:
        """The pairs found, in rising order."""
        found = zip(self.ends.tolist(), self.similarities.tolist(), strict=True)
        return [Pair(a, b, similarity) for (a, b), similarity in found]
