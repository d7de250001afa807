"""All systems and all pairs on one set of tickets, with what to beware of.

This room gathers what `accuracy` and `comparison` compute, tests all systems at once
where there are more than two, and says in words what the numbers cannot carry: rare
levels, few incidents, constant answers, many comparisons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy import special

from evaluation.domain.accuracy import SystemScore, score_system
from evaluation.domain.answers import Answers, BoolArray, FloatArray
from evaluation.domain.comparison import DEFAULT_MARGIN, Pair, compare_pair

_FEW_INCIDENTS = 20
_FEW_OF_A_LEVEL = 5


@dataclass(frozen=True)
class Omnibus:
    """Cochran's Q over all systems; `reason` where it is not defined."""

    statistic: float | None
    df: int
    p: float | None
    reason: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the public shape."""
        return {
            "test": "Cochran Q",
            "statistic": self.statistic,
            "df": self.df,
            "p": self.p,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class ComparisonReport:
    """All systems and all pairs on one set of tickets."""

    n_items: int
    n_clusters: int
    systems: Mapping[str, SystemScore]
    pairs: tuple[Pair, ...]
    warnings: tuple[str, ...]
    omnibus: Omnibus | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the public shape."""
        shape: dict[str, Any] = {
            "n_items": self.n_items,
            "n_clusters": self.n_clusters,
            "systems": {name: s.as_dict() for name, s in self.systems.items()},
            "pairs": [pair.as_dict() for pair in self.pairs],
            "warnings": list(self.warnings),
        }
        if self.omnibus is not None:
            shape["omnibus"] = self.omnibus.as_dict()
        return shape


def compare_systems(
    answers: Answers, rng: np.random.Generator, *, margin: float = DEFAULT_MARGIN
) -> ComparisonReport:
    """Score every system and compare each with every later one, in the given order.

    The figures of a system or a pair do not depend on which others stand beside them.
    """
    names = list(answers.systems)
    right = {name: answers.right(name) for name in names}
    return ComparisonReport(
        answers.n_items,
        answers.n_clusters,
        {name: score_system(answers, name, rng) for name in names},
        tuple(
            compare_pair(answers, a, b, rng, margin=margin)
            for a, b in combinations(names, 2)
        ),
        tuple(_warnings(answers)),
        _omnibus(answers, list(right.values())) if len(names) > 2 else None,
    )


def _omnibus(answers: Answers, right: Sequence[BoolArray]) -> Omnibus:
    if answers.grouping is not None:
        return Omnibus(
            None, len(right) - 1, None, "Tickets of one incident are not independent."
        )
    return cochran_q(np.column_stack(right).astype(np.float64))


def cochran_q(right: FloatArray) -> Omnibus:
    """Test whether systems (columns) are right equally often (Cochran 1950).

    `right` is items x systems of 0 and 1. With two systems this is McNemar's
    asymptotic test.
    """
    systems = right.shape[1]
    by_item, by_system = right.sum(axis=1), right.sum(axis=0)
    spread = float((by_item * (systems - by_item)).sum())
    if spread == 0:
        return Omnibus(
            None, systems - 1, None, "All systems are right on the same tickets."
        )
    gaps = by_system - by_system.mean()
    statistic = systems * (systems - 1) * float(gaps @ gaps) / spread
    p = float(special.chdtrc(systems - 1, statistic))
    return Omnibus(statistic, systems - 1, p)


def _warnings(answers: Answers) -> list[str]:
    return [
        *_rare_levels(answers),
        *_few_incidents(answers),
        *_constant_answers(answers),
        *_many_comparisons(len(answers.systems)),
    ]


def _rare_levels(answers: Answers) -> list[str]:
    in_gold = np.bincount(answers.gold, minlength=len(answers.levels)).tolist()
    rare = [
        f"{level} ({count})"
        for level, count in zip(answers.levels, in_gold, strict=True)
        if count < _FEW_OF_A_LEVEL
    ]
    if not rare:
        return []
    return [
        f"Levels with fewer than {_FEW_OF_A_LEVEL} tickets in gold: {', '.join(rare)}. "
        "Nothing can be claimed about them."
    ]


def _few_incidents(answers: Answers) -> list[str]:
    if answers.grouping is None or answers.n_clusters >= _FEW_INCIDENTS:
        return []
    few = answers.n_clusters
    return [f"Only {few} incidents: intervals over so few are too narrow."]


def _constant_answers(answers: Answers) -> list[str]:
    if len(np.unique(answers.gold)) < 2:
        return []
    return [
        f"{name} always answers “{answers.levels[codes[0]]}”."
        for name, codes in answers.systems.items()
        if len(np.unique(codes)) == 1
    ]


def _many_comparisons(systems: int) -> list[str]:
    if systems < 3:
        return []
    return [
        f"{systems * (systems - 1) // 2} comparisons are shown and none is adjusted "
        "for the others: only those declared beforehand are more than exploration."
    ]
