"""Find near copies among sketches, in steps that may end anywhere.

Candidates agree in one of 16 bands of 8 rows of their signatures; each is compared
exactly, text by text, and what came out is known from then on. A step ends when it has
done enough. Where steps end changes nothing: a band that was broken off is gone
through again, past what is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from annotation.domain.judging import Judge, Reader, Spent
from annotation.domain.near_search import BANDS, Ends, Places, Search, Shares
from annotation.domain.sketches import PERMUTATIONS, Sketches

THRESHOLD = 0.8
_ROWS = PERMUTATIONS // BANDS
# Buckets above this size are compared with leaders instead of pair by pair.
_FULL_BUCKET = 24
_LEADERS = 24
# Multipliers of the hash of a band: odd, random, fixed.
_MIX = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93,
     0xA0761D6478BD642F, 0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3, 0x589965CC75374CC3],
    dtype=np.uint64,
)  # fmt: skip


def advance(
    search: Search,
    sketches: Sketches,
    read: Reader,
    *,
    characters: int | None = None,
    threshold: float = THRESHOLD,
    shown_from: float | None = None,
) -> Search:
    """Go on for as long as reading so many characters takes; without it, to the end.

    Enough pairs come back to connect every cluster, not all pairs of a large one:
    exact copies are paired with the first of them, and within a crowded bucket texts
    are compared with the first that differ. What a text quotes is compared with whole
    texts only: many replies quote the same formula and have nothing else in common.
    `shown_from`: pairs below the threshold that were compared on the way come back from
    this similarity on. They are not all there are, and change nothing in the others.

    Raises judging.TextChanged.
    """
    shown = threshold if shown_from is None else shown_from
    step = _Step(search, sketches, read, characters, threshold, shown)
    try:
        while not step.search.is_done:
            step.go_through_band()
    except Spent:
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
        shown_from: float,
    ) -> None:
        self.search = search
        self._faces = sketches.take(np.lexsort((sketches.owners, sketches.quoted)))
        self._singles, self._equal = _equal_contents(self._faces)
        self._judge = Judge(self._faces, search.known, read, characters, threshold)
        self._threshold, self._shown_from = threshold, shown_from

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
        """Those of some pairs of places that are near, or shown all the same."""
        similarities = self._judge.similarities(pairs)
        shown = similarities >= min(self._threshold, self._shown_from)
        return pairs[shown], similarities[shown]

    def _near_in_crowd(self, crowd: Places) -> Iterator[tuple[Ends, Shares]]:
        """Compare with the first, and what is not near it with the next first."""
        for _ in range(_LEADERS):
            if crowd.size < 2 or self._faces.quoted[crowd[0]]:
                return
            others = crowd[1:]
            pairs = np.column_stack([np.full(others.size, crowd[0]), others])
            shown, similarities = self._near(pairs)
            yield shown, similarities
            near = shown[similarities >= self._threshold]
            crowd = others[~np.isin(others, near[:, 1])]


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
