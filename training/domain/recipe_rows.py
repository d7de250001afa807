"""How many rows of an example a recipe makes: by grade, and by level or category."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from annotation.domain.scale import Grade
from training.domain.recipe_reading import (
    RecipeError,
    check_number,
    check_whole,
    read_choice,
    read_object,
)

MOST_COPIES = 20


class Method(StrEnum):
    """How seniors' examples come to weigh more."""

    COPIES = "copies"
    LEAVE_OUT = "leave_out"


class BalanceBy(StrEnum):
    """What is brought into proportion."""

    NOTHING = "nothing"
    LEVEL = "level"
    CATEGORY = "category"


class Towards(StrEnum):
    """The proportion aimed at: equal parts, or the project's production mix."""

    EVEN = "even"
    PRODUCTION = "production"


@dataclass(frozen=True)
class Upsampling:
    """How often senior engineers' examples occur in TRAIN, as copies.

    `weights`: rows of one example by the grade of its verdict; a grade that is not
    named has 1. `target_share`: the share of TRAIN rows that seniors and principals
    shall reach; the weights then only say how the extra rows are spread. `cap`: the
    most rows of one example. `method`: copies, or the same proportions reached by
    leaving examples of the other grades out.
    """

    weights: Mapping[str, float] = field(
        default_factory=lambda: {"SENIOR": 2.0, "PRINCIPAL": 3.0}
    )
    target_share: float | None = None
    cap: int = 5
    method: Method = Method.COPIES

    def __post_init__(self) -> None:
        for grade, weight in self.weights.items():
            if grade not in list(Grade):
                known = ", ".join(Grade)
                raise RecipeError(f"upsampling.weights.{grade}", f"expected {known}")
            check_number(f"upsampling.weights.{grade}", weight, 1, MOST_COPIES)
        if self.target_share is not None:
            check_number("upsampling.target_share", self.target_share, 0.01, 0.95)
        check_whole("upsampling.cap", self.cap, 1, MOST_COPIES)

    @classmethod
    def parse(cls, data: Any) -> Upsampling:
        given = read_object("upsampling", data, cls)
        if not isinstance(given.get("weights", {}), Mapping):
            raise RecipeError("upsampling.weights", "expected an object")
        method = read_choice("upsampling.method", given.get("method", "copies"), Method)
        return cls(**{**given, "method": method})

    def as_json(self) -> dict[str, Any]:
        """The form that `parse` reads back."""
        return {
            "weights": {grade: float(w) for grade, w in sorted(self.weights.items())},
            "target_share": self.target_share,
            "cap": self.cap,
            "method": self.method.value,
        }


@dataclass(frozen=True)
class Balance:
    """Copies of TRAIN examples whose level or category is rarer than it should be.

    With q the share of a level or category among the examples and p the share aimed
    at, the rows are brought to shares proportional to ``q^(1 - strength) p^strength``:
    0 changes nothing, 1 aims at p, more goes beyond it. Nothing is left out, so the
    most over-represented one keeps one row an example. `cap`: the most rows that
    balancing by itself gives an example.
    """

    by: BalanceBy = BalanceBy.NOTHING
    towards: Towards = Towards.PRODUCTION
    strength: float = 1.0
    cap: int = 5

    def __post_init__(self) -> None:
        check_number("balance.strength", self.strength, 0, 2)
        check_whole("balance.cap", self.cap, 1, MOST_COPIES)
        if self.by is BalanceBy.LEVEL and self.towards is Towards.PRODUCTION:
            raise RecipeError(
                "balance.towards",
                "the production mix knows categories only; levels can be made even",
            )

    @classmethod
    def parse(cls, data: Any) -> Balance:
        given = read_object("balance", data, cls)
        by = read_choice("balance.by", given.get("by", "nothing"), BalanceBy)
        usual = Towards.EVEN if by is BalanceBy.LEVEL else Towards.PRODUCTION
        towards = read_choice("balance.towards", given.get("towards", usual), Towards)
        return cls(**{**given, "by": by, "towards": towards})

    def as_json(self) -> dict[str, Any]:
        """The form that `parse` reads back."""
        return {
            "by": self.by.value,
            "towards": self.towards.value,
            "strength": float(self.strength),
            "cap": self.cap,
        }
