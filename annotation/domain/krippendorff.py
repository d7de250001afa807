"""Krippendorff's alpha: one minus observed over expected disagreement.

Alpha takes any number of raters, missing ratings and four metrics. Only items with two
or more ratings enter it. Mind the names: alpha's ordinal metric counts the ratings that
lie between two levels, which is not the same as Gwet's ordinal weights; quadratic
weights and the interval metric are the same thing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from annotation.domain.coefficient import Coefficient, linearized
from annotation.domain.ratings_table import RatingsTable
from annotation.domain.resampling import Bootstrap, bca_bootstrap, sum_by_cluster
from annotation.domain.scale import Weights, agreement_weights

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
# Beyond this many levels a bootstrap of the ordinal metric would need a matrix of
# coincidences per item that no longer fits; the linearized interval stays.
_MOST_ORDINAL_LEVELS = 40


class Metric(StrEnum):
    """How far apart two labels are."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    INTERVAL = "interval"
    RATIO = "ratio"


@dataclass(frozen=True, eq=False)
class _Sums:
    """What alpha needs of each pairable item, and the distances between levels."""

    counts: FloatArray
    """Items x levels."""
    distances: FloatArray
    """Levels x levels; of the whole table, where the metric depends on the margins."""
    by_rank: bool

    @property
    def per_pair(self) -> FloatArray:
        """Items x levels: counts over (ratings - 1), the weight of each pairing."""
        share: FloatArray = self.counts / (self.counts.sum(axis=1, keepdims=True) - 1)
        return share

    @property
    def disagreements(self) -> FloatArray:
        """Observed disagreement that each item adds."""
        summed: FloatArray = (self.per_pair * (self.counts @ self.distances)).sum(
            axis=1
        )
        return summed


def krippendorff_alpha(
    table: RatingsTable, metric: Metric | str = Metric.ORDINAL
) -> Coefficient:
    """Return alpha with a linearized standard error and interval.

    The ordinal metric's dependence on the margins is part of the linearization. The
    degrees of freedom are the items with any rating less one, as Gwet (2014) has it.
    """
    kind = Metric(metric)
    method = f"Krippendorff alpha, {kind.value} metric; linearized, Student t"
    obstacle = table.obstacle() or _metric_obstacle(table, kind)
    if obstacle:
        return Coefficient.undefined(table.n_pairable, method, obstacle)
    return _alpha(table, _sums(table, kind), method)


def weighted_alpha(table: RatingsTable, weights: Weights | str) -> Coefficient:
    """Return alpha over the disagreement 1 - weight of a weight matrix."""
    kind = Weights(weights)
    method = f"Krippendorff alpha, {kind.value} weights; linearized, Student t"
    if obstacle := table.obstacle():
        return Coefficient.undefined(table.n_pairable, method, obstacle)
    distances = 1.0 - agreement_weights(kind, table.values)
    return _alpha(table, _Sums(_pairable(table), distances, by_rank=False), method)


def bootstrap_alpha(
    table: RatingsTable,
    metric: Metric | str,
    rng: np.random.Generator,
    *,
    clusters: IntArray | None = None,
    draws: int = 1000,
) -> Bootstrap | None:
    """Resample items, or clusters of items, for alpha's BCa interval.

    `clusters` numbers the cluster of each item of the table. Items are resampled, never
    pairs of ratings: pairs within an item depend on each other, and treating them as
    independent halves the interval. None where alpha or its spread is not defined.
    """
    kind = Metric(metric)
    if table.obstacle() or _metric_obstacle(table, kind):
        return None
    sums = _sums(table, kind)
    if sums.by_rank and len(table.levels) > _MOST_ORDINAL_LEVELS:
        return None
    kept = table.ratings_per_item >= 2
    groups = None if clusters is None else clusters[kept]
    rows, statistic = _rank_rows(sums) if sums.by_rank else _fixed_rows(sums)
    return bca_bootstrap(sum_by_cluster(rows, groups), statistic, rng, draws=draws)


def _pairable(table: RatingsTable) -> FloatArray:
    kept: FloatArray = table.counts[table.ratings_per_item >= 2]
    return kept


def _metric_obstacle(table: RatingsTable, kind: Metric) -> str | None:
    if kind is Metric.RATIO and float(table.values.min()) < 0:
        return "The ratio metric needs numbers of zero or more."
    return None


def _sums(table: RatingsTable, kind: Metric) -> _Sums:
    counts = _pairable(table)
    values = table.values
    if kind is Metric.NOMINAL:
        return _Sums(counts, 1.0 - np.eye(len(values)), by_rank=False)
    if kind is Metric.ORDINAL:
        ranks = _midranks(counts.sum(axis=0))
        return _Sums(counts, (ranks[:, None] - ranks[None, :]) ** 2, by_rank=True)
    gaps = np.abs(values[:, None] - values[None, :])
    if kind is Metric.INTERVAL:
        return _Sums(counts, gaps**2, by_rank=False)
    both = values[:, None] + values[None, :]
    relative = np.divide(gaps, both, out=np.zeros_like(gaps), where=both > 0)
    return _Sums(counts, relative**2, by_rank=False)


def _midranks(margins: FloatArray) -> FloatArray:
    """Mean rank of the ratings of each level; works on (..., levels)."""
    ranks: FloatArray = np.cumsum(margins, axis=-1) - margins / 2
    return ranks


def _alpha(table: RatingsTable, sums: _Sums, method: str) -> Coefficient:
    margins = sums.counts.sum(axis=0)
    total = float(margins.sum())
    observed = float(sums.disagreements.sum())
    expected = float(margins @ sums.distances @ margins)
    n = len(sums.counts)
    if expected <= 0:
        return Coefficient.undefined(
            n, method, "Only one level was used: there is no disagreement to expect."
        )
    return linearized(
        1 - (total - 1) * observed / expected,
        n * _influences(sums, total, observed, expected),
        method,
        df=table.n_items - 1,
    )


def _influences(
    sums: _Sums, total: float, observed: float, expected: float
) -> FloatArray:
    """Derivative of -total x observed / expected along each item's own sums."""
    margins = sums.counts.sum(axis=0)
    d_observed = sums.disagreements
    slope_expected = 2 * sums.distances @ margins
    if sums.by_rank:
        together = sums.per_pair.T @ sums.counts
        slope_observed = _rank_slope(together, margins)
        slope_expected = slope_expected + _rank_slope(
            np.outer(margins, margins), margins
        )
        # The disagreement of each item is taken at fixed ranks; the ranks move too.
        d_observed = d_observed + sums.counts @ slope_observed
    d_total = sums.counts.sum(axis=1)
    d_expected = sums.counts @ slope_expected
    ratio = observed / expected
    influences: FloatArray = -(
        d_total * ratio + total * (d_observed - ratio * d_expected) / expected
    )
    return influences


def _rank_slope(pairs: FloatArray, margins: FloatArray) -> FloatArray:
    """Derivative of sum(pairs x (rank - rank)^2) by the margins, through the ranks."""
    ranks = _midranks(margins)
    pull = 4 * (pairs.sum(axis=1) * ranks - pairs @ ranks)
    # Rank k rises by one for each rating of a lower level, by half for one of its own.
    slope: FloatArray = np.cumsum(pull[::-1])[::-1] - pull / 2
    return slope


def _fixed_rows(sums: _Sums) -> tuple[FloatArray, Callable[[FloatArray], FloatArray]]:
    rows = np.column_stack([sums.disagreements, sums.counts])
    distances = sums.distances

    def statistic(drawn: FloatArray) -> FloatArray:
        observed, margins = drawn[..., 0], drawn[..., 1:]
        expected = ((margins @ distances) * margins).sum(axis=-1)
        return _from_sums(margins.sum(axis=-1), observed, expected)

    return rows, statistic


def _rank_rows(sums: _Sums) -> tuple[FloatArray, Callable[[FloatArray], FloatArray]]:
    size = sums.counts.shape[1]
    upper = np.triu_indices(size, k=1)
    # Coincidences of two different levels suffice: equal ones are at distance zero.
    apart = 2 * sums.per_pair[:, upper[0]] * sums.counts[:, upper[1]]
    rows = np.column_stack([apart, sums.counts])

    def statistic(drawn: FloatArray) -> FloatArray:
        margins = drawn[..., len(upper[0]) :]
        ranks = _midranks(margins)
        gaps = (ranks[..., upper[0]] - ranks[..., upper[1]]) ** 2
        observed = (drawn[..., : len(upper[0])] * gaps).sum(axis=-1)
        pairs = margins[..., upper[0]] * margins[..., upper[1]]
        expected = 2 * (pairs * gaps).sum(axis=-1)
        return _from_sums(margins.sum(axis=-1), observed, expected)

    return rows, statistic


def _from_sums(
    total: FloatArray, observed: FloatArray, expected: FloatArray
) -> FloatArray:
    ratio = np.divide(
        observed, expected, out=np.full_like(expected, np.nan), where=expected > 0
    )
    alpha: FloatArray = 1 - (total - 1) * ratio
    return alpha
