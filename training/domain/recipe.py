"""The recipe of a dataset: which records, which split, how many copies.

A recipe is a frozen value read strictly from JSON: an unknown key, a wrong type or a
number out of its range is refused by name, and every default is written out again by
`as_json`, so a stored recipe says everything. This room only describes; splitting and
sampling carry it out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from annotation.domain.scale import Grade
from training.domain.recipe_reading import (
    RecipeError as RecipeError,
)
from training.domain.recipe_reading import (
    check_number,
    check_whole,
    read_moment,
    read_names,
    read_object,
)

MOST_COPIES = 20
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


class HoldoutMode(StrEnum):
    """How new records come into TEST."""

    MIXED = "mixed"
    FROM = "from"
    LATEST = "latest"
    SHARE = "share"
    KEPT = "kept"


@dataclass(frozen=True)
class Holdout:
    """How new records come into TEST.

    MIXED: by share, old and new tickets alike. FROM, LATEST and SHARE hold out the
    later tickets: opened at or after `opened_from`, the `latest` newest, or the newest
    `share` of all. KEPT: nothing new; what is in TEST stays.
    """

    mode: HoldoutMode = HoldoutMode.MIXED
    opened_from: datetime | None = None
    latest: int | None = None
    share: float | None = None

    def __post_init__(self) -> None:
        if self.latest is not None:
            check_whole("test.latest", self.latest, 1, 10**7)
        if self.share is not None:
            check_number("test.share", self.share, 0.01, 0.9)

    @property
    def is_temporal(self) -> bool:
        """Whether TEST is what was opened later."""
        return self.mode in (HoldoutMode.FROM, HoldoutMode.LATEST, HoldoutMode.SHARE)

    @classmethod
    def parse(cls, data: Any) -> Holdout:
        """From null, or an object with exactly one of from, latest, share, kept."""
        if data is None:
            return cls()
        if not isinstance(data, Mapping) or len(data) != 1:
            raise RecipeError("test", "expected one of from, latest, share, kept")
        ((key, value),) = data.items()
        if key == "from":
            return cls(HoldoutMode.FROM, opened_from=read_moment("test.from", value))
        if key == "latest":
            return cls(HoldoutMode.LATEST, latest=value)
        if key == "share":
            return cls(HoldoutMode.SHARE, share=value)
        if key == "kept" and value is True:
            return cls(HoldoutMode.KEPT)
        raise RecipeError("test", "expected one of from, latest, share, kept: true")

    def as_json(self) -> dict[str, Any] | None:
        """The form that `parse` reads back."""
        if self.mode is HoldoutMode.FROM and self.opened_from:
            return {"from": self.opened_from.isoformat()}
        if self.mode is HoldoutMode.LATEST:
            return {"latest": self.latest}
        if self.mode is HoldoutMode.SHARE:
            return {"share": self.share}
        return {"kept": True} if self.mode is HoldoutMode.KEPT else None


@dataclass(frozen=True)
class Filters:
    """Which records may enter; an empty tuple lets everything through.

    `train_opened_before` keeps later tickets out of TRAIN and DEV, whatever their
    split; they stay in TEST and CALIBRATION.
    """

    kinds: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    train_opened_before: datetime | None = None

    @classmethod
    def parse(cls, data: Any) -> Filters:
        given = read_object("filters", data, cls)
        limit = given.get("train_opened_before")
        if limit is not None:
            limit = read_moment("filters.train_opened_before", limit)
        return cls(
            kinds=read_names("filters.kinds", given.get("kinds", [])),
            categories=read_names("filters.categories", given.get("categories", [])),
            origins=read_names("filters.origins", given.get("origins", [])),
            train_opened_before=limit,
        )

    def as_json(self) -> dict[str, Any]:
        """The form that `parse` reads back."""
        limit = self.train_opened_before
        return {
            "kinds": list(self.kinds),
            "categories": list(self.categories),
            "origins": list(self.origins),
            "train_opened_before": limit.isoformat() if limit else None,
        }


@dataclass(frozen=True)
class Upsampling:
    """How often senior engineers' examples occur in TRAIN, as copies.

    `weights`: rows of one example by the grade of its verdict; a grade that is not
    named has 1. `target_share`: the share of TRAIN rows that seniors and principals
    shall reach; the weights then only say how the extra rows are spread. `cap`: the
    most rows of one example.
    """

    weights: Mapping[str, float] = field(
        default_factory=lambda: {"SENIOR": 2.0, "PRINCIPAL": 3.0}
    )
    target_share: float | None = None
    cap: int = 5

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
        return cls(**given)

    def as_json(self) -> dict[str, Any]:
        """The form that `parse` reads back."""
        return {
            "weights": {grade: float(w) for grade, w in sorted(self.weights.items())},
            "target_share": self.target_share,
            "cap": self.cap,
        }


DEFAULT_SHARES: Mapping[Split, float] = {
    Split.TRAIN: 0.65,
    Split.DEV: 0.10,
    Split.CALIBRATION: 0.10,
    Split.TEST: 0.15,
}
FORMATS = ("classification", "openai_chat")


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a dataset contains, besides the data.

    shares: of the records, by split; they sum to 1, a split that is not named gets 0.
    sizes: at most so many examples of a split, chosen by seed and stratified by level
    and category. formats: the forms the freeze checks. min_per_class: fewer TRAIN
    examples of a level that occurs refuse the freeze (cleanlab's Datalab and
    scikit-learn need a handful as well).
    """

    gold_rule: GoldRule = GoldRule.STRICT
    shares: Mapping[Split, float] = field(default_factory=lambda: dict(DEFAULT_SHARES))
    test: Holdout = field(default_factory=Holdout)
    sizes: Mapping[Split, int] = field(default_factory=dict)
    filters: Filters = field(default_factory=Filters)
    upsampling: Upsampling = field(default_factory=Upsampling)
    formats: tuple[str, ...] = ("classification",)
    min_per_class: int = 5
    seed: int = 1

    def __post_init__(self) -> None:
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
            "gold_rule": _gold_rule,
            "shares": lambda value: _by_split("shares", value),
            "test": Holdout.parse,
            "sizes": lambda value: _by_split("sizes", value),
            "filters": Filters.parse,
            "upsampling": Upsampling.parse,
            "formats": lambda value: read_names("formats", value),
        }
        keep = {
            key: readers[key](value) if key in readers else value
            for key, value in given.items()
        }
        return cls(**keep)

    def as_json(self) -> dict[str, Any]:
        """Every key with its value, in the form that `parse` reads back."""
        return {
            "gold_rule": self.gold_rule.value,
            "shares": {s.value: float(self.shares.get(s, 0)) for s in Split},
            "test": self.test.as_json(),
            "sizes": {s.value: self.sizes[s] for s in Split if s in self.sizes},
            "filters": self.filters.as_json(),
            "upsampling": self.upsampling.as_json(),
            "formats": list(self.formats),
            "min_per_class": self.min_per_class,
            "seed": self.seed,
        }


def _gold_rule(value: Any) -> GoldRule:
    if value not in list(GoldRule):
        raise RecipeError("gold_rule", f"expected one of {', '.join(GoldRule)}")
    return GoldRule(value)


def _by_split(where: str, data: Any) -> dict[Split, Any]:
    if not isinstance(data, Mapping):
        raise RecipeError(where, "expected an object")
    for key in data:
        if key not in list(Split):
            raise RecipeError(f"{where}.{key}", f"expected one of {', '.join(Split)}")
    return {Split(key): value for key, value in data.items()}
