"""The recipe of a dataset: which records, which split, how many copies.

A recipe is a frozen value read strictly from JSON: an unknown key, a wrong type or a
number out of its range is refused by name, and every default is written out again by
`as_json`, so a stored recipe says everything. This room only describes; splitting and
sampling carry it out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from training.domain.recipe_choice import Filters, Holdout
from training.domain.recipe_reading import (
    RecipeError as RecipeError,
)
from training.domain.recipe_reading import (
    check_number,
    check_whole,
    read_choice,
    read_names,
    read_object,
)
from training.domain.recipe_rows import Balance, Upsampling
from training.domain.recipe_tasks import LabelSource, Length, check_general_share
from training.domain.rows import SEVERITY
from training.domain.tasks.task import TASKS

LARGEST_SEED = 2**32 - 1


class Split(StrEnum):
    """The four parts of a dataset, from the least to the most protected."""

    TRAIN = "TRAIN"
    DEV = "DEV"
    CALIBRATION = "CALIBRATION"
    TEST = "TEST"

    @property
    def protection(self) -> int:
        """0 (TRAIN) to 3 (TEST): who keeps a record that two splits lay claim to."""
        return list(Split).index(self)


class GoldRule(StrEnum):
    """What TEST and CALIBRATION accept as gold; see `training.domain.gold`."""

    STRICT = "STRICT"
    SINGLE_SOURCE = "SINGLE_SOURCE"


DEFAULT_SHARES: Mapping[Split, float] = {
    Split.TRAIN: 0.65,
    Split.DEV: 0.10,
    Split.CALIBRATION: 0.10,
    Split.TEST: 0.15,
}
FORMATS = (
    "classification",
    "openai_chat",
    "prompt_completion",
    "alpaca",
    "sharegpt",
    "bedrock_conversation",
    "bedrock_prompt",
    "trl_conversational",
    "text",
)
"""Formats whose rows a freeze can check: a line an example, no rejected answer."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a dataset contains, besides the data.

    shares: of the records, by split; they sum to 1, a split that is not named gets 0.
    sizes: at most so many examples of a split, chosen by seed and stratified by level
    and category. tasks: what is taught; a record makes an example of each that it has
    the material for. label_source: whose labels TRAIN holds; what is scored always has
    verdicts. group_by_customer: a customer's records share a split. general_share: of
    the TRAIN rows, by general-purpose texts against forgetting. formats: the forms the
    freeze checks. min_per_class: fewer TRAIN examples of a level that occurs refuse the
    freeze (cleanlab's Datalab and scikit-learn need a handful as well).
    """

    tasks: tuple[str, ...] = (SEVERITY,)
    label_source: LabelSource = LabelSource.VERDICT
    gold_rule: GoldRule = GoldRule.STRICT
    shares: Mapping[Split, float] = field(default_factory=lambda: dict(DEFAULT_SHARES))
    test: Holdout = field(default_factory=Holdout)
    sizes: Mapping[Split, int] = field(default_factory=dict)
    filters: Filters = field(default_factory=Filters)
    upsampling: Upsampling = field(default_factory=Upsampling)
    balance: Balance = field(default_factory=Balance)
    group_by_customer: bool = False
    general_share: float = 0.0
    length: Length = field(default_factory=Length)
    formats: tuple[str, ...] = ("classification",)
    min_per_class: int = 5
    seed: int = 1

    def __post_init__(self) -> None:
        self._check_tasks()
        for split, share in self.shares.items():
            check_number(f"shares.{split}", share, 0, 1)
        if not math.isclose(sum(self.shares.values()), 1.0, abs_tol=1e-6):
            raise RecipeError("shares", "must sum to 1")
        if self.shares.get(Split.TRAIN, 0) <= 0:
            raise RecipeError("shares.TRAIN", "must be above 0")
        for split, size in self.sizes.items():
            check_whole(f"sizes.{split}", size, 1, 10**7)
        if not self.formats or set(self.formats) - set(FORMATS):
            raise RecipeError("formats", f"expected some of {', '.join(FORMATS)}")
        check_whole("min_per_class", self.min_per_class, 1, 1000)
        check_whole("seed", self.seed, 0, LARGEST_SEED)
        check_general_share(self.general_share)
        if not isinstance(self.group_by_customer, bool):
            raise RecipeError("group_by_customer", "expected true or false")

    def _check_tasks(self) -> None:
        unique = set(self.tasks)
        if not unique or unique - set(TASKS) or len(unique) != len(self.tasks):
            raise RecipeError("tasks", f"expected some of {', '.join(TASKS)}")
        if self.label_source is LabelSource.EVERY_REVIEW and SEVERITY not in unique:
            raise RecipeError(
                "label_source", f"reviews label the task {SEVERITY}, which is missing"
            )

    @classmethod
    def parse(cls, data: Any) -> Recipe:
        """Read decoded JSON.

        Raises
        ------
        RecipeError
            Naming the key, and what is allowed there.
        """
        given = read_object("", data, cls)
        readers: dict[str, Callable[[Any], Any]] = {
            "tasks": lambda value: read_names("tasks", value),
            "label_source": lambda value: read_choice(
                "label_source", value, LabelSource
            ),
            "gold_rule": lambda value: read_choice("gold_rule", value, GoldRule),
            "shares": lambda value: _by_split("shares", value),
            "test": Holdout.parse,
            "sizes": lambda value: _by_split("sizes", value),
            "filters": Filters.parse,
            "upsampling": Upsampling.parse,
            "balance": Balance.parse,
            "length": Length.parse,
            "formats": lambda value: read_names("formats", value),
        }
        keep = {
            key: readers[key](value) if key in readers else value
            for key, value in given.items()
        }
        return cls(**keep)

    def plain(self) -> Recipe:
        """The same recipe, in which nobody's grade counts: what that is measured by.

        Levels and categories are balanced all the same: two things that change at once
        would tell nothing about either.
        """
        return replace(self, upsampling=Upsampling(weights={}))

    @property
    def teaches_severity_alone(self) -> bool:
        """Whether every row but general ones is a text with its level."""
        return self.tasks == (SEVERITY,)

    @property
    def is_plain(self) -> bool:
        """Whether no grade weighs more than another, by copies or by leaving out."""
        weights = self.upsampling.weights.values()
        return self.upsampling.target_share is None and set(weights) <= {1}

    def as_json(self) -> dict[str, Any]:
        """Every key with its value, in the form that `parse` reads back."""
        return {
            "tasks": list(self.tasks),
            "label_source": self.label_source.value,
            "gold_rule": self.gold_rule.value,
            "shares": {s.value: float(self.shares.get(s, 0)) for s in Split},
            "test": self.test.as_json(),
            "sizes": {s.value: self.sizes[s] for s in Split if s in self.sizes},
            "filters": self.filters.as_json(),
            "upsampling": self.upsampling.as_json(),
            "balance": self.balance.as_json(),
            "group_by_customer": self.group_by_customer,
            "general_share": float(self.general_share),
            "length": self.length.as_json(),
            "formats": list(self.formats),
            "min_per_class": self.min_per_class,
            "seed": self.seed,
        }


def _by_split(where: str, data: Any) -> dict[Split, Any]:
    if not isinstance(data, Mapping):
        raise RecipeError(where, "expected an object")
    for key in data:
        if key not in list(Split):
            raise RecipeError(f"{where}.{key}", f"expected one of {', '.join(Split)}")
    return {Split(key): value for key, value in data.items()}
