"""What to change, step by step, where a training does not fit into memory.

The order is that of what is lost by it: a smaller micro-batch costs only time,
checkpointing a third more of it, a shorter limit cuts some texts, a lower rank learns
less, and 4-bit weights are the last resort. Each rung stands on those before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from training.domain.memory import Adaptation, Memory, Plan, estimate
from training.domain.model_size import ModelSize

LOWEST_RANK = 8
"""The lowest rank of the range that the default is taken from."""


class Change(StrEnum):
    """What a rung changes, from the top of the ladder."""

    ROWS = "rows"
    CHECKPOINTING = "checkpointing"
    LENGTH = "length"
    RANK = "rank"
    QLORA = "qlora"


@dataclass(frozen=True)
class Limits:
    """How far a training can be changed.

    changes: what its method has a setting for. fewest_rows: of a micro-batch. shorter:
    tokens that 95 % of the rows do not exceed, 0 where that is not known.
    """

    changes: frozenset[Change] = frozenset(Change)
    fewest_rows: int = 1
    shorter: int = 0


@dataclass(frozen=True)
class Rung:
    """One suggestion and the estimate it leads to.

    plan: with this change and every one before it. fits: into what is free.
    """

    change: Change
    plan: Plan
    memory: Memory
    fits: bool


def suggest(
    size: ModelSize, plan: Plan, free: int, limits: Limits | None = None
) -> list[Rung]:
    """The rungs down to the first that fits into `free` bytes, or all of them.

    Empty where the plan fits as it is. A change that would change nothing is left out.
    """
    limits = limits or Limits()
    rungs: list[Rung] = []
    if estimate(size, plan).most <= free:
        return rungs
    for change in Change:
        candidates = _STEPS[change](plan, limits) if change in limits.changes else []
        for changed in candidates:
            memory = estimate(size, changed)
            rung = Rung(change, changed, memory, memory.most <= free)
            if rung.fits or changed is candidates[-1]:
                rungs.append(rung)
                plan = changed
            if rung.fits:
                return rungs
    return rungs


def _fewer_rows(plan: Plan, limits: Limits) -> list[Plan]:
    found, rows = [], plan.rows
    while rows > limits.fewest_rows:
        rows = max(limits.fewest_rows, rows // 2)
        found.append(replace(plan, rows=rows))
    return found


def _checkpointing(plan: Plan, limits: Limits) -> list[Plan]:
    return [] if plan.checkpointing else [replace(plan, checkpointing=True)]


def _shorter(plan: Plan, limits: Limits) -> list[Plan]:
    if not 0 < limits.shorter < plan.length:
        return []
    return [replace(plan, length=limits.shorter)]


def _lower_rank(plan: Plan, limits: Limits) -> list[Plan]:
    if plan.adaptation not in (Adaptation.LORA, Adaptation.QLORA):
        return []
    found, rank = [], plan.rank
    while rank > LOWEST_RANK:
        rank = max(LOWEST_RANK, rank // 2)
        found.append(replace(plan, rank=rank))
    return found


def _four_bits(plan: Plan, limits: Limits) -> list[Plan]:
    if plan.adaptation is Adaptation.QLORA:
        return []
    return [replace(plan, adaptation=Adaptation.QLORA, master_fp32=False)]


_STEPS: Mapping[Change, Callable[[Plan, Limits], list[Plan]]] = {
    Change.ROWS: _fewer_rows,
    Change.CHECKPOINTING: _checkpointing,
    Change.LENGTH: _shorter,
    Change.RANK: _lower_rank,
    Change.QLORA: _four_bits,
}
