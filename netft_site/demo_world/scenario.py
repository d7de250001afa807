"""The shape of a fault that a synthetic ticket can be about.

Rooms under `words` hold the faults of one category each, as data. Prose in them may
offer alternatives as `[this|that]`; prose and device text may name slots as `{host}` or
`{ip#peer}`, which `filler` resolves. Nothing here picks or fills anything.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Device:
    """What one vendor's box says about a fault: blocks of log, show or config lines."""

    vendor: str
    device_type: str
    blocks: tuple[str, ...]


@dataclass(frozen=True)
class Fault:
    """One nominal root cause with everything a ticket about it can draw on.

    `titles` and `symptoms` are prose that says nothing of impact or urgency; `check`
    and `fix` are what a senior engineer would answer and how the ticket was closed.
    """

    category: str
    root_cause: str
    titles: tuple[str, ...]
    symptoms: tuple[str, ...]
    devices: tuple[Device, ...]
    check: str
    fix: str
