"""Strict reading of single values of a recipe, each refused by its dotted name."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

E = TypeVar("E", bound=StrEnum)


class RecipeError(ValueError):
    """A recipe that cannot be used; `key` names the place, dotted."""

    def __init__(self, key: str, expected: str) -> None:
        super().__init__(f"{key}: {expected}" if key else expected)
        self.key = key


def read_object(where: str, data: Any, cls: Any) -> Mapping[str, Any]:
    """The object itself, when every key is a field of the dataclass `cls`."""
    if not isinstance(data, Mapping):
        raise RecipeError(where, "expected an object")
    known = list(cls.__dataclass_fields__)
    for key in data:
        if key not in known:
            place = f"{where}.{key}" if where else str(key)
            raise RecipeError(place, f"unknown; known keys: {', '.join(known)}")
    return data


def read_choice(where: str, value: Any, choices: type[E]) -> E:
    """The member of an enumeration that a string names."""
    if value not in list(choices):
        raise RecipeError(where, f"expected one of {', '.join(choices)}")
    return choices(value)


def read_names(where: str, data: Any) -> tuple[str, ...]:
    """A list of strings as a tuple."""
    if not isinstance(data, list | tuple) or any(
        type(name) is not str for name in data
    ):
        raise RecipeError(where, "expected a list of names")
    return tuple(data)


def read_moment(where: str, value: Any) -> datetime:
    """Read ISO 8601; a time without a zone is UTC, a date alone its midnight."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise RecipeError(where, "expected an ISO 8601 date or time") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def check_number(where: str, value: Any, low: float, high: float) -> None:
    """Refuse what is not a finite number from `low` to `high`."""
    is_number = type(value) in (int, float) and math.isfinite(value)
    if not is_number or not low <= value <= high:
        raise RecipeError(where, f"expected a number from {low:g} to {high:g}")


def check_whole(where: str, value: Any, low: int, high: int) -> None:
    """Refuse what is not a whole number from `low` to `high`."""
    if type(value) is not int or not low <= value <= high:
        raise RecipeError(where, f"expected a whole number from {low} to {high}")


def check_among(where: str, names: Sequence[str], known: Sequence[str]) -> None:
    """Refuse names that are none of the known ones."""
    if set(names) - set(known):
        raise RecipeError(where, f"expected some of {', '.join(known)}")
