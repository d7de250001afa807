"""Agreement between several raters, corrected for chance in five ways.

All coefficients here have the form (observed - chance) / (1 - chance) and differ in
what they call chance. Missing ratings are allowed: observed agreement rests on items
with two or more ratings, each weighing the same; chance rests on all ratings (Gwet
2014, chapters 2 to 5). Standard errors are linearized over items. Krippendorff's alpha
and the two-rater kappas have rooms of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotation.domain.coefficient import NO_WIDTH, ONE_ITEM, Coefficient, linearized
from annotation.domain.intervals import Figure, ratio_estimate
from annotation.domain.ratings_table import RatingsTable
from annotation.domain.scale import Weights, agreement_weights

FloatArray = NDArray[np.float64]
_T = "linearized standard error, Student t"


@dataclass(frozen=True, eq=False)
class _Observed:
    """Observed agreement and what each item adds to it.

    `shares` (items x levels) are shares of each item's ratings. `per_item` is each
    item's agreement and `pairable` is 1 where it has one, both scaled so that their
    means over all items are the observed agreement and 1.
    """

    weights: FloatArray
    shares: FloatArray
    per_item: FloatArray
    pairable: FloatArray

    @property
    def n(self) -> int:
        return len(self.per_item)

    @property
    def mean(self) -> float:
        return float(self.per_item.mean())


def _observe(table: RatingsTable, weights: Weights | str) -> _Observed:
    matrix = agreement_weights(weights, table.values)
    counts, ratings = table.counts, table.ratings_per_item
    agreeing = (counts * (counts @ matrix - 1.0)).sum(axis=1)
    pairs = ratings * (ratings - 1)
    scale = table.n_items / table.n_pairable
    pairable: FloatArray = np.where(pairs > 0, scale, 0.0)
    per_item = agreeing / np.maximum(pairs, 1.0) * pairable
    return _Observed(matrix, counts / ratings[:, None], per_item, pairable)


def _corrected(
    seen: _Observed,
    chance: float,
    method: str,
    chance_per_item: FloatArray | None = None,
) -> Coefficient:
    """Combine observed and chance agreement.

    `chance_per_item` has mean `chance`; None where chance does not depend on the data.
    """
    if 1 - chance < 1e-12:
        return Coefficient.undefined(
            seen.n, method, "Chance agreement is 1: only one level was used."
        )
    value = (seen.mean - chance) / (1 - chance)
    influences = (seen.per_item - chance * seen.pairable) / (1 - chance) - value
    if chance_per_item is not None:
        moved = (chance_per_item - chance) / (1 - chance)
        influences = influences - 2 * (1 - value) * moved
    return linearized(
        value,
        influences,
        method,
        df=seen.n - 1,
        observed=seen.mean,
        chance=chance,
    )


def _name(name: str, weights: Weights | str) -> str:
    kind = Weights(weights)
    return name if kind is Weights.IDENTITY else f"{name}, {kind.value} weights"


def percent_agreement(
    table: RatingsTable, weights: Weights | str = Weights.IDENTITY
) -> Coefficient:
    """Return the mean over items of the share of rater pairs that agree."""
    method = f"{_name('percent agreement', weights)}; {_T}"
    if reason := table.obstacle():
        return Coefficient.undefined(table.n_items, method, reason)
    seen = _observe(table, weights)
    influences = seen.per_item - seen.mean
    return linearized(seen.mean, influences, method, df=seen.n - 1, observed=seen.mean)


def gwet_ac1(table: RatingsTable) -> Coefficient:
    """Return Gwet's AC1: chance is disagreement at random between the levels in use."""
    return _gwet(table, Weights.IDENTITY, "Gwet AC1")


def gwet_ac2(
    table: RatingsTable, weights: Weights | str = Weights.QUADRATIC
) -> Coefficient:
    """Return Gwet's AC2: AC1 with partial credit for near levels."""
    return _gwet(table, weights, "Gwet AC2")


def _gwet(table: RatingsTable, weights: Weights | str, name: str) -> Coefficient:
    method = f"{_name(name, weights)}; {_T}"
    if reason := table.obstacle():
        return Coefficient.undefined(table.n_items, method, reason)
    seen = _observe(table, weights)
    size = len(table.levels)
    shares = seen.shares.mean(axis=0)
    factor = float(seen.weights.sum()) / (size * (size - 1)) if size > 1 else 0.0
    chance_per_item = factor * (seen.shares @ (1 - shares))
    return _corrected(seen, float(chance_per_item.mean()), method, chance_per_item)


def fleiss_kappa(
    table: RatingsTable, weights: Weights | str = Weights.IDENTITY
) -> Coefficient:
    """Return Fleiss' generalized kappa (Scott's pi for two raters)."""
    method = f"{_name('Fleiss kappa', weights)}; {_T}"
    if reason := table.obstacle():
        return Coefficient.undefined(table.n_items, method, reason)
    seen = _observe(table, weights)
    chance_per_item = seen.shares @ (seen.weights @ seen.shares.mean(axis=0))
    return _corrected(seen, float(chance_per_item.mean()), method, chance_per_item)


def brennan_prediger(
    table: RatingsTable, weights: Weights | str = Weights.IDENTITY
) -> Coefficient:
    """Return Brennan and Prediger's coefficient: every level is as likely by chance."""
    method = f"{_name('Brennan-Prediger', weights)}; {_T}"
    if reason := table.obstacle():
        return Coefficient.undefined(table.n_items, method, reason)
    seen = _observe(table, weights)
    chance = float(seen.weights.mean())
    return _corrected(seen, chance, method)


def conger_kappa(
    table: RatingsTable, weights: Weights | str = Weights.IDENTITY
) -> Coefficient:
    """Return Conger's kappa: each rater has an own habit (Cohen's for two raters)."""
    method = f"{_name('Conger kappa', weights)}; {_T}"
    if reason := table.obstacle():
        return Coefficient.undefined(table.n_items, method, reason)
    seen = _observe(table, weights)
    habits, rated = _habits(table)
    raters = len(habits)
    pairs = raters * (raters - 1)
    # Row g: the mean credit a level earns against all raters but g.
    credit = (habits.sum(axis=0)[None, :] - habits) @ seen.weights / pairs
    expected = (habits * credit).sum(axis=1)
    chance = float(expected.sum())
    pull = credit[table.raters, table.codes] - expected[table.raters]
    per_item = np.bincount(
        table.items, pull * seen.n / rated[table.raters], minlength=seen.n
    ).astype(np.float64)
    return _corrected(seen, chance, method, chance + per_item)


def _habits(table: RatingsTable) -> tuple[FloatArray, FloatArray]:
    """Raters x levels: share of each level among a rater's ratings; and how many."""
    size = len(table.levels)
    flat = np.bincount(
        table.raters * size + table.codes, minlength=table.n_raters * size
    )
    used = flat.reshape(table.n_raters, size).astype(np.float64)
    rated = used.sum(axis=1)
    return used / rated[:, None], rated


def specific_agreement(table: RatingsTable) -> dict[str, Figure]:
    """Return, for each level, how often a second rater names it where one did.

    Sums over items of n_k (n_k - 1) / n_k (r - 1), with n_k ratings of the level out of
    r (Spitzer and Fleiss 1974); the interval is the linearized ratio's over items.
    """
    ratings = table.ratings_per_item[:, None]
    together = table.counts * (table.counts - 1)
    possible = table.counts * (ratings - 1)
    found = {}
    for code, level in enumerate(table.levels):
        touched = possible[:, code] > 0
        found[level] = _specific(together[touched, code], possible[touched, code])
    return found


def _specific(together: FloatArray, possible: FloatArray) -> Figure:
    method = "specific agreement; ratio linearized over items, Student t"
    reference = "the other raters"
    n = len(possible)
    estimate = ratio_estimate(together, possible)
    if estimate is None:
        reason = "No item with two ratings has this level."
        return Figure.undefined(n, method, reference, reason)
    if estimate.ci is None:
        reason = NO_WIDTH if n > 1 else ONE_ITEM
        return Figure(estimate.value, None, n, method, reference, reason)
    low, high = estimate.ci
    ci = max(0.0, low), min(1.0, high)
    return Figure(estimate.value, ci, n, method, reference)
