"""Two systems on the same tickets: tests and intervals for wins and losses.

Only tickets that one system answers right and the other wrong say anything about the
difference. A win is a ticket that only the second system answers right. Where incidents
hold several tickets, the sign of each incident's sum is flipped instead; with single
tickets that is McNemar's test again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from annotation.domain.intervals import Interval, wilson
from evaluation.domain.answers import FloatArray, IntArray


@dataclass(frozen=True)
class McNemar:
    """McNemar's test of wins against losses in its four common forms.

    `p_mid` is the one that verdicts use: it keeps its level at small n without the
    caution of the exact form. The asymptotic forms are there to compare with tools that
    print them; they are None without discordant tickets.
    """

    p_mid: float
    p_exact: float
    chi2: float | None
    p_asymptotic: float | None
    chi2_corrected: float | None
    p_corrected: float | None


def mcnemar(wins: int, losses: int) -> McNemar:
    """Test whether wins and losses differ by more than chance, two-sided."""
    discordant = wins + losses
    if discordant == 0:
        return McNemar(1.0, 1.0, None, None, None, None)
    fewer = min(wins, losses)
    below = float(special.bdtr(fewer, discordant, 0.5))
    at = math.exp(
        math.lgamma(discordant + 1)
        - math.lgamma(fewer + 1)
        - math.lgamma(discordant - fewer + 1)
        - discordant * math.log(2)
    )
    gap = abs(wins - losses)
    chi2 = gap**2 / discordant
    corrected = max(gap - 1, 0) ** 2 / discordant
    return McNemar(
        p_mid=min(1.0, 2 * below - at),
        p_exact=min(1.0, 2 * below),
        chi2=chi2,
        p_asymptotic=float(special.chdtrc(1, chi2)),
        chi2_corrected=corrected,
        p_corrected=float(special.chdtrc(1, corrected)),
    )


def sign_flip_p(sums: IntArray) -> float:
    """Two-sided mid-p that sums of wins less losses would be as far from zero.

    `sums` holds one whole number an incident. Under the hypothesis of no difference
    each could as well have the other sign; the distribution of their total is computed
    exactly by convolution, incidents of the same size together.
    """
    sizes, counts = np.unique(np.abs(sums[sums != 0]), return_counts=True)
    reach = int((sizes * counts).sum())
    if reach == 0:
        return 1.0
    # Shares of totals; a shift of 2 in the total is a shift of 1 incident sign.
    shares = np.ones(1)
    for size, count in zip(sizes.tolist(), counts.tolist(), strict=True):
        step = np.zeros(count * size + 1)
        step[::size] = _binomial_shares(count)
        shares = np.convolve(shares, step)
    totals = 2 * np.arange(len(shares)) - reach
    observed = abs(int(sums.sum()))
    further = float(shares[np.abs(totals) > observed].sum())
    equal = float(shares[np.abs(totals) == observed].sum())
    return min(1.0, further + equal / 2 if observed else 1.0)


def _binomial_shares(count: int) -> FloatArray:
    k = np.arange(count + 1)
    shares: FloatArray = np.exp(
        special.gammaln(count + 1)
        - special.gammaln(k + 1)
        - special.gammaln(count - k + 1)
        - count * math.log(2)
    )
    return shares


def tango_interval(
    wins: float, losses: float, n: float, confidence: float = 0.95
) -> Interval:
    """Score interval for (wins - losses) / n of paired tickets (Tango 1998).

    Has a sensible width without discordant tickets, where a difference of zero is
    certain only in name. Counts may be fractions, for effective numbers of tickets.

    Raises
    ------
    ValueError
        Without tickets.
    """
    if n <= 0:
        raise ValueError("an interval needs tickets")
    z = float(special.ndtri((1 + confidence) / 2))
    difference = (wins - losses) / n

    low = _crossing(wins, losses, n, z, -1.0, difference)
    return low, _crossing(wins, losses, n, -z, difference, 1.0)


def _crossing(
    wins: float, losses: float, n: float, level: float, low: float, high: float
) -> float:
    """The difference between `low` and `high` where Tango's statistic is `level`."""
    for _ in range(60):
        middle = (low + high) / 2
        if _tango_score(wins, losses, n, middle) > level:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _tango_score(wins: float, losses: float, n: float, limit: float) -> float:
    """Tango's statistic for a difference of `limit`; falls as the limit rises."""
    b = -wins - losses + (2 * n - wins + losses) * limit
    c = -losses * limit * (1 - limit)
    # Most likely share of losses if the difference were `limit`.
    share = (math.sqrt(max(b * b - 8 * n * c, 0.0)) - b) / (4 * n)
    variance = n * (2 * share + limit * (1 - limit))
    gap = wins - losses - n * limit
    if variance <= 1e-15:
        return math.copysign(math.inf, gap) if abs(gap) > 1e-12 else 0.0
    return gap / math.sqrt(variance)


def newcombe_paired_interval(
    both: int, wins: int, losses: int, neither: int, confidence: float = 0.95
) -> Interval:
    """Hybrid score interval for (wins - losses) / n (Newcombe 1998, paired method 10).

    Combines Wilson's intervals of both accuracies with their correlation.
    """
    n = both + wins + losses + neither
    second, first = (both + wins) / n, (both + losses) / n
    low2, high2 = wilson(both + wins, n, confidence)
    low1, high1 = wilson(both + losses, n, confidence)
    phi = _corrected_phi(both, wins, losses, neither)
    gap = second - first
    below = _joint(second - low2, high1 - first, phi)
    above = _joint(high2 - second, first - low1, phi)
    return gap - below, gap + above


def _joint(one: float, other: float, phi: float) -> float:
    return math.sqrt(max(one * one - 2 * phi * one * other + other * other, 0.0))


def _corrected_phi(both: int, wins: int, losses: int, neither: int) -> float:
    n = both + wins + losses + neither
    margins = (both + wins) * (both + losses) * (neither + wins) * (neither + losses)
    if margins == 0:
        return 0.0
    cross = float(both * neither - wins * losses)
    if cross > 0:
        cross = max(cross - n / 2, 0.0)
    return cross / math.sqrt(margins)


def design_effect(differences: FloatArray, clusters: IntArray) -> float:
    """How much more the mean difference varies because tickets share incidents.

    The ratio of the clustered to the independent variance of the mean, at least 1;
    where nothing varies, the mean number of tickets an incident.
    """
    n = len(differences)
    _, positions = np.unique(clusters, return_inverse=True)
    groups = int(positions.max()) + 1
    centred = differences - differences.mean()
    plain = float(centred @ centred) * n / (n - 1)
    if groups < 2 or plain < 1e-12:
        return n / groups
    sums = np.bincount(positions, weights=centred)
    return max(1.0, float(sums @ sums) * groups / (groups - 1) / plain)
