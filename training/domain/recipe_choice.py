"""Which records a recipe takes: filters, and what is held out for TEST."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from training.domain.recipe_reading import (
    RecipeError,
    check_among,
    check_number,
    check_whole,
    read_moment,
    read_names,
    read_object,
)

KINDS = ("TICKET", "LOG", "CONFIG", "SHOW_OUTPUT", "QA", "DOCUMENT")
ORIGINS = ("REAL", "SYNTHETIC", "GENERAL")
"""What a record can be, and where it can come from."""


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
    split; they stay in TEST and CALIBRATION. `min_agreement`: the least share of a
    record's independent reviews that must name the verdict's level; an adjudicated
    verdict passes, somebody looked into it.
    """

    kinds: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    vendors: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    train_opened_before: datetime | None = None
    min_agreement: float = 0.0

    def __post_init__(self) -> None:
        check_number("filters.min_agreement", self.min_agreement, 0, 1)
        check_among("filters.kinds", self.kinds, KINDS)
        check_among("filters.origins", self.origins, ORIGINS)

    @classmethod
    def parse(cls, data: Any) -> Filters:
        given = read_object("filters", data, cls)
        limit = given.get("train_opened_before")
        if limit is not None:
            limit = read_moment("filters.train_opened_before", limit)
        return cls(
            kinds=read_names("filters.kinds", given.get("kinds", [])),
            categories=read_names("filters.categories", given.get("categories", [])),
            vendors=read_names("filters.vendors", given.get("vendors", [])),
            origins=read_names("filters.origins", given.get("origins", [])),
            train_opened_before=limit,
            min_agreement=given.get("min_agreement", 0.0),
        )

    def as_json(self) -> dict[str, Any]:
        """The form that `parse` reads back."""
        limit = self.train_opened_before
        return {
            "kinds": list(self.kinds),
            "categories": list(self.categories),
            "vendors": list(self.vendors),
            "origins": list(self.origins),
            "train_opened_before": limit.isoformat() if limit else None,
            "min_agreement": float(self.min_agreement),
        }
