"""The shape of an agreement coefficient and the interval that linearization gives.

A coefficient is a value between raters, so it has no reference to be measured against;
it carries a standard error instead, and what was observed and expected by chance, which
pages need to explain a low value in words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.domain.intervals import Figure, Interval, t_interval

FloatArray = NDArray[np.float64]
ONE_ITEM = "One item gives no interval."
NO_WIDTH = "The items do not vary, so the data give no interval."


@dataclass(frozen=True)
class Coefficient:
    """An agreement coefficient: value, standard error, 95 % interval, n items.

    `observed` and `chance` are the two agreements it is made of, where it has them.
    """

    value: float | None
    se: float | None
    ci: Interval | None
    n: int
    method: str
    reason: str | None = None
    observed: float | None = None
    chance: float | None = None

    @classmethod
    def undefined(cls, n: int, method: str, reason: str) -> Coefficient:
        """Return a coefficient without a value, with the reason in words."""
        return cls(None, None, None, n, method, reason)

    def as_dict(self) -> dict[str, Any]:
        """Return the public shape; `reason` only where there is one."""
        shape: dict[str, Any] = {
            "value": self.value,
            "se": self.se,
            "ci": None if self.ci is None else list(self.ci),
            "n": self.n,
            "method": self.method,
        }
        if self.reason is not None:
            shape["reason"] = self.reason
        return shape

    def figure(self, reference: str = "the other raters") -> Figure:
        """Return the same as a figure for pages and reports."""
        return Figure(self.value, self.ci, self.n, self.method, reference, self.reason)


def linearized(
    value: float,
    influences: FloatArray,
    method: str,
    *,
    df: int,
    observed: float | None = None,
    chance: float | None = None,
) -> Coefficient:
    """Return a coefficient with the standard error of its influence values.

    `influences` holds, for every item, how far it pulls the coefficient (mean zero);
    the variance is sum(influence^2) / (n (n - 1)), the interval Student's t with `df`
    degrees of freedom and its upper limit clipped at 1 (Gwet 2014, chapters 5 and 6).
    """
    n = len(influences)
    if n < 2:
        return Coefficient(
            value,
            None,
            None,
            n,
            method,
            ONE_ITEM,
            observed,
            chance,
        )
    se = math.sqrt(float(influences @ influences) / (n * (n - 1)))
    if se < 1e-12:
        return Coefficient(value, 0.0, None, n, method, NO_WIDTH, observed, chance)
    ci = t_interval(value, se, df)
    return Coefficient(value, se, ci, n, method, None, observed, chance)
