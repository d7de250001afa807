"""When the open work is done, and how many minutes it takes.

The forecast rests on how many answers came on each of the last days, days without any
included, but none from before there was work. It knows nothing of weekends, holidays or
who is away; its interval does only as far as the last days showed them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotation.domain.intervals import Figure

FloatArray = NDArray[np.float64]

DAYS = 14
LEAST_WORKING_DAYS = 3
LEAST_TIMED = 6
"""Timed answers from which the time needed has an interval."""

_DRAWS = 4000
_MEANS = 1000
_LONGEST = 3650.0
_METHOD = (
    "bootstrap over days, inverse Gaussian first passage; 2.5 and 97.5 percent points"
)
_MINUTES = "remaining answers x mean active seconds; bootstrap over answers, percentile"


@dataclass(frozen=True)
class Forecast:
    """Days until the last wanted answer; None where there is nothing to go by.

    `latest` is None where, going by the last days, it may never be done. `reason` says
    why there is no forecast.
    """

    remaining: int
    per_day: float
    n_days: int
    working_days: int
    days: float | None = None
    earliest: float | None = None
    latest: float | None = None
    reason: str | None = None
    method: str = _METHOD


def forecast(
    remaining: int, per_day: Sequence[int], rng: np.random.Generator
) -> Forecast:
    """Forecast in how many days `remaining` answers will have come.

    Daily counts are resampled, which varies the mean m and the variance s² of a day;
    the days that a sum of such days takes to reach `remaining` are then drawn from the
    first-passage time of a random walk with drift, the inverse Gaussian with mean
    remaining/m and shape remaining²/s² (Chhikara and Folks 1989, chapter 2).
    """
    counts = np.asarray(per_day, dtype=float)
    working = int(np.count_nonzero(counts))
    mean = float(counts.mean()) if len(counts) else 0.0
    if remaining <= 0:
        return Forecast(0, mean, len(counts), working, 0.0, 0.0, 0.0)
    if working < LEAST_WORKING_DAYS:
        reason = (
            f"No forecast: fewer than {LEAST_WORKING_DAYS} working days of labeling."
        )
        return Forecast(remaining, mean, len(counts), working, reason=reason)
    drawn = rng.choice(counts, size=(_DRAWS, len(counts)))
    days = _passage(remaining, drawn.mean(axis=1), drawn.var(axis=1, ddof=1), rng)
    low, middle, high = (float(q) for q in np.quantile(days, [0.025, 0.5, 0.975]))
    return Forecast(
        remaining,
        mean,
        len(counts),
        working,
        days=middle if middle < _LONGEST else None,
        earliest=low,
        latest=high if high < _LONGEST else None,
        reason=None if middle < _LONGEST else "At this rate it takes over ten years.",
    )


def _passage(
    remaining: int,
    means: FloatArray,
    variances: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Draw a passage time for each mean and variance; no drift never arrives."""
    moving = means > 0
    days = np.full(len(means), _LONGEST)
    expected = remaining / means[moving]
    # A day that never varies has no spread; the tiny variance stands for none.
    shape = remaining**2 / np.maximum(variances[moving], 1e-9)
    days[moving] = rng.wald(expected, shape)
    capped: FloatArray = np.minimum(days, _LONGEST)
    return capped


def minutes_needed(
    remaining: int, seconds: Sequence[float], rng: np.random.Generator
) -> Figure:
    """Return the active minutes that the remaining answers take.

    A total needs the mean: a few long answers are in it, and the median leaves them
    out. The interval is the mean's, by percentiles of resampled answers (Efron and
    Tibshirani 1993, chapter 13); that of the number of answers is not in it.
    """
    n = len(seconds)
    if n == 0:
        return Figure.undefined(
            0, _MINUTES, "own answers", "No answer has a measured time."
        )
    measured = np.asarray(seconds, dtype=float)
    value = remaining * float(measured.mean()) / 60
    if n < LEAST_TIMED:
        reason = "Fewer than six answers give no interval."
        return Figure(value, None, n, _MINUTES, "own answers", reason)
    means = rng.choice(measured, size=(_MEANS, n)).mean(axis=1)
    low, high = (remaining * float(q) / 60 for q in np.quantile(means, [0.025, 0.975]))
    return Figure(value, (low, high), n, _MINUTES, "own answers")
