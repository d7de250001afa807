"""Which TRAIN examples stay, how many rows each gets, and what a size limit keeps.

Proportions are changed by copies or by leaving out, never by weights: what is trained
on can be read in the file. Only TRAIN is ever touched. Everything is decided by the
seed and by stable keys, so a later version keeps most of the earlier choice.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from annotation.domain.scale import Grade
from training.domain.balancing import factors
from training.domain.recipe_rows import (
    MOST_COPIES,
    Balance,
    BalanceBy,
    Method,
    Upsampling,
)
from training.domain.shuffling import seeded_order, seeded_rank

_BISECTIONS = 60

Cell = tuple[Grade, str]
"""A grade within a level or category."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What decides about the rows of one TRAIN example."""

    grade: Grade
    label: str = ""
    category: str = ""

    def part(self, by: BalanceBy) -> str:
        """What it counts as when levels or categories are balanced."""
        parts = {BalanceBy.LEVEL: self.label, BalanceBy.CATEGORY: self.category}
        return parts.get(by, "")


@dataclass(frozen=True)
class Rows:
    """Rows by key of those that stay, at least 1 each; the seniors' share of them."""

    rows: dict[str, int]
    senior_share_before: float
    senior_share: float


def plan_rows(
    samples: Mapping[str, Sample],
    *,
    upsampling: Upsampling,
    seed: int,
    balance: Balance | None = None,
    production: Mapping[str, float] | None = None,
) -> Rows:
    """Return which TRAIN examples stay, and the rows of each.

    By copies: an example has the rows of its grade's weight, between 1 and the cap;
    with a target share of seniors and principals, their weights are multiplied by the
    one factor that reaches it, so a target may be missed. By leaving out: seniors and
    principals all stay with one row, and of every other grade so many as give the same
    proportion, by level and category. Then rows are multiplied by the factor of the
    level or category (see `balancing.factors`; ``production`` is the category mix
    aimed at), up to `MOST_COPIES`.

    Where rows are not whole, each grade gets the rounded total: what rounding adds or
    takes in one level or category is made up for in the next (by name), and there the
    first examples in seeded order get one row more (largest remainder).
    """
    balance = balance or Balance()
    kept = _kept(samples, upsampling, seed)
    parts = Counter(sample.part(balance.by) for sample in kept.values())
    by_part = factors(parts, balance, production or {})
    cells: dict[tuple[Grade, str], list[str]] = defaultdict(list)
    for key, sample in kept.items():
        cells[sample.grade, sample.part(balance.by)].append(key)
    counts = {cell: len(keys) for cell, keys in cells.items()}
    by_grade = _rows_by_grade(counts, by_part, upsampling)
    rows: dict[str, int] = {}
    carried: dict[Grade, float] = defaultdict(float)
    for (grade, part), keys in sorted(cells.items(), key=lambda cell: cell[0][1]):
        each = _clip(by_grade[grade] * by_part[part], MOST_COPIES)
        spread, carried[grade] = _spread(keys, each, seed, carried[grade])
        rows.update(spread)
    before = Counter(sample.grade for sample in samples.values())
    after: Counter[Grade] = Counter()
    for key, number in rows.items():
        after[samples[key].grade] += number
    return Rows(rows, _senior_share(before), _senior_share(after))


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


def _kept(
    samples: Mapping[str, Sample], upsampling: Upsampling, seed: int
) -> Mapping[str, Sample]:
    """The examples that stay; all of them where copies are made."""
    if upsampling.method is Method.COPIES:
        return samples
    strata: dict[Grade, dict[str, tuple[str, str]]] = defaultdict(dict)
    for key, sample in samples.items():
        strata[sample.grade][key] = (sample.label, sample.category)
    shares = _kept_shares({g: len(keys) for g, keys in strata.items()}, upsampling)
    chosen: set[str] = set()
    for grade, keys in strata.items():
        chosen |= choose(keys, round(shares[grade] * len(keys)), seed)
    return {key: sample for key, sample in samples.items() if key in chosen}


def _kept_shares(
    counts: Mapping[Grade, int], upsampling: Upsampling
) -> dict[Grade, float]:
    """The share of each grade that stays when nobody is copied."""
    weights = {grade: upsampling.weights.get(grade, 1.0) for grade in counts}
    plain = {(grade, ""): number for grade, number in counts.items()}
    by_copies = _rows_by_copies(plain, {"": 1.0}, upsampling)
    # Seniors and principals may weigh differently: what is reached by leaving others
    # out is the share of them all.
    aim = upsampling.target_share or _senior_share(
        {grade: number * by_copies[grade] for grade, number in counts.items()}
    )
    seniors = [grade for grade in counts if grade >= Grade.SENIOR]
    if not seniors:
        return dict.fromkeys(counts, 1.0)

    def shares(factor: float) -> dict[Grade, float]:
        return {
            grade: 1.0 if grade in seniors else min(1.0, weight * factor)
            for grade, weight in weights.items()
        }

    # The seniors' share falls with the factor; the largest that reaches the aim.
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        share = _senior_share({g: counts[g] * k for g, k in shares(middle).items()})
        low, high = (middle, high) if share >= aim else (low, middle)
    return shares(high)


def _rows_by_grade(
    counts: Mapping[Cell, int], by_part: Mapping[str, float], upsampling: Upsampling
) -> dict[Grade, float]:
    """Rows of one example of each grade, before balancing and not yet whole."""
    if upsampling.method is Method.LEAVE_OUT:
        return dict.fromkeys({grade for grade, _ in counts}, 1.0)
    return _rows_by_copies(counts, by_part, upsampling)


def _rows_by_copies(
    counts: Mapping[Cell, int], by_part: Mapping[str, float], upsampling: Upsampling
) -> dict[Grade, float]:
    """Rows of one example of each grade that the weights or the target ask for.

    The target is aimed at with the balance in place, which comes on top.
    """
    cap = float(upsampling.cap)
    grades = {grade for grade, _ in counts}

    def rows(factor: float) -> dict[Grade, float]:
        return {
            grade: _clip(
                upsampling.weights.get(grade, 1.0)
                * (factor if grade >= Grade.SENIOR else 1.0),
                cap,
            )
            for grade in grades
        }

    def share(factor: float) -> float:
        each = rows(factor)
        whole: dict[Grade, float] = defaultdict(float)
        for (grade, part), number in counts.items():
            whole[grade] += number * _clip(each[grade] * by_part[part], MOST_COPIES)
        return _senior_share(whole)

    target = upsampling.target_share
    if target is None:
        return rows(1.0)
    # The share rises with the factor, up to where everybody is at the cap.
    low, high = 0.0, cap
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if share(middle) < target else (low, middle)
    return rows(high)


def _spread(
    keys: Sequence[str], each: float, seed: int, carried: float
) -> tuple[dict[str, int], float]:
    """The rows of each key, and what rounding leaves to the next; see `plan_rows`."""
    whole = math.floor(each)
    wanted = (each - whole) * len(keys) + carried
    more = min(len(keys), max(0, round(wanted)))
    order = seeded_order(keys, seed, "copies")
    rows = {key: whole + (place < more) for place, key in enumerate(order)}
    return rows, wanted - more


def _clip(value: float, cap: float) -> float:
    return max(1.0, min(cap, value))


def _senior_share(rows: Mapping[Grade, float]) -> float:
    total = sum(rows.values())
    senior = sum(n for grade, n in rows.items() if grade >= Grade.SENIOR)
    return senior / total if total else 0.0
