"""The parameters of an SQL text that is made once: where each value goes.

The text is made from sample values that stand in no query by themselves, so that the
place of each can be found among the parameters that Django gives along with the text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

_FIRST_SAMPLE = 32_701
"""Fits the smallest column: Django asks nothing where a number cannot be in one."""
_MOMENT = datetime(2999, 1, 1, tzinfo=UTC)


def samples(kinds: Mapping[str, type]) -> dict[str, Any]:
    """Return a value by name that no query holds by itself, of each kind.

    A kind is ``int``, ``str`` or ``datetime``.
    """
    return {
        name: _sample(number, kind) for number, (name, kind) in enumerate(kinds.items())
    }


class Parameters:
    """The parameters of a text that was made from samples.

    Raises:
        ValueError: a sample is not among them.
    """

    def __init__(self, params: Sequence[object], given: Mapping[str, Any]) -> None:
        names = {_adapted(sample): name for name, sample in given.items()}
        self._places = [
            _Place(names[param]) if _is_in(param, names) else param for param in params
        ]
        used = {place.name for place in self._places if isinstance(place, _Place)}
        if used != set(given):
            raise ValueError(f"no parameters of the query: {set(given) - used}")

    def filled(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the parameters with values in the places of their samples."""
        adapted = {name: _adapted(value) for name, value in values.items()}
        return tuple(
            adapted[place.name] if isinstance(place, _Place) else place
            for place in self._places
        )


class _Place:
    """Where a value goes."""

    def __init__(self, name: str) -> None:
        self.name = name


def _sample(number: int, kind: type) -> Any:
    if kind is datetime:
        return _MOMENT + timedelta(days=number)
    return kind(_FIRST_SAMPLE + number)


def _is_in(param: object, names: Mapping[Any, str]) -> bool:
    return isinstance(param, (int, str, datetime)) and param in names


def _adapted(value: Any) -> Any:
    if isinstance(value, datetime):
        return connections[DEFAULT_DB_ALIAS].ops.adapt_datetimefield_value(value)
    return value
