"""What a recipe teaches: whose labels, general texts, and how long a row may be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from training.domain.recipe_reading import (
    RecipeError,
    check_number,
    check_whole,
    read_choice,
    read_object,
)

LARGEST_GENERAL_SHARE = 0.5
LONGEST_LIMIT = 10**7


class LabelSource(StrEnum):
    """Whose labels TRAIN teaches."""

    VERDICT = "verdict"
    EVERY_REVIEW = "every_review"


class TooLong(StrEnum):
    """What becomes of a row that is longer than the limit."""

    RAISE = "raise"
    DROP = "drop"
    TRUNCATE = "truncate"


@dataclass(frozen=True)
class Length:
    """How long a row may be, in tokens.

    base_model: a registered base whose tokenizer counts; without one, four characters
    count as a token. most: the limit; None means the base's context length, or no limit
    where no base is named. policy: `RAISE` refuses the freeze, the others are counted.
    """

    base_model: str = ""
    most: int | None = None
    policy: TooLong = TooLong.RAISE

    def __post_init__(self) -> None:
        if not isinstance(self.base_model, str) or len(self.base_model) > 120:
            raise RecipeError("length.base_model", "expected the name of a base model")
        if self.most is not None:
            check_whole("length.most", self.most, 8, LONGEST_LIMIT)

    @property
    def is_limited(self) -> bool:
        """Whether any row could be too long."""
        return bool(self.base_model) or self.most is not None

    @property
    def leaves_out(self) -> bool:
        """Whether a row that is too long keeps its record, or all, from the dataset."""
        return self.is_limited and self.policy is not TooLong.TRUNCATE

    @classmethod
    def parse(cls, data: Any) -> Length:
        given = read_object("length", data, cls)
        policy = read_choice("length.policy", given.get("policy", "raise"), TooLong)
        return cls(**{**given, "policy": policy})

    def as_json(self) -> dict[str, Any]:
        """The form that `parse` reads back."""
        return {
            "base_model": self.base_model,
            "most": self.most,
            "policy": self.policy.value,
        }


def check_general_share(share: Any) -> None:
    """Refuse a share of general rows that is none. Raises RecipeError."""
    check_number("general_share", share, 0, LARGEST_GENERAL_SHARE)
