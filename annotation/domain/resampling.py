"""Bootstrap intervals for statistics that are functions of sums.

Accuracy, macro-F1, kappas and alpha all depend on the data through sums over units
(confusion cells, coincidences). So a resample only needs the resampled sums: equal
units are drawn together as one multinomial count, which keeps 1,000 draws over
100,000 units within seconds. The caller passes the generator; nothing here is random
on its own. A unit is a cluster wherever clusters exist.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from annotation.domain.intervals import Interval

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
Statistic = Callable[[FloatArray], FloatArray]

_CELLS_AT_ONCE = 10_000_000
_LEAST_DEFINED = 0.9


@dataclass(frozen=True)
class Bootstrap:
    """What a bootstrap showed: the interval, its standard error and its draws."""

    ci: Interval
    se: float
    draws: int


def sum_by_cluster(rows: FloatArray, clusters: IntArray | None) -> FloatArray:
    """Sum the rows of each cluster; rows stay as they are where `clusters` is None.

    `rows` has shape (units, k); `clusters` names the cluster of each unit by number.
    """
    if clusters is None:
        return rows
    _, positions = np.unique(clusters, return_inverse=True)
    sums = np.zeros((int(positions.max(initial=-1)) + 1, rows.shape[1]))
    np.add.at(sums, positions, rows)
    return sums


def bca_bootstrap(
    rows: FloatArray,
    statistic: Statistic,
    rng: np.random.Generator,
    *,
    draws: int = 2000,
    confidence: float = 0.95,
) -> Bootstrap | None:
    """Bootstrap a statistic of column sums, bias-corrected and accelerated.

    `rows` has shape (units, k). `statistic` maps sums of shape (..., k) to values of
    shape (...) and answers NaN where it is not defined. The acceleration comes from
    the jackknife over units (Efron 1987). None where fewer than two units exist, where
    a tenth of the draws is not defined, or where no draw differs from another.

    Draws come from a copy of `rng`, which itself stays where it is: figures computed
    with one generator share their draws, so none depends on what was computed before
    it, and the same figure in two tables has one interval.
    """
    units = len(rows)
    if units < 2:
        return None
    own = copy.deepcopy(rng)
    patterns, counts = np.unique(rows, axis=0, return_counts=True)
    totals = counts @ patterns
    estimate = float(statistic(totals))
    drawn = np.concatenate(
        [statistic(sums) for sums in _resampled(patterns, counts, own, draws)]
    )
    drawn = drawn[np.isfinite(drawn)]
    if len(drawn) < _LEAST_DEFINED * draws or np.ptp(drawn) < 1e-12:
        return None
    if not np.isfinite(estimate):
        return None
    shift = _bias(drawn, estimate)
    acceleration = _acceleration(statistic(totals - patterns), counts)
    ci = _bca_limits(drawn, shift, acceleration, confidence)
    return Bootstrap(ci, float(drawn.std(ddof=1)), draws)


def _resampled(
    patterns: FloatArray, counts: IntArray, rng: np.random.Generator, draws: int
) -> Iterator[FloatArray]:
    """Yield the column sums of resamples, a bounded number at once."""
    units = int(counts.sum())
    at_once = max(1, _CELLS_AT_ONCE // max(len(patterns), 1))
    for start in range(0, draws, at_once):
        size = min(at_once, draws - start)
        times = rng.multinomial(units, counts / units, size=size)
        yield times.astype(np.float64) @ patterns


def _bias(drawn: FloatArray, estimate: float) -> float:
    # Draws equal to the estimate count half: the statistics of small tables are lumpy.
    tolerance = 1e-9 * max(1.0, abs(estimate))
    below = np.count_nonzero(drawn < estimate - tolerance)
    equal = np.count_nonzero(np.abs(drawn - estimate) <= tolerance)
    edge = 0.5 / len(drawn)
    share = min(max((below + equal / 2) / len(drawn), edge), 1 - edge)
    return float(special.ndtri(share))


def _acceleration(left_out: FloatArray, counts: IntArray) -> float:
    defined = np.isfinite(left_out)
    values, weights = left_out[defined], counts[defined]
    if len(values) == 0:
        return 0.0
    deviations = float(np.average(values, weights=weights)) - values
    spread = float(weights @ deviations**2)
    if spread < 1e-24:
        return 0.0
    skew = float(weights @ deviations**3)
    return skew / (6 * math.sqrt(spread) ** 3)


def _bca_limits(
    drawn: FloatArray, shift: float, acceleration: float, confidence: float
) -> Interval:
    tail = (1 - confidence) / 2
    limits = []
    for quantile in (float(special.ndtri(tail)), float(special.ndtri(1 - tail))):
        moved = shift + quantile
        adjusted = shift + moved / (1 - acceleration * moved)
        limits.append(float(np.quantile(drawn, float(special.ndtr(adjusted)))))
    return min(limits), max(limits)
