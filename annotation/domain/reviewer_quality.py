"""How one reviewer's answers stand beside those of peers.

Every figure compares the reviewer with peers who answered the same records without
knowing of each other, each record weighing the same however many peers it has. Where
answers come in clusters (tickets of one incident), clusters are what is resampled.
Habits that need no peers (pace, gold, repeats) live in `reviewer_habits`. Nothing here
ranks people: figures carry intervals, and too few answers say so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from annotation.domain.intervals import Figure, ratio_estimate, wilson
from annotation.domain.resampling import Statistic, bca_bootstrap, sum_by_cluster
from annotation.domain.scale import Weights, agreement_weights

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

LEAST_ANSWERS = 20
"""Answers below which a figure says nothing about a person."""

PEERS = "peers' first answers"
_NO_PEERS = "No peer has answered a decided record that this reviewer answered."
_ONE_INCIDENT = "All answers belong to one incident, which gives no interval."
_DRAWS = 1000


@dataclass(frozen=True)
class Answer:
    """One independent first answer; `level` is a position, 0 the most severe.

    `cluster` names the incident the record belongs to; empty where it stands alone.
    """

    item: int
    rater: int
    level: int
    cluster: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Comparison:
    """A reviewer's answer beside those of peers to the same record."""

    item: int
    own: int
    peers: tuple[tuple[int, int], ...]
    cluster: str = ""
    at: datetime | None = None

    @property
    def levels(self) -> tuple[int, ...]:
        """The peers' levels, without who gave them."""
        return tuple(level for _, level in self.peers)


@dataclass(frozen=True)
class Decision:
    """What a senior decided on a record, and who."""

    level: int
    by: int


def compared(answers: Iterable[Answer]) -> dict[int, tuple[Comparison, ...]]:
    """Return each rater's comparisons, over records that two or more answered."""
    by_item: dict[int, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_item[answer.item].append(answer)
    found: dict[int, list[Comparison]] = defaultdict(list)
    for given in by_item.values():
        for own in given:
            peers = tuple((a.rater, a.level) for a in given if a.rater != own.rater)
            if peers:
                found[own.rater].append(
                    Comparison(own.item, own.level, peers, own.cluster, own.at)
                )
    return {rater: tuple(rows) for rater, rows in found.items()}


def by_peer(comparisons: Iterable[Comparison]) -> dict[int, tuple[Comparison, ...]]:
    """Return the comparisons narrowed to each peer, by peer."""
    found: dict[int, list[Comparison]] = defaultdict(list)
    for one in comparisons:
        for peer in one.peers:
            alone = Comparison(one.item, one.own, (peer,), one.cluster, one.at)
            found[peer[0]].append(alone)
    return {peer: tuple(rows) for peer, rows in found.items()}


def exact_agreement(
    comparisons: Sequence[Comparison], rng: np.random.Generator
) -> Figure:
    """Return how often a peer drawn at random gave the same level.

    The mean over records of the share of peers who agree; BCa bootstrap over incidents.
    Where no draw differs from another, Wilson's interval over incidents is given
    instead, so that perfect agreement on few records does not look certain.
    """
    name = "share of agreeing peers"
    if not comparisons:
        return Figure.undefined(0, name, PEERS, _NO_PEERS)
    agreeing = [c.levels.count(c.own) / len(c.peers) for c in comparisons]
    rows = np.column_stack([agreeing, np.ones(len(agreeing))])
    figure = _resampled(rows, _share, comparisons, name, rng)
    units = len(set(_clusters(comparisons)))
    if figure.ci is not None or figure.value is None or units < 2:
        return figure
    method = f"{name}; Wilson over {_incidents(units)}"
    ci = wilson(figure.value * units, units)
    return Figure(figure.value, ci, figure.n, method, PEERS)


def weighted_agreement(
    comparisons: Sequence[Comparison], size: int, rng: np.random.Generator
) -> Figure:
    """Return Cohen's kappa with quadratic weights against a peer drawn at random.

    Each record spreads a weight of one over its peers' levels; chance agreement rests
    on the reviewer's habit and on the peers' (Cohen 1968). BCa bootstrap over
    incidents. `size` is the number of levels of the whole scale.
    """
    name = "weighted kappa, quadratic weights"
    if not comparisons:
        return Figure.undefined(0, name, PEERS, _NO_PEERS)
    rows = np.zeros((len(comparisons), size * size))
    for row, one in zip(rows, comparisons, strict=True):
        for level in one.levels:
            row[one.own * size + level] += 1 / len(one.peers)
    return _resampled(rows, _kappa(size), comparisons, name, rng)


def bias(comparisons: Sequence[Comparison]) -> Figure:
    """Return by how many levels the reviewer calls tickets more severe than peers.

    The mean over records of own severity less the mean of the peers'; positive is more
    severe. Interval: ratio linearized over incidents, Student's t. The bias of one
    against another is the other's against the one with its sign turned.
    """
    name = "mean difference in levels"
    if not comparisons:
        return Figure.undefined(0, name, PEERS, _NO_PEERS)
    leans = [sum(one.levels) / len(one.peers) - one.own for one in comparisons]
    rows = np.column_stack([leans, np.ones(len(leans))])
    summed = sum_by_cluster(rows, _clusters(comparisons))
    estimate = ratio_estimate(summed[:, 0], summed[:, 1])
    assert estimate is not None  # noqa: S101
    method = f"{name}; linearized over {_incidents(len(summed))}, Student t"
    reason = None
    if estimate.ci is None:
        reason = _ONE_INCIDENT if len(summed) < 2 else "The differences do not vary."
    n = len(comparisons)
    return Figure(estimate.value, estimate.ci, n, method, PEERS, reason)


def evident(figure: Figure, least: int = LEAST_ANSWERS) -> Figure:
    """Return the figure, or one without a value where it rests on too few answers."""
    if figure.value is None or figure.n >= least:
        return figure
    reason = f"Too few answers to say: {figure.n} of at least {least}."
    return Figure.undefined(figure.n, figure.method, figure.reference, reason)


def bias_words(figure: Figure) -> str:
    """Say a bias in words a person can be shown."""
    if figure.value is None:
        return figure.reason or ""
    lean = "more" if figure.value > 0 else "less"
    size = f"{abs(figure.value):.1f} levels {lean} severe than peers"
    if figure.ci is None:
        return f"calls tickets {size}; {figure.reason or 'no interval'}"
    if figure.ci[0] <= 0 <= figure.ci[1]:
        return "no lean that chance would not explain"
    if abs(figure.value) < 0.05:
        return "a lean of less than 0.1 levels"
    return f"calls tickets {size}"


def _clusters(comparisons: Sequence[Comparison]) -> IntArray:
    """Number the incidents; a record without one stands alone."""
    numbers: dict[str, int] = {}
    names = (f"in {c.cluster}" if c.cluster else f"at {c.item}" for c in comparisons)
    return np.array([numbers.setdefault(name, len(numbers)) for name in names])


def _incidents(count: int) -> str:
    return f"{count} incident{'' if count == 1 else 's'}"


def _resampled(
    rows: FloatArray,
    statistic: Statistic,
    comparisons: Sequence[Comparison],
    name: str,
    rng: np.random.Generator,
) -> Figure:
    """Return a statistic of column sums with its BCa interval over incidents."""
    summed = sum_by_cluster(rows, _clusters(comparisons))
    n, units = len(comparisons), len(summed)
    value = float(statistic(summed.sum(axis=0)))
    method = f"{name}; BCa bootstrap over {_incidents(units)}, {_DRAWS} draws"
    if not np.isfinite(value):
        reason = "Everybody used one and the same level: chance agreement is complete."
        return Figure.undefined(n, method, PEERS, reason)
    # Rounding joins clusters that differ by the order of summing only.
    found = bca_bootstrap(summed.round(9), statistic, rng, draws=_DRAWS)
    if found is not None:
        return Figure(value, found.ci, n, method, PEERS)
    reason = _ONE_INCIDENT if units < 2 else "Resampling shows no variation."
    return Figure(value, None, n, method, PEERS, reason)


def _share(sums: FloatArray) -> FloatArray:
    share: FloatArray = sums[..., 0] / sums[..., 1]
    return share


def _kappa(size: int) -> Statistic:
    distance = 1 - agreement_weights(Weights.QUADRATIC, np.arange(size, dtype=float))

    def kappa(sums: FloatArray) -> FloatArray:
        shares = sums.reshape(*sums.shape[:-1], size, size)
        total = shares.sum(axis=(-2, -1))
        own, peers = shares.sum(axis=-1), shares.sum(axis=-2)
        seen = (shares * distance).sum(axis=(-2, -1)) * total
        by_chance = np.einsum("...i,ij,...j->...", own, distance, peers)
        defined = by_chance > 1e-9 * np.maximum(total, 1) ** 2
        ratio = np.divide(
            seen, by_chance, out=np.full(np.shape(seen), np.nan), where=defined
        )
        value: FloatArray = 1 - ratio
        return value

    return kappa
