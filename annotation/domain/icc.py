"""Intraclass correlations for numeric ratings such as 1 to 5.

They answer how far one rater's number (or the mean of k raters) can stand for another's
and need a complete block: every rater rated every item. With gaps, Krippendorff's alpha
with the interval metric is the figure to use.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from annotation.domain.coefficient import Coefficient
from annotation.domain.intervals import Interval
from annotation.domain.ratings_table import RatingsTable

FloatArray = NDArray[np.float64]
_MODELS = {
    1: "one-way random effects",
    2: "two-way random effects, absolute agreement",
    3: "two-way mixed effects, consistency",
}


@dataclass(frozen=True)
class _MeanSquares:
    items: float
    raters: float
    rest: float
    n: int
    k: int

    @property
    def within(self) -> float:
        """Mean square within items: raters and rest together."""
        whole = self.raters * (self.k - 1) + self.rest * (self.n - 1) * (self.k - 1)
        return whole / (self.n * (self.k - 1))


def intraclass_correlations(table: RatingsTable) -> dict[str, Coefficient]:
    """Return ICC(1..3, 1) of one rater and ICC(1..3, k) of the mean of k raters.

    The keys are `icc_1_1` to `icc_3_k`; ICC(2, .) is the one for raters who stand for
    any rater. Formulas and F intervals are those of Shrout and Fleiss (1979). Not
    defined without a complete block of two or more items and raters, or without
    variation.
    """
    block = _complete_block(table)
    found: dict[str, Coefficient] = {}
    for model, words in _MODELS.items():
        names = {"1": f"ICC({model},1), {words}", "k": f"ICC({model},k), {words}"}
        for of, name in names.items():
            method = f"{name}; F interval"
            found[f"icc_{model}_{of}"] = (
                Coefficient.undefined(table.n_items, method, block)
                if isinstance(block, str)
                else _coefficient(_mean_squares(block), model, of, method)
            )
    return found


def _coefficient(
    squares: _MeanSquares, model: int, of: str, method: str
) -> Coefficient:
    value, (low, high) = {1: _one_way, 2: _random, 3: _mixed}[model](squares)
    if of == "k":
        value, low, high = (_stepped_up(x, squares.k) for x in (value, low, high))
    return Coefficient(value, None, (low, high), squares.n, method)


def _complete_block(table: RatingsTable) -> FloatArray | str:
    if table.n_items < 2 or table.n_raters < 2:
        return "Two items and two raters are needed at least."
    if table.n_ratings != table.n_items * table.n_raters:
        return "Not every rater rated every item."
    block = np.empty((table.n_items, table.n_raters))
    block[table.items, table.raters] = table.values[table.codes]
    if np.ptp(block) == 0:
        return "All ratings are equal."
    if _mean_squares(block).rest <= 0:
        return "The raters differ by a constant only: there is no error to estimate."
    return block


def _mean_squares(block: FloatArray) -> _MeanSquares:
    n, k = block.shape
    grand = block.mean()
    by_item = block.mean(axis=1) - grand
    by_rater = block.mean(axis=0) - grand
    rest = block - grand - by_item[:, None] - by_rater[None, :]
    left = float((rest**2).sum()) / ((n - 1) * (k - 1))
    return _MeanSquares(
        items=k * float((by_item**2).sum()) / (n - 1),
        raters=n * float((by_rater**2).sum()) / (k - 1),
        rest=left if left > 1e-12 else 0.0,
        n=n,
        k=k,
    )


def _one_way(squares: _MeanSquares) -> tuple[float, Interval]:
    df = squares.n * (squares.k - 1)
    return _by_ratio(squares.items / squares.within, squares, df)


def _mixed(squares: _MeanSquares) -> tuple[float, Interval]:
    df = (squares.n - 1) * (squares.k - 1)
    return _by_ratio(squares.items / squares.rest, squares, df)


def _by_ratio(ratio: float, squares: _MeanSquares, df: int) -> tuple[float, Interval]:
    """Value and limits that depend on one F ratio only."""
    n, k = squares.n, squares.k
    low = ratio / float(special.fdtri(n - 1, df, 0.975))
    high = ratio * float(special.fdtri(df, n - 1, 0.975))
    value, lower, upper = ((f - 1) / (f + k - 1) for f in (ratio, low, high))
    return value, (lower, upper)


def _random(squares: _MeanSquares) -> tuple[float, Interval]:
    n, k = squares.n, squares.k
    between = squares.items + (k - 1) * squares.rest
    between += k * (squares.raters - squares.rest) / n
    value = (squares.items - squares.rest) / between
    return value, _random_limits(squares, value)


def _random_limits(squares: _MeanSquares, value: float) -> Interval:
    """95 % limits with Satterthwaite's degrees of freedom."""
    n, k, rest = squares.n, squares.k, squares.rest
    ratio = squares.raters / rest
    offset = n * (1 + (k - 1) * value) - k * value
    df = (
        (k - 1)
        * (n - 1)
        * (k * value * ratio + offset) ** 2
        / ((n - 1) * k**2 * value**2 * ratio**2 + offset**2)
    )
    upper_f = float(special.fdtri(n - 1, df, 0.975))
    lower_f = float(special.fdtri(df, n - 1, 0.975))
    shared = k * squares.raters + (k * n - k - n) * rest
    low = n * (squares.items - upper_f * rest)
    low /= upper_f * shared + n * squares.items
    high = n * (lower_f * squares.items - rest)
    high /= shared + n * lower_f * squares.items
    return low, high


def _stepped_up(single: float, k: int) -> float:
    """Reliability of the mean of k raters from that of one (Spearman-Brown)."""
    return k * single / (1 + (k - 1) * single)
