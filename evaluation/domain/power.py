"""What a set of tickets could have shown: power of the paired comparison.

Exact enumeration for McNemar's test, so that every comparison can say which gain it
would have noticed and how many tickets a finer answer needs. Published power formulas
for this test are approximations, some of them wrong; these are sums over all outcomes.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy import special

from evaluation.domain.answers import FloatArray, IntArray

_WANTED_POWER = 0.8
_MOST_TICKETS = 200_000
# Candidates around the normal approximation of the critical value, which errs by less.
_AROUND = np.arange(-4, 6)


def mcnemar_power(
    n: int,
    win_rate: float,
    loss_rate: float,
    *,
    alpha: float = 0.05,
    tails: int = 2,
    mid: bool = True,
) -> float:
    """Return the chance that McNemar's test on n tickets comes out significant.

    `win_rate` and `loss_rate` are the shares of tickets that only the second and only
    the first system answers right. `mid` chooses the mid-p form over the exact one.
    """
    discordant = win_rate + loss_rate
    if n < 1 or discordant <= 0:
        return 0.0
    counts = _likely_counts(n, discordant)
    mass = np.exp(_log_binomial(counts, n, discordant))
    needed = _needed_wins(counts, alpha / tails, mid)
    tilt = win_rate / discordant
    significant = _at_least(needed, counts, tilt)
    if tails == 2:
        significant = significant + _at_least(needed, counts, 1 - tilt)
    return min(1.0, float(mass @ significant))


def _likely_counts(n: int, share: float) -> IntArray:
    """Numbers of discordant tickets that carry all but a negligible share."""
    spread = 9 * math.sqrt(n * share * (1 - share)) + 20
    low = max(0, math.floor(n * share - spread))
    return np.arange(low, min(n, math.ceil(n * share + spread)) + 1)


def _log_binomial(k: IntArray, n: int | IntArray, share: float) -> FloatArray:
    logs: FloatArray = (
        special.gammaln(np.add(n, 1))
        - special.gammaln(k + 1)
        - special.gammaln(np.subtract(n, k) + 1)
        + special.xlogy(k, share)
        + special.xlog1py(np.subtract(n, k), -share)
    )
    return logs


def _needed_wins(discordant: IntArray, alpha: float, mid: bool) -> IntArray:
    """Fewest wins that are significant one-sided, one more than possible if none."""
    z = float(special.ndtri(1 - alpha))
    guess = np.ceil(discordant / 2 + z * np.sqrt(discordant) / 2)
    tried = guess[:, None].astype(np.intp) + _AROUND[None, :]
    of = discordant[:, None]
    possible = (tried >= 0) & (tried <= of)
    safe = np.clip(tried, 0, np.maximum(of, 0))
    tail = _at_least(safe, np.broadcast_to(of, safe.shape), 0.5)
    if mid:
        tail = tail - np.exp(_log_binomial(safe, of, 0.5)) / 2
    significant = possible & (tail <= alpha + 1e-12)
    fewest = np.where(significant, tried, of + 1).min(axis=1)
    needed: IntArray = np.minimum(fewest, discordant + 1)
    return needed


def _at_least(k: IntArray, n: IntArray, share: float) -> FloatArray:
    """P(X >= k) for binomial X; 0 where k exceeds n."""
    inside = (k >= 1) & (k <= n)
    tail = special.betainc(
        np.where(inside, k, 1), np.where(inside, n - k + 1, 1), share
    )
    chance: FloatArray = np.where(inside, tail, (k < 1).astype(np.float64))
    return chance


@lru_cache(maxsize=4096)
def minimum_detectable_gain(
    n: int, loss_rate: float, *, power: float = _WANTED_POWER
) -> float | None:
    """Return the least gain in accuracy that n tickets show with the given power.

    `loss_rate` is the share of tickets that the second system newly gets wrong. None
    where even winning every other ticket would not do.
    """
    low, high = 0.0, 1 - 2 * loss_rate
    if high <= 0 or mcnemar_power(n, loss_rate + high, loss_rate) < power:
        return None
    while high - low > 1e-5:
        gain = (low + high) / 2
        if mcnemar_power(n, loss_rate + gain, loss_rate) < power:
            low = gain
        else:
            high = gain
    return high


@lru_cache(maxsize=4096)
def tickets_needed(
    win_rate: float, loss_rate: float, *, power: float = _WANTED_POWER
) -> int | None:
    """Return how many tickets would show the observed rates with the given power.

    None where there is no difference to show, or more than 200,000 are needed.
    """
    if math.isclose(win_rate, loss_rate):
        return None
    low, high = 1, 16
    while mcnemar_power(high, win_rate, loss_rate) < power:
        low, high = high, high * 2
        if high > _MOST_TICKETS:
            return None
    while high - low > 1:
        n = (low + high) // 2
        if mcnemar_power(n, win_rate, loss_rate) < power:
            low = n
        else:
            high = n
    return high
