"""A reviewer's pace, gold answers, repeats and change over time.

None of these needs more than the reviewer's own answers, but for change over time,
which follows the figures of `reviewer_quality` from month to month.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import special

from annotation.domain.coefficient import Coefficient
from annotation.domain.intervals import Figure, Interval, share_figure
from annotation.domain.kappa import weighted_kappa
from annotation.domain.reviewer_quality import (
    PEERS,
    Comparison,
    bias,
    evident,
    exact_agreement,
)
from annotation.domain.scale import Weights, agreement_weights

VERY_QUICK = 1 / 5
"""Share of the project's median under which an answer is called very quick."""

_BOUNDS = (5, 10, 20, 40, 80, 160, 320, 640)
_MEDIAN = "median active seconds; interval of order statistics"


def median_seconds(seconds: Sequence[float]) -> Figure:
    """Return the median with the exact interval of order statistics.

    The interval runs from the k-th smallest to the k-th largest, k the largest number
    with P(Bin(n, 1/2) < k) <= 0.025 (Conover 1999, section 3.2): it assumes nothing
    about how times are distributed. Fewer than six answers give none.
    """
    n, reference = len(seconds), "own answers"
    if n == 0:
        reason = "No answer has a measured time."
        return Figure.undefined(0, _MEDIAN, reference, reason)
    ordered = np.sort(np.asarray(seconds, dtype=float))
    ci = _median_interval(ordered)
    missing = None if ci else "Fewer than six answers give no interval."
    return Figure(float(np.median(ordered)), ci, n, _MEDIAN, reference, missing)


def _median_interval(ordered: NDArray[np.float64]) -> Interval | None:
    n = len(ordered)
    below = special.bdtr(np.arange(n), n, 0.5)
    k = int(np.count_nonzero(below <= 0.025))
    if k == 0:
        return None
    return float(ordered[k - 1]), float(ordered[n - k])


def pace_bins(seconds: Iterable[float]) -> list[tuple[str, int]]:
    """Count answers by active seconds, in bins that double."""
    edges = np.array([0, *_BOUNDS])
    places = np.searchsorted(edges, np.asarray(list(seconds), dtype=float), "right")
    counts = np.bincount(places, minlength=len(edges) + 1)[1:]
    names = [f"{low}-{high} s" for low, high in pairwise(edges)]
    return list(
        zip([*names, f"over {edges[-1]} s"], [int(n) for n in counts], strict=True)
    )


def is_very_quick(seconds: float, project_median: float) -> bool:
    """Say whether an answer took under a fifth of the project's median."""
    return seconds < VERY_QUICK * project_median


def gold_accuracy(right: int, n: int) -> Figure:
    """Return the share of gold records answered with the known level."""
    if n == 0:
        reason = "No gold record was answered."
        return Figure.undefined(0, "share, Wilson interval", "gold records", reason)
    return share_figure(right, n, "gold records")


@dataclass(frozen=True)
class GoldRecord:
    """How a gold record was answered: `right` of `n` answers name the known level."""

    right: int
    n: int

    @property
    def is_doubtful(self) -> bool:
        """Most of five or more missed it: look at the gold itself."""
        return self.n >= 5 and 2 * self.right < self.n


@dataclass(frozen=True)
class Repeat:
    """A first answer, the blind answer to the same record later, and the days since."""

    first: int
    again: int
    days: float


@dataclass(frozen=True)
class Repeatability:
    """How a reviewer agrees with themselves."""

    exact: Figure
    weighted: Figure
    median_days: float | None


def repeatability(repeats: Sequence[Repeat], size: int) -> Repeatability:
    """Return the share of repeats with the same level, and their weighted kappa.

    The share has Wilson's interval; kappa is Cohen's with quadratic weights, standard
    error of Fleiss, Cohen and Everitt (1969). `size` is the number of levels.
    """
    reference = "own first answers"
    table = np.zeros((size, size))
    for one in repeats:
        table[one.first, one.again] += 1
    weights = agreement_weights(Weights.QUADRATIC, np.arange(size, dtype=float))
    found: Coefficient = weighted_kappa(table, weights, "quadratic")
    same = sum(one.first == one.again for one in repeats)
    exact = share_figure(same, len(repeats), reference)
    if not repeats:
        reason = "No record has been answered a second time."
        exact = Figure.undefined(0, "share, Wilson interval", reference, reason)
    days = [one.days for one in repeats]
    return Repeatability(
        exact, found.figure(reference), float(np.median(days)) if days else None
    )


@dataclass(frozen=True)
class Period:
    """Agreement and bias within one month."""

    name: str
    agreement: Figure
    bias: Figure


def by_month(
    comparisons: Iterable[Comparison], rng: np.random.Generator
) -> list[Period]:
    """Return the figures of each month, oldest first; months with few answers say so.

    Answers without a time are left out.
    """
    months: dict[str, list[Comparison]] = {}
    for one in comparisons:
        if one.at is not None:
            months.setdefault(f"{one.at:%Y-%m}", []).append(one)
    return [
        Period(name, evident(exact_agreement(rows, rng)), evident(bias(rows)))
        for name, rows in sorted(months.items())
    ]


def drift(comparisons: Iterable[Comparison]) -> Figure:
    """Return how the bias of the newer half differs from that of the older half.

    In levels, positive where the reviewer has come to call tickets more severe. The
    halves are taken as independent: the standard errors behind their intervals add in
    squares; normal quantile.
    """
    method = "bias of the newer half less that of the older; normal interval"
    dated = sorted(
        (one for one in comparisons if one.at is not None),
        key=lambda one: (one.at, one.item),
    )
    middle = len(dated) // 2
    older, newer = (bias(half) for half in (dated[:middle], dated[middle:]))
    if older.value is None or newer.value is None:
        reason = "There are not two answers to compare."
        return Figure.undefined(len(dated), method, PEERS, reason)
    value = newer.value - older.value
    if older.ci is None or newer.ci is None:
        reason = "A half shows no variation, so the data give no interval."
        return Figure(value, None, len(dated), method, PEERS, reason)
    half = float(np.hypot(_half_width(older.ci), _half_width(newer.ci)))
    return Figure(value, (value - half, value + half), len(dated), method, PEERS)


def _half_width(ci: Interval) -> float:
    return (ci[1] - ci[0]) / 2
