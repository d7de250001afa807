"""What a reviewer asks the queue for, and which kind of seat comes next.

Most seats are given in order of priority. A small share is drawn in random order, so
that agreement can be measured without the bias of what was thought worth labeling;
another share goes to records whose answer is known (gold), and to one's own old
records (repeats). Which it is decides one uniform draw, taken by the caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

FLAGGED = "flagged for sanitizing"
"""Why a record is out of the queue: somebody saw what should have been hidden."""

WISH_KINDS: dict[str, type] = {"category": str, "vendor": str, "batch": int}
"""What can be wished for, and the type of its column."""


class Door(StrEnum):
    """From which end of the queue a record is taken."""

    PRIORITY = "PRIORITY"
    RANDOM = "RANDOM"
    GOLD = "GOLD"
    REPEAT = "REPEAT"


@dataclass(frozen=True)
class Shares:
    """Shares of all seats, each from 0 to 1; what is left goes by priority."""

    gold: float = 0.0
    repeat: float = 0.0
    random: float = 0.0


@dataclass(frozen=True)
class Wish:
    """Only records of this category, vendor or import; empty means any."""

    category: str = ""
    vendor: str = ""
    batch: int | None = None

    @classmethod
    def parse(cls, given: Mapping[str, object]) -> Wish:
        """Read a wish from a form, a session or a JSON body; what is odd is ignored."""
        batch = str(given.get("batch") or "")
        return cls(
            category=str(given.get("category") or "")[:80],
            vendor=str(given.get("vendor") or "")[:80],
            batch=int(batch) if batch.isdecimal() and len(batch) < 19 else None,
        )

    def as_lookups(self) -> dict[str, object]:
        """Return what was wished for, by column."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def shape(self) -> tuple[str, ...]:
        """The columns that something was wished of."""
        return tuple(self.as_lookups())

    def __bool__(self) -> bool:
        return bool(self.as_lookups())


ANYTHING = Wish()


def door(draw: float, shares: Shares) -> Door:
    """Return where the next record comes from, for a uniform ``draw`` in [0, 1).

    >>> door(0.04, Shares(gold=0.05)), door(0.06, Shares(gold=0.05))
    (<Door.GOLD: 'GOLD'>, <Door.PRIORITY: 'PRIORITY'>)
    """
    edge = shares.gold
    if draw < edge:
        return Door.GOLD
    edge += shares.repeat
    if draw < edge:
        return Door.REPEAT
    return Door.RANDOM if draw < edge + shares.random else Door.PRIORITY
