"""What is looked at before a training starts, and what forbids it.

A check holds, warns, fails or is still open. One that fails blocks the launch, at every
door with the same code and words; a warning is for people. An open one has not been
answered yet, and what is not answered does not hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from training.domain.findings import Finding, Weight
from training.domain.memory import GIB, Memory
from training.domain.strict_json import dump

DISK_MARGIN = GIB
"""Bytes that stay free beside what a run writes: logs, the database, other runs."""


class State(StrEnum):
    """How a check stands; the worst first."""

    FAILS = "fails"
    OPEN = "open"
    WARNS = "warns"
    HOLDS = "holds"


@dataclass(frozen=True)
class Check:
    """One check: its code for programs, its title and words for people."""

    code: str
    title: str
    state: State
    message: str = ""
    fix: str = ""

    @property
    def words(self) -> str:
        """What is the matter, and what to do."""
        return " ".join(filter(None, (self.message, self.fix)))

    def as_dict(self) -> dict[str, str]:
        """Return the public shape."""
        return {**vars(self), "state": self.state.value}


def from_finding(finding: Finding, title: str) -> Check:
    """A check that a finding has answered."""
    state = State.FAILS if finding.severity is Weight.ERROR else State.WARNS
    return Check(finding.rule, title, state, finding.message, finding.fix)


def in_order(checks: Iterable[Check]) -> list[Check]:
    """The checks, the worst first; equal ones as they came."""
    order = list(State)
    return sorted(checks, key=lambda check: order.index(check.state))


def first_blocking(checks: Sequence[Check]) -> Check | None:
    """The check that forbids a launch: the first that fails, else one that is open."""
    worst = in_order(checks)[:1]
    return worst[0] if worst and worst[0].state in (State.FAILS, State.OPEN) else None


def check_disk(needed: int, free: int) -> Check:
    """Whether what a run writes, and a margin, fits on the disk; both in bytes."""
    title = "Room on the disk"
    figures = f"The run writes about {gib(needed)}, and {gib(free)} are free."
    if free >= needed + DISK_MARGIN:
        return Check("disk_full", title, State.HOLDS, figures)
    return Check(
        "disk_full",
        title,
        State.FAILS,
        f"{figures} {gib(DISK_MARGIN)} must stay free beside it.",
        "Free the disk: old checkpoints lie in the folders of finished runs.",
    )


def check_memory(memory: Memory, free: int, total: int) -> Check:
    """Whether a training fits into the memory that is free, or that there is at all.

    It fails only where even the least that the estimate allows is more than the whole
    memory: an estimate must not forbid what might do.
    """
    title = "Memory"
    share = f"{memory.uncertainty:.0%}"
    figures = (
        f"About {gib(memory.total)} (give or take {share}) are needed, {gib(free)} of "
        f"{gib(total)} are free."
    )
    if memory.total * (1 - memory.uncertainty) > total:
        return Check(
            "memory_short",
            title,
            State.FAILS,
            figures,
            "Take the first suggestion that fits, or a smaller base model.",
        )
    if memory.most > free:
        return Check(
            "memory_short",
            title,
            State.WARNS,
            figures,
            "It may be ended for want of memory. Take a suggestion below, or wait "
            "until other work has ended.",
        )
    return Check("memory_short", title, State.HOLDS, figures)


def report_sha256(report: dict[str, Any]) -> str:
    """The hash of a report in its public shape."""
    return hashlib.sha256(dump(report).encode()).hexdigest()


def gib(count: int) -> str:
    """Bytes in words: in GiB, of which the small are MiB."""
    if count < GIB:
        return f"{count / (1 << 20):.0f} MiB"
    return f"{count / GIB:.1f} GiB"
