"""Agreement of two: Cohen's kappas, and whether two raters differ in habit.

Everything here reads one square table of counts, first rater in rows, second in
columns, over the whole scale, including levels that nobody used. The same functions
compare a model with gold. More than two raters belong to `agreement`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from annotation.domain.coefficient import NO_WIDTH, Coefficient
from annotation.domain.intervals import normal_interval

FloatArray = NDArray[np.float64]
_CONSTANT = "One of the two names a single level only, so kappa cannot leave zero."


def cohen_kappa(table: FloatArray) -> Coefficient:
    """Return Cohen's kappa (1960) of a square table of counts."""
    return kappa_with_weights(table, np.eye(len(table)), "Cohen kappa")


def weighted_kappa(table: FloatArray, weights: FloatArray, kind: str) -> Coefficient:
    """Return Cohen's weighted kappa (1968); `weights` give 1 to full agreement."""
    return kappa_with_weights(table, weights, f"weighted kappa, {kind} weights")


def cost_weights(costs: FloatArray) -> FloatArray:
    """Turn a matrix of costs into agreement weights, 1 - cost / greatest cost.

    Raises
    ------
    ValueError
        A cost is negative, or none is above zero.
    """
    if float(costs.min()) < 0 or float(costs.max()) <= 0:
        raise ValueError("costs must be zero or more, one at least above zero")
    weights: FloatArray = 1.0 - costs / costs.max()
    return weights


def kappa_with_weights(
    table: FloatArray, weights: FloatArray, name: str
) -> Coefficient:
    """Return a weighted kappa with the standard error of Fleiss, Cohen, Everitt 1969.

    The interval takes the normal quantile. Not defined without items, or where chance
    agreement is complete because both used one and the same level.
    """
    method = f"{name}; Fleiss-Cohen-Everitt standard error, normal"
    n = int(table.sum())
    if n == 0:
        return Coefficient.undefined(0, method, "No item has labels from both.")
    shares = table / n
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    observed = float((weights * shares).sum())
    chance = float(rows @ weights @ columns)
    if 1 - chance < 1e-12:
        return Coefficient.undefined(
            n, method, "Both used one and the same level: chance agreement is complete."
        )
    kappa = (observed - chance) / (1 - chance)
    # How a level of each rater fares against the habit of the other.
    credit = (weights @ columns)[:, None] + (rows @ weights)[None, :]
    spread = float((shares * (weights - credit * (1 - kappa)) ** 2).sum())
    variance = spread - (kappa - chance * (1 - kappa)) ** 2
    if variance > 1e-12:
        se = math.sqrt(variance / n) / (1 - chance)
        ci = normal_interval(kappa, se)
        return Coefficient(kappa, se, ci, n, method, None, observed, chance)
    constant = np.count_nonzero(rows) == 1 or np.count_nonzero(columns) == 1
    reason = _CONSTANT if constant else NO_WIDTH
    return Coefficient(kappa, 0.0, None, n, method, reason, observed, chance)


@dataclass(frozen=True)
class SymmetryTest:
    """A chi-square test on a square table; `reason` where it is not defined."""

    statistic: float | None
    df: int
    p: float | None
    method: str
    reason: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as a dictionary; `reason` only where there is one."""
        shape: dict[str, Any] = {
            "statistic": self.statistic,
            "df": self.df,
            "p": self.p,
            "method": self.method,
        }
        if self.reason is not None:
            shape["reason"] = self.reason
        return shape


def bowker(table: FloatArray) -> SymmetryTest:
    """Test whether disagreements go both ways alike (Bowker 1948).

    A pair of levels that is never confused adds nothing to the statistic but keeps its
    degree of freedom, which errs on the side of no finding.
    """
    method = "Bowker symmetry"
    above = np.triu_indices(len(table), k=1)
    there, back = table[above], table.T[above]
    either = there + back
    used = either > 0
    if not used.any():
        return SymmetryTest(None, 0, None, method, "There are no disagreements.")
    statistic = float(((there - back)[used] ** 2 / either[used]).sum())
    df = len(either)
    return SymmetryTest(statistic, df, float(special.chdtrc(df, statistic)), method)


def stuart_maxwell(table: FloatArray) -> SymmetryTest:
    """Test whether both raters use the levels equally often (Stuart 1955).

    Levels that neither rater used are left out.
    """
    method = "Stuart-Maxwell marginal homogeneity"
    used = (table.sum(axis=0) + table.sum(axis=1)) > 0
    kept = table[np.ix_(used, used)]
    difference = kept.sum(axis=1) - kept.sum(axis=0)
    covariance = -(kept + kept.T)
    np.fill_diagonal(
        covariance, kept.sum(axis=1) + kept.sum(axis=0) - 2 * np.diag(kept)
    )
    df = max(len(kept) - 1, 0)
    if df == 0 or np.linalg.matrix_rank(covariance[:-1, :-1]) < df:
        reason = "Too few disagreements to compare how often each level is used."
        return SymmetryTest(None, df, None, method, reason)
    solved = np.linalg.solve(covariance[:-1, :-1], difference[:-1])
    statistic = float(difference[:-1] @ solved)
    return SymmetryTest(statistic, df, float(special.chdtrc(df, statistic)), method)
