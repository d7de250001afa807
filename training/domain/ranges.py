"""Numbers that are not known exactly: low, likely and high, and draws from them.

A range stands for a triangular distribution, the plainest one that three stated
numbers give. Everything is Decimal, for money is computed from it. Nothing here draws
by itself: a seed and a name give the same uniform numbers everywhere.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

MOST = Decimal(10) ** 12
"""No count, price or share of a calculation is larger."""

_BITS = 53
_LONGEST = 30


class RangeError(ValueError):
    """Not a number, or not three numbers in order."""


@dataclass(frozen=True)
class Range:
    """Three numbers in order, none negative; equal ones are one known number.

    Raises
    ------
    RangeError
        If they are out of order, negative, not finite or beyond `MOST`.
    """

    low: Decimal
    likely: Decimal
    high: Decimal

    def __post_init__(self) -> None:
        if not all(number.is_finite() for number in (self.low, self.likely, self.high)):
            raise RangeError("expected finite numbers")
        if not 0 <= self.low <= self.likely <= self.high <= MOST:
            raise RangeError("expected low, likely, high in order, none negative")

    @classmethod
    def exactly(cls, value: Decimal | int | str) -> Range:
        """Return a range without width."""
        number = Decimal(value)
        return cls(number, number, number)

    @classmethod
    def parse(cls, data: Any) -> Range:
        """Read one number or a list of three. Raises RangeError."""
        if not isinstance(data, list | tuple):
            return cls.exactly(read_decimal(data))
        if len(data) != 3:
            raise RangeError("expected one number, or low, likely and high")
        low, likely, high = (read_decimal(part) for part in data)
        return cls(low, likely, high)

    @property
    def is_exact(self) -> bool:
        """Whether the number is known."""
        return self.low == self.high

    def as_json(self) -> str | list[str]:
        """Return the shape that `parse` reads."""
        if self.is_exact:
            return str(self.likely)
        return [str(self.low), str(self.likely), str(self.high)]

    def at(self, share: Decimal) -> Decimal:
        """Return the value below which the given share of the distribution lies.

        The inverse of the triangular distribution function, for a share from 0 to 1.
        """
        width = self.high - self.low
        if not width:
            return self.likely
        left, right = self.likely - self.low, self.high - self.likely
        if share * width < left:
            value = self.low + (share * width * left).sqrt()
        else:
            value = self.high - ((1 - share) * width * right).sqrt()
        return min(max(value, self.low), self.high)


NOTHING = Range.exactly(0)


@dataclass(frozen=True)
class Spread:
    """The 10th, 50th and 90th percentile of draws; None is "never", beyond all."""

    p10: Decimal | None
    p50: Decimal | None
    p90: Decimal | None
    never: Decimal
    """Share of the draws without a value."""


def spread(values: Sequence[Decimal | None]) -> Spread:
    """Return the percentiles of at least one draw, by nearest rank.

    Nearest rank takes values that were drawn, so it needs no arithmetic with "never".
    """
    known = sorted(value for value in values if value is not None)

    def percentile(percent: int) -> Decimal | None:
        place = math.ceil(percent * len(values) / 100) - 1
        return known[place] if place < len(known) else None

    never = Decimal(len(values) - len(known)) / len(values)
    return Spread(percentile(10), percentile(50), percentile(90), never)


def uniforms(seed: int, name: str, draws: int) -> list[Decimal]:
    """Return so many numbers in [0, 1), the same for the same seed and name."""
    # Not for secrets: repeatable draws are the point.
    source = random.Random(f"{seed}/{name}")  # noqa: S311
    return [Decimal(source.getrandbits(_BITS)) / 2**_BITS for _ in range(draws)]


def read_decimal(data: Any) -> Decimal:
    """Read a whole number, or a decimal written as a string; no binary fraction.

    Raises
    ------
    RangeError
        For anything else, fractions of JSON among it: they have lost digits.
    """
    if isinstance(data, Decimal):
        return data
    if type(data) is float:
        raise RangeError('write fractions as strings, such as "0.15"')
    if type(data) not in (int, str) or len(str(data)) > _LONGEST:
        raise RangeError("expected a number")
    try:
        number = Decimal(data)
    except InvalidOperation as error:
        raise RangeError("expected a number") from error
    if not number.is_finite():
        raise RangeError("expected a finite number")
    return number
