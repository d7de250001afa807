"""Shares of tickets and differences between shares, with their intervals.

A share of independent tickets takes Wilson's interval; where incidents hold several
tickets, incidents are resampled. Two shares of different tickets (a slice and the rest)
are compared here; two systems on the same tickets belong to `paired`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

from annotation.domain.intervals import Figure, Interval, share_figure, wilson
from annotation.domain.resampling import bca_bootstrap, sum_by_cluster
from evaluation.domain.answers import BoolArray, FloatArray, IntArray


def share(
    hits: BoolArray,
    clusters: IntArray | None,
    rng: np.random.Generator,
    reference: str,
) -> Figure:
    """Return the share of hits, its interval by Wilson or by resampled incidents.

    Where every incident has the same share, Wilson over incidents stands in: resampling
    would report certainty.
    """
    n = len(hits)
    if clusters is None or n == 0:
        return share_figure(int(hits.sum()), n, reference)
    rows = np.column_stack([hits, np.ones(n)]).astype(np.float64)
    sums = sum_by_cluster(rows, clusters)
    drawn = bca_bootstrap(sums, ratio_of_columns, rng)
    value = float(hits.mean())
    groups = len(sums)
    if drawn is None:
        ci = wilson(value * groups, groups)
        method = f"share, Wilson interval over {groups} incidents"
        return Figure(value, ci, n, method, reference)
    ci = max(0.0, drawn.ci[0]), min(1.0, drawn.ci[1])
    method = f"share, BCa bootstrap over {groups} incidents"
    return Figure(value, ci, n, method, reference)


def ratio_of_columns(sums: FloatArray) -> FloatArray:
    """First column over second, NaN where the second is zero."""
    top, bottom = sums[..., 0], sums[..., 1]
    ratio: FloatArray = np.divide(
        top, bottom, out=np.full_like(top, np.nan), where=bottom > 0
    )
    return ratio


def difference_interval(
    hits: int, n: int, rest_hits: int, rest_n: int, confidence: float = 0.95
) -> Interval:
    """Interval for hits/n - rest_hits/rest_n of different tickets.

    Newcombe's hybrid score interval (1998, method 10 for independent proportions).
    """
    first, second = hits / n, rest_hits / rest_n
    low, high = wilson(hits, n, confidence)
    rest_low, rest_high = wilson(rest_hits, rest_n, confidence)
    gap = first - second
    below = math.hypot(first - low, rest_high - second)
    above = math.hypot(high - first, second - rest_low)
    return gap - below, gap + above


def fewer_hits_p(hits: int, n: int, all_hits: int, total: int) -> float:
    """One-sided mid-p of Fisher's exact test that n tickets have too few hits.

    Of `total` tickets with `all_hits` hits, `n` have `hits`; small where the n tickets
    do worse than the rest.
    """
    possible = np.arange(max(0, n - (total - all_hits)), hits + 1, dtype=np.float64)
    log_p = (
        _log_choose(all_hits, possible)
        + _log_choose(total - all_hits, n - possible)
        - _log_choose(total, np.array([float(n)]))
    )
    mass = np.exp(log_p)
    return float(min(1.0, mass.sum() - mass[-1] / 2))


def _log_choose(n: int, k: FloatArray) -> NDArray[np.float64]:
    logs: FloatArray = (
        special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    )
    return logs


def benjamini_hochberg(p: FloatArray) -> FloatArray:
    """Return adjusted p values that control the false discovery rate (1995)."""
    order = np.argsort(p)
    ranked = p[order] * len(p) / np.arange(1, len(p) + 1)
    monotone = np.minimum.accumulate(ranked[::-1])[::-1]
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(monotone, 1.0)
    return adjusted
