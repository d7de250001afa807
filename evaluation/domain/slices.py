"""Where a system is weak, without being fooled by small slices.

With a dozen slices of a few tickets each, the worst one always looks bad. So rates of
fewer than 10 tickets are not shown, those of 10 to 19 are marked insufficient, ranking
uses rates shrunken towards the mean of their dimension, and p values are adjusted for
how many slices were looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
from scipy import optimize, special

from annotation.domain.intervals import Figure
from evaluation.domain.answers import BoolArray, FloatArray, IntArray
from evaluation.domain.proportions import (
    benjamini_hochberg,
    difference_interval,
    fewer_hits_p,
    share,
)

LEAST_FOR_A_RATE = 10
LEAST_FOR_EVIDENCE = 20
FALSE_DISCOVERIES = 0.10


class Evidence(StrEnum):
    """How much a slice can say."""

    LIST_ONLY = "list_only"
    INSUFFICIENT = "insufficient"
    SUFFICIENT = "sufficient"


@dataclass(frozen=True)
class Slice:
    """One value of one dimension.

    `against_rest` is this slice's accuracy less that of all other tickets. `shrunken`
    is for ranking only; `p` is one-sided against the rest, `q` the same adjusted over
    all slices of the call.
    """

    dimension: str
    value: str
    n: int
    accuracy: Figure
    against_rest: Figure
    evidence: Evidence
    shrunken: float
    p: float | None = None
    q: float | None = None

    @property
    def is_weak(self) -> bool:
        """Whether enough tickets show that the slice does worse than the rest."""
        return (
            self.evidence is Evidence.SUFFICIENT
            and self.q is not None
            and self.q <= FALSE_DISCOVERIES
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the public shape."""
        return {
            "dimension": self.dimension,
            "value": self.value,
            "n": self.n,
            "accuracy": self.accuracy.as_dict(),
            "against_rest": self.against_rest.as_dict(),
            "evidence": self.evidence.value,
            "shrunken": self.shrunken,
            "p": self.p,
            "q": self.q,
            "is_weak": self.is_weak,
        }


def assess_slices(
    right: BoolArray,
    dimensions: Mapping[str, Sequence[str]],
    rng: np.random.Generator,
    *,
    reference: str,
    clusters: IntArray | None = None,
) -> list[Slice]:
    """Cut the tickets along each dimension and rate every value, weakest first.

    `right` says for each ticket whether the system answered it right; `dimensions` maps
    a name to one value a ticket. Slices too small for a rate come last.
    """
    found: list[Slice] = []
    for dimension, values in dimensions.items():
        names = np.asarray(values, dtype=object)
        masks = {str(name): names == name for name in dict.fromkeys(values)}
        hits = np.array([right[mask].sum() for mask in masks.values()], dtype=float)
        sizes = np.array([mask.sum() for mask in masks.values()], dtype=float)
        for (value, mask), pulled in zip(
            masks.items(), shrink(hits, sizes).tolist(), strict=True
        ):
            groups = None if clusters is None else clusters[mask]
            accuracy = share(right[mask], groups, rng, reference)
            found.append(_slice(dimension, value, right, mask, accuracy, pulled))
    return sorted(_adjusted(found), key=_rank)


def weak_slices(slices: Iterable[Slice]) -> list[Slice]:
    """Keep the slices that enough tickets show to be weak, in the given order."""
    return [found for found in slices if found.is_weak]


def _rank(found: Slice) -> tuple[bool, float]:
    return found.evidence is Evidence.LIST_ONLY, found.shrunken


def _slice(
    dimension: str,
    value: str,
    right: BoolArray,
    mask: BoolArray,
    accuracy: Figure,
    shrunken: float,
) -> Slice:
    n = int(mask.sum())
    if n < LEAST_FOR_A_RATE:
        reason = f"Fewer than {LEAST_FOR_A_RATE} tickets: look at them, not at a rate."
        hidden = Figure.undefined(n, accuracy.method, accuracy.reference, reason)
        apart = _no_difference(n, reason)
        return Slice(dimension, value, n, hidden, apart, Evidence.LIST_ONLY, shrunken)
    enough = n >= LEAST_FOR_EVIDENCE
    evidence = Evidence.SUFFICIENT if enough else Evidence.INSUFFICIENT
    apart, p = _against_rest(right, mask)
    return Slice(dimension, value, n, accuracy, apart, evidence, shrunken, p)


def _against_rest(right: BoolArray, mask: BoolArray) -> tuple[Figure, float | None]:
    """How far the slice is from all other tickets, and the p value of being worse."""
    n, rest = int(mask.sum()), int((~mask).sum())
    if rest == 0:
        return _no_difference(n, "Every ticket has this value: there is no rest."), None
    hits, rest_hits = int(right[mask].sum()), int(right[~mask].sum())
    apart = Figure(
        hits / n - rest_hits / rest,
        difference_interval(hits, n, rest_hits, rest),
        n,
        "difference to the rest, Newcombe hybrid score interval",
        "the rest",
    )
    return apart, fewer_hits_p(hits, n, hits + rest_hits, n + rest)


def _no_difference(n: int, reason: str) -> Figure:
    return Figure.undefined(n, "difference to the rest", "the rest", reason)


def _adjusted(slices: list[Slice]) -> list[Slice]:
    tested = [place for place, found in enumerate(slices) if found.p is not None]
    if not tested:
        return slices
    p = np.array([slices[place].p for place in tested], dtype=np.float64)
    adjusted = list(slices)
    for place, q in zip(tested, benjamini_hochberg(p).tolist(), strict=True):
        adjusted[place] = replace(slices[place], q=q)
    return adjusted


def shrink(hits: FloatArray, sizes: FloatArray) -> FloatArray:
    """Pull the rate of each slice towards their common mean, small ones the most.

    Empirical Bayes with a beta prior whose mean is the pooled rate and whose weight (in
    tickets) has the greatest marginal likelihood.
    """
    mean = float(hits.sum() / sizes.sum())
    if mean in (0.0, 1.0) or len(hits) < 2:
        return np.full(len(hits), mean)

    def loss(log_weight: float) -> float:
        right, wrong = mean * np.exp(log_weight), (1 - mean) * np.exp(log_weight)
        fit = special.betaln(hits + right, sizes - hits + wrong)
        return -float((fit - special.betaln(right, wrong)).sum())

    found = optimize.minimize_scalar(loss, bounds=(0.0, 12.0), method="bounded")
    weight = float(np.exp(found.x))
    pulled: FloatArray = (hits + mean * weight) / (sizes + weight)
    return pulled
