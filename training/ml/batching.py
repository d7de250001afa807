"""Which rows each optimizer step learns from, and how they are computed.

A step is a fixed number of rows in random order; it is computed in parts of at most so
many tokens. Laid end to end the rows of a part need no padding, and the model is told
where each begins. Everything follows from the seed, so a resumed run finds its place
by the number of its step. Nothing here needs torch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.ml.data import Integers


@dataclass(frozen=True)
class Step:
    """Row numbers of one optimizer step in parts; epoch 0 is domain text."""

    parts: tuple[Integers, ...]
    epoch: int


@dataclass(frozen=True)
class Plan:
    """All steps of a run, and after how many of them DEV is looked at."""

    steps: list[Step]
    looks: frozenset[int]


@dataclass(frozen=True)
class Shape:
    """How a plan is made: rows a step, tokens a part, with padding or without."""

    epochs: int
    batch: int
    token_budget: int
    looks: int
    packs: bool


def plan(lengths: Integers, domain: int, shape: Shape, seed: int) -> Plan:
    """The steps of a run; the last `domain` rows are domain text and come first.

    lengths: tokens of each row, shape (n,). DEV is looked at `looks` times an epoch,
    evenly, the last time at its end.
    """
    ordinary = len(lengths) - domain
    steps: list[Step] = []
    looks: set[int] = set()
    for epoch in range(1 + shape.epochs):
        first, count = (ordinary, domain) if epoch == 0 else (0, ordinary)
        rng = np.random.default_rng((seed, epoch))
        order = first + rng.permutation(count)
        before = len(steps)
        for start in range(0, count, shape.batch):
            rows = order[start : start + shape.batch]
            steps.append(Step(parts(rows, lengths, shape), epoch))
        made = len(steps) - before
        if epoch:
            looks |= {
                before + -(-made * look // shape.looks)
                for look in range(1, shape.looks + 1)
            }
    return Plan(steps, frozenset(looks))


def parts(rows: Integers, lengths: Integers, shape: Shape) -> tuple[Integers, ...]:
    """Rows in parts of at most `token_budget` tokens; a longer row is one by itself.

    Without padding first fit by falling length (Johnson 1973), at most 11/9 of the
    fewest parts; with padding neighbours in length share a part.
    """
    ordered = rows[np.argsort(-lengths[rows], kind="stable")]
    made = _packed if shape.packs else _padded
    bins = made([int(row) for row in ordered], lengths, shape.token_budget)
    return tuple(np.array(one, dtype=np.int64) for one in bins)


def _packed(rows: list[int], lengths: Integers, budget: int) -> list[list[int]]:
    bins: list[list[int]] = []
    free: list[int] = []
    for row in rows:
        need = int(lengths[row])
        place = next((i for i, left in enumerate(free) if need <= left), None)
        if place is None:
            bins.append([row])
            free.append(budget - need)
        else:
            bins[place].append(row)
            free[place] -= need
    return bins


def _padded(rows: list[int], lengths: Integers, budget: int) -> list[list[int]]:
    bins: list[list[int]] = []
    for row in rows:
        # Lengths fall, so the first row of a part is its longest, and all pay for it.
        if bins and int(lengths[bins[-1][0]]) * (len(bins[-1]) + 1) <= budget:
            bins[-1].append(row)
        else:
            bins.append([row])
    return bins
