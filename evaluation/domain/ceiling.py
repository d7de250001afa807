"""How a system stands beside the people, measured against the same people.

Each rater is scored against the other raters of a ticket, and the system is scored
against exactly those others. Comparing a person with a majority that holds the person's
own vote, or a system with a different majority, shifts the gap by 8 to 17 points; with
the same peers on both sides it is unbiased. Only independent first labels belong in the
table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from annotation.domain.intervals import (
    Figure,
    Interval,
    RatioEstimate,
    ratio_estimate,
    wilson,
)
from annotation.domain.ratings_table import RatingsTable
from evaluation.domain.answers import FloatArray, IntArray
from evaluation.domain.paired import tango_interval

_REFERENCE = "the other raters of the same ticket"
_MOST_SINGLE = 0.5


class Standing(StrEnum):
    """How a system stands beside the raters."""

    BETTER = "better"
    EQUIVALENT = "equivalent"
    WORSE = "worse"
    INCONCLUSIVE = "inconclusive"
    UNDEFINED = "undefined"


@dataclass(frozen=True)
class Ceiling:
    """Raters and a system against the same peers.

    `difference` is system less raters. `system` and `difference` are None where only
    the raters were asked about.
    """

    humans: Figure
    system: Figure | None
    difference: Figure | None
    standing: Standing
    margin: float
    n_raters: int
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the public shape."""
        shape: dict[str, Any] = {
            "humans": self.humans.as_dict(),
            "standing": self.standing.value,
            "margin": self.margin,
            "n_raters": self.n_raters,
            "notes": list(self.notes),
        }
        if self.system is not None:
            shape["system"] = self.system.as_dict()
        if self.difference is not None:
            shape["difference"] = self.difference.as_dict()
        return shape


@dataclass(frozen=True, eq=False)
class _Sums:
    """Per cluster: score of raters, score of the system, and how many comparisons."""

    humans: FloatArray
    system: FloatArray
    count: FloatArray


def credit_for_exact(levels: int) -> FloatArray:
    """Full credit for the peers' level, none for any other."""
    return np.eye(levels)


def credit_within_one(levels: int) -> FloatArray:
    """Full credit for the peers' level and its neighbours."""
    position = np.arange(levels)
    near = np.abs(position[:, None] - position[None, :]) <= 1
    credit: FloatArray = near.astype(np.float64)
    return credit


def human_ceiling(
    table: RatingsTable,
    answers: Mapping[str, int] | None = None,
    *,
    n_tickets: int | None = None,
    clusters: IntArray | None = None,
    credit: FloatArray | None = None,
    margin: float = 0.05,
) -> Ceiling:
    """Score raters, and a system, leaving one rater out at a time.

    For rater r and ticket i with at least one other rating, r's level and the system's
    are both credited against the most frequent level among the others, ties split.
    `answers` gives the system's level number by item name; tickets it did not answer
    leave both sides. `n_tickets` counts all tickets in question, with or without
    ratings. `clusters` numbers the incident of each item of the table. Intervals are
    Student t on the ratio linearized over incidents.
    """
    matrix = credit_for_exact(len(table.levels)) if credit is None else credit
    reason = _obstacle(table, n_tickets or table.n_items)
    if reason is None:
        sums = _leave_one_out(table, answers, clusters, matrix)
        if not len(sums.count):
            reason = "No ticket has both two labels and an answer of the system."
    if reason is not None:
        return _undefined(table, reason, margin, with_system=answers is not None)
    notes = _notes(table, sums)
    n = _tickets(table, answers)
    humans = _score(sums.humans, sums.count, n)
    if answers is None:
        return Ceiling(
            humans, None, None, Standing.UNDEFINED, margin, table.n_raters, notes
        )
    system = _score(sums.system, sums.count, n)
    gap = ratio_estimate(sums.system - sums.humans, sums.count)
    difference, standing = _difference(gap, n, margin)
    return Ceiling(humans, system, difference, standing, margin, table.n_raters, notes)


def _obstacle(table: RatingsTable, n_tickets: int) -> str | None:
    if reason := table.obstacle():
        return reason
    single = 1 - table.n_pairable / n_tickets
    if single > _MOST_SINGLE:
        return (
            f"{single:.0%} of the tickets have fewer than two independent labels; a "
            "ceiling needs them on at least half."
        )
    return None


def _undefined(
    table: RatingsTable, reason: str, margin: float, *, with_system: bool
) -> Ceiling:
    figure = Figure.undefined(
        table.n_pairable, "leave one rater out", _REFERENCE, reason
    )
    other = figure if with_system else None
    return Ceiling(figure, other, other, Standing.UNDEFINED, margin, table.n_raters, ())


def _leave_one_out(
    table: RatingsTable,
    answers: Mapping[str, int] | None,
    clusters: IntArray | None,
    credit: FloatArray,
) -> _Sums:
    others = table.counts[table.items]
    others[np.arange(len(others)), table.codes] -= 1
    given = _codes(table, answers)
    kept = (others.sum(axis=1) > 0) & (given[table.items] >= 0)
    others, items = others[kept], table.items[kept]
    leading = (others == others.max(axis=1, keepdims=True)).astype(np.float64)
    leading /= leading.sum(axis=1, keepdims=True)
    humans = (leading * credit[table.codes[kept]]).sum(axis=1)
    system = (leading * credit[given[items]]).sum(axis=1)
    groups = items if clusters is None else clusters[items]
    _, places = np.unique(groups, return_inverse=True)
    return _Sums(
        np.bincount(places, humans).astype(np.float64),
        np.bincount(places, system).astype(np.float64),
        np.bincount(places).astype(np.float64),
    )


def _codes(table: RatingsTable, answers: Mapping[str, int] | None) -> IntArray:
    """The system's level of each item of the table, -1 where it gave none."""
    if answers is None:
        return np.zeros(table.n_items, dtype=np.intp)
    return np.array([answers.get(item, -1) for item in table.item_names], dtype=np.intp)


def _tickets(table: RatingsTable, answers: Mapping[str, int] | None) -> int:
    answered = _codes(table, answers) >= 0
    return int(((table.ratings_per_item >= 2) & answered).sum())


def _notes(table: RatingsTable, sums: _Sums) -> tuple[str, ...]:
    notes = []
    if table.ratings_per_item.max() == 2:
        notes.append(
            "No ticket has more than two labels, so this is pairwise agreement: a lone "
            "peer is a noisier yardstick than a group."
        )
    if len(sums.count) < 20:
        notes.append(f"Only {len(sums.count)} independent units: read with care.")
    return tuple(notes)


def _score(scores: FloatArray, count: FloatArray, n: int) -> Figure:
    estimate = ratio_estimate(scores, count)
    if estimate is None:
        raise ValueError("a ceiling needs at least one comparison")
    ci = estimate.ci
    method = "leave one rater out, ratio linearized over incidents, Student t"
    if ci is None:
        groups = estimate.clusters
        ci = wilson(estimate.value * groups, groups)
        method = "leave one rater out, Wilson interval over incidents"
    clipped = max(0.0, ci[0]), min(1.0, ci[1])
    return Figure(estimate.value, clipped, n, method, _REFERENCE)


def _difference(
    gap: RatioEstimate | None, n: int, margin: float
) -> tuple[Figure, Standing]:
    if gap is None:
        raise ValueError("a ceiling needs at least one comparison")
    method = "system less raters on the same peers, ratio linearized, Student t"
    ci, narrow = gap.ci, gap.interval(0.90)
    if ci is None or narrow is None:
        # No unit shows a difference; that many tickets could still have hidden one.
        moved = max(gap.value, 0) * gap.clusters, max(-gap.value, 0) * gap.clusters
        ci = tango_interval(*moved, gap.clusters)
        narrow = tango_interval(*moved, gap.clusters, 0.90)
        method = "system less raters on the same peers, Tango score interval"
    figure = Figure(gap.value, ci, n, method, _REFERENCE)
    return figure, stand(ci, narrow, margin)


def stand(ci: Interval, narrow: Interval, margin: float) -> Standing:
    """Turn the 95 % interval and the 90 % interval of a difference into a standing.

    Equivalent is two one-sided tests at 5 %: the 90 % interval within the margin.
    """
    if ci[0] > 0:
        return Standing.BETTER
    if ci[1] < 0:
        return Standing.WORSE
    if -margin < narrow[0] and narrow[1] < margin:
        return Standing.EQUIVALENT
    return Standing.INCONCLUSIVE
