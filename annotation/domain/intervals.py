"""How sure a figure is: shapes and closed-form intervals.

`Figure` is what every page, report and command shows: a value never travels without
its interval, its n, its method and the name of what it was measured against. The
closed forms (Wilson, Clopper-Pearson, Student t, ratio by cluster) live here; what
must be resampled lives in `resampling`. Nothing here knows tickets or models.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]
Interval = tuple[float, float]


@dataclass(frozen=True)
class Figure:
    """A value with its 95 % interval, or the reason why there is none.

    `n` counts the units that the interval rests on, `method` names value and interval,
    `reference` names what the value was measured against. `reason` is set where the
    value or the interval is not defined, and says why in words.
    """

    value: float | None
    ci: Interval | None
    n: int
    method: str
    reference: str
    reason: str | None = None

    @classmethod
    def undefined(cls, n: int, method: str, reference: str, reason: str) -> Figure:
        """Return a figure without a value, with the reason in words."""
        return cls(None, None, n, method, reference, reason)

    def as_dict(self) -> dict[str, Any]:
        """Return the public shape; `reason` only where there is one."""
        shape: dict[str, Any] = {
            "value": self.value,
            "ci": None if self.ci is None else list(self.ci),
            "n": self.n,
            "method": self.method,
            "reference": self.reference,
        }
        if self.reason is not None:
            shape["reason"] = self.reason
        return shape


def wilson(successes: float, n: float, confidence: float = 0.95) -> Interval:
    """Return Wilson's score interval for a share (Newcombe 1998, method 3).

    `n` may be an effective sample size, so both counts may be fractions.

    Raises
    ------
    ValueError
        Without trials, or with more successes than trials.
    """
    _check_counts(successes, n)
    z = float(special.ndtri((1 + confidence) / 2))
    share = successes / n
    middle = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def clopper_pearson(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """Return the exact interval for a share, which never covers too little.

    Raises
    ------
    ValueError
        Without trials, or with more successes than trials.
    """
    _check_counts(successes, n)
    tail = (1 - confidence) / 2
    low = special.betaincinv(successes, n - successes + 1, tail) if successes else 0.0
    high = (
        special.betaincinv(successes + 1, n - successes, 1 - tail)
        if successes < n
        else 1.0
    )
    return float(low), float(high)


def _check_counts(successes: float, n: float) -> None:
    if n <= 0 or not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is no share")


def share_figure(successes: int, n: int, reference: str) -> Figure:
    """Return a share of independent units with its Wilson interval."""
    if n == 0:
        return Figure.undefined(0, "share, Wilson", reference, "There are no units.")
    return Figure(
        successes / n, wilson(successes, n), n, "share, Wilson interval", reference
    )


def normal_interval(value: float, se: float, confidence: float = 0.95) -> Interval:
    """Return value ± z·se, clipped to [-1, 1]."""
    z = float(special.ndtri((1 + confidence) / 2))
    return max(-1.0, value - z * se), min(1.0, value + z * se)


def t_interval(
    value: float, se: float, df: float, confidence: float = 0.95
) -> Interval:
    """Return value ± t·se with Student's t, the upper limit clipped at 1."""
    t = float(special.stdtrit(df, (1 + confidence) / 2))
    return value - t * se, min(1.0, value + t * se)


@dataclass(frozen=True)
class RatioEstimate:
    """A ratio of two sums over clusters, with its linearized standard error.

    `ci` is None where the clusters show no variation at all or there is only one:
    a width of zero would be false certainty.
    """

    value: float
    se: float
    clusters: int

    @property
    def ci(self) -> Interval | None:
        """95 % interval by Student's t with clusters - 1 degrees of freedom."""
        return self.interval(0.95)

    def interval(self, confidence: float) -> Interval | None:
        """Interval at another confidence, unclipped; None where there is no width."""
        if self.clusters < 2 or self.se <= 1e-12:
            return None
        t = float(special.stdtrit(self.clusters - 1, (1 + confidence) / 2))
        return self.value - t * self.se, self.value + t * self.se


def ratio_estimate(
    numerators: FloatArray, denominators: FloatArray
) -> RatioEstimate | None:
    """Estimate sum(numerators) / sum(denominators), one entry a cluster.

    The standard error is the linearized one (Cochran 1977, section 6.4): residuals
    numerator - ratio x denominator, summed over clusters. None where the denominators
    sum to zero.
    """
    total = float(denominators.sum())
    if total <= 0:
        return None
    value = float(numerators.sum()) / total
    clusters = len(numerators)
    if clusters < 2:
        return RatioEstimate(value, 0.0, clusters)
    residuals = numerators - value * denominators
    variance = clusters / (clusters - 1) * float(residuals @ residuals) / total**2
    return RatioEstimate(value, math.sqrt(variance), clusters)
