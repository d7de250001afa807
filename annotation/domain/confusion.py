"""A reviewer's levels beside the reference of each ticket, and where they differ.

The reference never rests on the reviewer's own answer: it is a senior's decision, or
what more peers named than any other level.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from annotation.domain.reviewer_quality import Comparison, Decision


def reference_of(
    comparison: Comparison, decision: Decision | None, rater: int
) -> int | None:
    """Return the level to hold an answer against, which never rests on that answer.

    A senior's decision, unless the reviewer took it; otherwise the level that more
    peers named than any other. None where the peers are split.
    """
    if decision is not None and decision.by != rater:
        return decision.level
    top = Counter(comparison.levels).most_common(2)
    if len(top) == 2 and top[0][1] == top[1][1]:
        return None
    return top[0][0]


@dataclass(frozen=True)
class Confusion:
    """Counts of reference level (rows) by own level (columns), and what is left out."""

    counts: tuple[tuple[int, ...], ...]
    without_reference: int

    @property
    def n(self) -> int:
        """Answers that have a reference."""
        return sum(sum(row) for row in self.counts)


def confusion(
    comparisons: Iterable[Comparison],
    decisions: Mapping[int, Decision],
    *,
    rater: int,
    size: int,
) -> Confusion:
    """Cross the reviewer's levels with the reference, own votes left out."""
    counts = [[0] * size for _ in range(size)]
    unclear = 0
    for one in comparisons:
        level = reference_of(one, decisions.get(one.item), rater)
        if level is None:
            unclear += 1
        else:
            counts[level][one.own] += 1
    return Confusion(tuple(tuple(row) for row in counts), unclear)


def disagreements(
    comparisons: Iterable[Comparison], decisions: Mapping[int, Decision], *, rater: int
) -> list[Comparison]:
    """Return the comparisons off their reference, the widest first, then the newest."""
    off = []
    for one in comparisons:
        level = reference_of(one, decisions.get(one.item), rater)
        if level is not None and level != one.own:
            newest = one.at.timestamp() if one.at else 0.0
            off.append((-abs(level - one.own), -newest, one.item, one))
    return [row[-1] for row in sorted(off, key=lambda row: row[:3])]
