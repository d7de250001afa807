"""How many rows each TRAIN example gets, and which examples a size limit keeps.

Up-sampling makes copies, never weights: what is trained on can be read in the file.
Only TRAIN is ever copied. Both functions are decided by the seed and by stable keys,
so a later version of a dataset keeps most of the earlier choice.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from annotation.domain.scale import Grade
from training.domain.recipe import Upsampling
from training.domain.shuffling import seeded_order, seeded_rank

_BISECTIONS = 60


@dataclass(frozen=True)
class Copies:
    """Rows by example key, at least 1 each, and the seniors' share of the rows."""

    rows: dict[str, int]
    senior_share_before: float
    senior_share: float


def plan_copies(
    grades: Mapping[str, Grade], upsampling: Upsampling, seed: int
) -> Copies:
    """Return the rows of every TRAIN example, given the grade of its verdict.

    Without a target the rows are the weight of the grade. With a target share of
    seniors and principals, their weights are multiplied by the one factor that reaches
    it. Rows stay between 1 and the cap, so a target may be missed. Where rows are not
    whole, each grade gets the rounded total: the first examples in seeded order get
    one row more (largest remainder).
    """
    examples: dict[Grade, list[str]] = defaultdict(list)
    for key, grade in grades.items():
        examples[grade].append(key)
    counts = {grade: len(keys) for grade, keys in examples.items()}
    wanted = _rows_by_grade(counts, upsampling)
    rows: dict[str, int] = {}
    for grade, keys in examples.items():
        rows.update(_spread(keys, wanted[grade], seed))
    return Copies(
        rows,
        senior_share_before=_senior_share({g: float(n) for g, n in counts.items()}),
        senior_share=_senior_share(
            {g: float(sum(rows[k] for k in keys)) for g, keys in examples.items()}
        ),
    )


def choose(strata: Mapping[str, tuple[str, str]], size: int, seed: int) -> set[str]:
    """Return `size` keys, stratified: each stratum keeps its share to the nearest one.

    `strata` gives the stratum of each key. All keys where there are not more. Seats
    left over by rounding go to the largest remainders, equal ones in seeded order.
    """
    if size >= len(strata):
        return set(strata)
    members: dict[tuple[str, str], list[str]] = defaultdict(list)
    for key, stratum in strata.items():
        members[stratum].append(key)
    exact = {s: size * len(keys) / len(strata) for s, keys in members.items()}
    seats = {stratum: math.floor(quota) for stratum, quota in exact.items()}
    by_remainder = sorted(
        exact,
        key=lambda s: (seats[s] - exact[s], seeded_rank(seed, "seat", "/".join(s)), s),
    )
    for stratum in by_remainder[: size - sum(seats.values())]:
        seats[stratum] += 1
    return {
        key
        for stratum, keys in members.items()
        for key in seeded_order(keys, seed, "size")[: seats[stratum]]
    }


def _rows_by_grade(
    counts: Mapping[Grade, int], upsampling: Upsampling
) -> dict[Grade, float]:
    """Rows of one example of each grade, not yet whole."""
    cap = float(upsampling.cap)

    def rows(factor: float) -> dict[Grade, float]:
        return {
            grade: _clip(
                upsampling.weights.get(grade, 1.0)
                * (factor if grade >= Grade.SENIOR else 1.0),
                cap,
            )
            for grade in counts
        }

    def share(factor: float) -> float:
        return _senior_share({g: counts[g] * n for g, n in rows(factor).items()})

    target = upsampling.target_share
    if target is None:
        return rows(1.0)
    # The share rises with the factor, up to where everybody is at the cap.
    low, high = 0.0, cap
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if share(middle) < target else (low, middle)
    return rows(high)


def _spread(keys: Sequence[str], each: float, seed: int) -> dict[str, int]:
    whole = math.floor(each)
    more = round((each - whole) * len(keys))
    order = seeded_order(keys, seed, "copies")
    return {key: whole + (place < more) for place, key in enumerate(order)}


def _clip(value: float, cap: float) -> float:
    return max(1.0, min(cap, value))


def _senior_share(rows: Mapping[Grade, float]) -> float:
    total = sum(rows.values())
    senior = sum(n for grade, n in rows.items() if grade >= Grade.SENIOR)
    return senior / total if total else 0.0
