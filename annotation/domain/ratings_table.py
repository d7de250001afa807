"""Who gave which item which level: the one form that all agreement statistics read.

Ratings are kept long (item, rater, level), so missing ones cost nothing and nothing is
imputed. Items and raters without a rating do not exist here. The table knows how many
labels it set aside as repeats; it does not judge anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
LabelRow = tuple[str, str, str]


class RatingsError(ValueError):
    """Labels that cannot form a table; carries the reason in words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, eq=False)
class RatingsTable:
    """Parallel arrays of item, rater and level numbers, with the names they stand for.

    `levels` are in order; `values` are their numbers: positions for a nominal or
    ordinal scale, the labels themselves where they measure something.

    Raises
    ------
    RatingsError
        The arrays differ in length, or an item has no rating.
    """

    items: IntArray
    raters: IntArray
    codes: IntArray
    item_names: tuple[str, ...]
    rater_names: tuple[str, ...]
    levels: tuple[str, ...]
    values: FloatArray
    repeats: int = 0

    def __post_init__(self) -> None:
        if not len(self.items) == len(self.raters) == len(self.codes):
            raise RatingsError("Items, raters and levels differ in length.")
        if self.n_items and float(self.ratings_per_item.min()) == 0:
            raise RatingsError("An item without any rating does not belong here.")

    @classmethod
    def from_labels(
        cls,
        rows: Iterable[LabelRow],
        levels: Sequence[str],
        *,
        values: Sequence[float] | None = None,
        keep_repeats: bool = False,
    ) -> RatingsTable:
        """Build from (item, rater, label) rows.

        A second label of one rater for one item is counted in `repeats`; it is left
        out unless `keep_repeats`.

        Raises
        ------
        RatingsError
            A label is not among `levels`.
        """
        listed = list(rows)
        code_of = {level: code for code, level in enumerate(levels)}
        for _, _, label in listed:
            if label not in code_of:
                raise RatingsError(f"“{label[:40]}” is not among the levels.")
        items, item_names = _numbered([row[0] for row in listed])
        raters, rater_names = _numbered([row[1] for row in listed])
        codes = np.array([code_of[row[2]] for row in listed], dtype=np.intp)
        _, first = np.unique(items * len(rater_names) + raters, return_index=True)
        kept = np.arange(len(listed)) if keep_repeats else np.sort(first)
        numbers = np.arange(len(levels)) if values is None else values
        return cls(
            items[kept],
            raters[kept],
            codes[kept],
            item_names,
            rater_names,
            tuple(levels),
            np.asarray(numbers, dtype=np.float64),
            repeats=len(listed) - len(first),
        )

    @classmethod
    def from_matrix(
        cls,
        matrix: Sequence[Sequence[str | None]],
        levels: Sequence[str],
        *,
        values: Sequence[float] | None = None,
    ) -> RatingsTable:
        """Build from items x raters with None where a rating is missing."""
        rows = (
            (str(item), str(rater), label)
            for item, row in enumerate(matrix)
            for rater, label in enumerate(row)
            if label is not None
        )
        return cls.from_labels(rows, levels, values=values)

    @property
    def n_items(self) -> int:
        """Items with at least one rating."""
        return len(self.item_names)

    @property
    def n_raters(self) -> int:
        """Raters with at least one rating."""
        return len(self.rater_names)

    @property
    def n_ratings(self) -> int:
        """Ratings in the table, repeats set aside not counted."""
        return len(self.codes)

    @cached_property
    def counts(self) -> FloatArray:
        """Items x levels: how many ratings of each item name each level."""
        size = len(self.levels)
        flat = np.bincount(
            self.items * size + self.codes, minlength=self.n_items * size
        )
        return flat.reshape(self.n_items, size).astype(np.float64)

    @cached_property
    def ratings_per_item(self) -> FloatArray:
        """How many ratings each item has."""
        return np.bincount(self.items, minlength=self.n_items).astype(np.float64)

    @cached_property
    def n_pairable(self) -> int:
        """Items with at least two ratings."""
        return int(np.count_nonzero(self.ratings_per_item >= 2))

    @cached_property
    def level_shares(self) -> FloatArray:
        """Share of all ratings that name each level."""
        shares: FloatArray = self.counts.sum(axis=0) / max(self.n_ratings, 1)
        return shares

    def cross_table(self) -> FloatArray:
        """Levels of the first rater x levels of the second, over items both rated.

        Raises
        ------
        RatingsError
            There are not exactly two raters.
        """
        if self.n_raters != 2:
            raise RatingsError("A cross table needs exactly two raters.")
        by_rater = np.full((self.n_items, 2), -1, dtype=np.intp)
        by_rater[self.items, self.raters] = self.codes
        both = by_rater[(by_rater >= 0).all(axis=1)]
        size = len(self.levels)
        flat = np.bincount(both[:, 0] * size + both[:, 1], minlength=size * size)
        return flat.reshape(size, size).astype(np.float64)

    def obstacle(self) -> str | None:
        """Say why no agreement can be computed, or None where it can."""
        if self.n_ratings == 0:
            return "There are no labels."
        if self.n_raters < 2:
            return "Only one rater gave labels."
        if self.n_pairable == 0:
            return "No item has labels from two raters."
        return None


def _numbered(names: Sequence[str]) -> tuple[IntArray, tuple[str, ...]]:
    """Number names in order of appearance."""
    numbers: dict[str, int] = {}
    found = [numbers.setdefault(name, len(numbers)) for name in names]
    return np.array(found, dtype=np.intp), tuple(numbers)
