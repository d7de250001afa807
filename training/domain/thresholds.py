"""Where the rules of "Should we fine-tune?" begin to speak; a team's to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from training.domain.ranges import RangeError, read_decimal


class ThresholdError(ValueError):
    """A threshold that cannot be used; `key` names it."""

    def __init__(self, key: str, expected: str) -> None:
        super().__init__(f"{key}: {expected}")
        self.key = key
        self.expected = expected


@dataclass(frozen=True)
class Thresholds:
    """Where each rule begins to speak; `target_accuracy` has no usual value.

    The first seven are rules of thumb for hosted models. 0.667 is Krippendorff's lower
    bound for tentative conclusions (Content Analysis, 2004). The rest are own choices.
    """

    requests_for: Decimal = Decimal(10_000)
    repeated_share: Decimal = Decimal("0.5")
    target_accuracy: Decimal | None = None
    break_even_for: Decimal = Decimal(3)
    requests_against: Decimal = Decimal(1_000)
    examples: Decimal = Decimal(500)
    break_even_against: Decimal = Decimal(6)
    guideline_versions: Decimal = Decimal(2)
    agreement: Decimal = Decimal("0.667")
    reasons_needed: Decimal = Decimal(2)

    @classmethod
    def parse(cls, data: Any) -> Thresholds:
        """Read plain JSON; a key left out keeps its usual value.

        Raises ThresholdError.
        """
        if not isinstance(data, Mapping):
            raise ThresholdError("thresholds", "expected an object")
        known = {field.name for field in fields(cls)}
        for key in data:
            if key not in known:
                raise ThresholdError(str(key), "unknown")
        values: dict[str, Any] = {k: _threshold(k, v) for k, v in data.items()}
        read = cls(**values)
        if read.requests_against > read.requests_for:
            raise ThresholdError("requests_against", "more than what speaks for")
        if read.break_even_for > read.break_even_against:
            raise ThresholdError("break_even_for", "more than what speaks against")
        return read

    def as_json(self) -> dict[str, str | None]:
        """Return the shape that `parse` reads, in full."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {k: None if v is None else str(v) for k, v in values.items()}


_SHARES = {"repeated_share", "target_accuracy", "agreement"}


def _threshold(key: str, value: Any) -> Decimal | None:
    if key == "target_accuracy" and value is None:
        return None
    try:
        number = read_decimal(value)
    except RangeError as error:
        raise ThresholdError(key, str(error)) from error
    most = Decimal(1) if key in _SHARES else Decimal(10) ** 9
    if not 0 <= number <= most:
        raise ThresholdError(key, f"expected a number from 0 to {most:,}")
    return number
