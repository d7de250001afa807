"""From several labels an item to one, without ever drawing lots.

Majority counts votes, or weighted votes where seniority counts by a rule fixed in
advance. Dawid-Skene weighs raters by how they err. A tie stays a tie: such items come
back without a label, for a person to decide. What becomes of the result is not this
room's affair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.domain.dawid_skene import fit_dawid_skene, ordinal_prior
from annotation.domain.ratings_table import IntArray, RatingsTable

FloatArray = NDArray[np.float64]
_TIE = 1e-9


@dataclass(frozen=True, eq=False)
class Consensus:
    """One label an item, with what it rests on.

    `codes` holds a level number an item, -1 where there is a tie. `posteriors` are
    items x levels, `confusions` raters x consensus level x given level with rows that
    sum to 1, or to 0 where a rater met no such item. The last three are None for votes.
    """

    table: RatingsTable
    method: str
    codes: IntArray
    posteriors: FloatArray
    confusions: FloatArray
    priors: FloatArray
    log_likelihood: float | None = None
    iterations: int | None = None
    converged: bool | None = None

    @property
    def labels(self) -> dict[str, str | None]:
        """The label of each item by name, None where there is a tie."""
        levels = (*self.table.levels, None)
        return {
            item: levels[code]
            for item, code in zip(
                self.table.item_names, self.codes.tolist(), strict=True
            )
        }

    @property
    def ties(self) -> tuple[str, ...]:
        """Items whose leading levels are equally likely, in table order."""
        names = self.table.item_names
        return tuple(names[item] for item in np.flatnonzero(self.codes < 0))

    def as_dict(self) -> dict[str, Any]:
        """Return the public shape; levels are named throughout."""
        levels = self.table.levels
        given = np.bincount(self.table.raters, minlength=self.table.n_raters)
        return {
            "method": self.method,
            "levels": list(levels),
            "labels": self.labels,
            "ties": list(self.ties),
            "posteriors": {
                item: dict(zip(levels, row, strict=True))
                for item, row in zip(
                    self.table.item_names, self.posteriors.tolist(), strict=True
                )
            },
            "raters": {
                rater: {"n": int(n), "confusion": self._named(confusion)}
                for rater, n, confusion in zip(
                    self.table.rater_names, given, self.confusions, strict=True
                )
            },
            "priors": dict(zip(levels, self.priors.tolist(), strict=True)),
            "log_likelihood": self.log_likelihood,
            "iterations": self.iterations,
            "converged": self.converged,
        }

    def _named(self, confusion: FloatArray) -> dict[str, dict[str, float]]:
        levels = self.table.levels
        return {
            true: dict(zip(levels, row, strict=True))
            for true, row in zip(levels, confusion.tolist(), strict=True)
        }


def majority(
    table: RatingsTable, weights: Mapping[str, float] | None = None
) -> Consensus:
    """Return the level that most labels name; items with equal leaders are ties.

    `weights` by rater name (1 where absent) count votes unequally. They are a rule
    fixed in advance, never estimated from the same labels. Confusions compare each
    rater with the result, the rater's own vote included.
    """
    by_rater = np.array([(weights or {}).get(name, 1.0) for name in table.rater_names])
    size = len(table.levels)
    votes = np.bincount(
        table.items * size + table.codes,
        weights=by_rater[table.raters],
        minlength=table.n_items * size,
    ).reshape(table.n_items, size)
    shares = votes / votes.sum(axis=1, keepdims=True)
    codes = _leaders(shares)
    return Consensus(
        table,
        "majority" if weights is None else "weighted majority",
        codes,
        shares,
        _confusions(table, codes),
        shares.mean(axis=0),
    )


def dawid_skene(
    table: RatingsTable,
    *,
    with_ordinal_prior: bool = False,
    adjudicated: Mapping[str, str] | None = None,
) -> Consensus:
    """Return the most probable level under Dawid and Skene's model.

    Plain EM by default; `with_ordinal_prior` finds the posterior mode that the app uses
    for severity, where levels are ordered. `adjudicated` fixes items by name.

    Raises
    ------
    ObjectiveFell
        As `fit_dawid_skene`.
    """
    numbers = {name: number for number, name in enumerate(table.item_names)}
    known = {
        numbers[item]: table.levels.index(level)
        for item, level in (adjudicated or {}).items()
        if item in numbers
    }
    prior = ordinal_prior(len(table.levels)) if with_ordinal_prior else None
    fitted = fit_dawid_skene(table, prior=prior, known=known)
    return Consensus(
        table,
        "dawid_skene, ordinal prior" if with_ordinal_prior else "dawid_skene",
        _leaders(fitted.posteriors),
        fitted.posteriors,
        fitted.confusions,
        fitted.priors,
        fitted.log_likelihood,
        len(fitted.trace),
        fitted.converged,
    )


def _leaders(shares: FloatArray) -> IntArray:
    """The leading level of each row, -1 where two lead."""
    top = shares.max(axis=1, keepdims=True)
    tied = (shares >= top - _TIE).sum(axis=1) > 1
    codes: IntArray = np.where(tied, -1, shares.argmax(axis=1))
    return codes


def _confusions(table: RatingsTable, codes: IntArray) -> FloatArray:
    size = len(table.levels)
    settled = codes[table.items] >= 0
    flat = np.bincount(
        (table.raters[settled] * size + codes[table.items[settled]]) * size
        + table.codes[settled],
        minlength=table.n_raters * size * size,
    )
    counts = flat.reshape(table.n_raters, size, size).astype(np.float64)
    mass = counts.sum(axis=2, keepdims=True)
    rows: FloatArray = np.divide(
        counts, mass, out=np.zeros_like(counts), where=mass > 0
    )
    return rows
