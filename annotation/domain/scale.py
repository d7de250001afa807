"""Ordered levels, what lies between them, and the order of reviewers' grades.

A scale is what a project calls severity: a short list of levels, most severe first.
The statistics rooms need only its order, the pages need its labels and meanings.
This room knows nothing about tickets, people or how a label was reached.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class ScaleError(ValueError):
    """A list of levels that cannot be a scale; carries the reason in words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Grade(StrEnum):
    """How senior a reviewer is; compares by seniority, not by spelling."""

    JUNIOR = "JUNIOR"
    ENGINEER = "ENGINEER"
    SENIOR = "SENIOR"
    PRINCIPAL = "PRINCIPAL"

    @property
    def rank(self) -> int:
        """Seniority from 0 (JUNIOR) to 3 (PRINCIPAL)."""
        return list(Grade).index(self)

    def __lt__(self, other: str) -> bool:
        return self.rank < Grade(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= Grade(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > Grade(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= Grade(other).rank


class Weights(StrEnum):
    """How much credit two different levels earn in a weighted coefficient."""

    IDENTITY = "identity"
    LINEAR = "linear"
    QUADRATIC = "quadratic"
    ORDINAL = "ordinal"


@dataclass(frozen=True)
class Level:
    """One level of a scale; `position` 0 is the most severe."""

    key: str
    label: str
    meaning: str = ""
    position: int = 0


@dataclass(frozen=True)
class Scale:
    """Ordered levels, most severe first.

    Raises
    ------
    ScaleError
        Fewer than two levels, an empty or repeated key, or positions that do not
        count up from 0.
    """

    levels: tuple[Level, ...]

    def __post_init__(self) -> None:
        keys = [level.key for level in self.levels]
        if len(keys) < 2:
            raise ScaleError("A scale needs at least two levels.")
        if any(not key or key != key.strip() for key in keys):
            raise ScaleError("A level key is empty or has spaces around it.")
        if len(set(keys)) != len(keys):
            repeated = sorted({key for key in keys if keys.count(key) > 1})
            raise ScaleError(f"Level repeated: {', '.join(repeated)}.")
        if [level.position for level in self.levels] != list(range(len(keys))):
            raise ScaleError("Level positions must count up from 0.")

    @classmethod
    def from_keys(cls, keys: Iterable[str]) -> Scale:
        """Build a scale from keys alone, most severe first; labels follow the keys."""
        return cls.from_rows([{"key": key} for key in keys])

    @classmethod
    def from_rows(cls, rows: Sequence[Mapping[str, str]]) -> Scale:
        """Build a scale from rows of key, label and meaning, most severe first.

        A missing label is the key with its first letter large; other entries of a row
        are ignored.
        """
        levels = []
        for position, row in enumerate(rows):
            key = str(row.get("key", "")).strip()
            label = str(row.get("label") or key[:1].upper() + key[1:])
            levels.append(Level(key, label, str(row.get("meaning") or ""), position))
        return cls(tuple(levels))

    @property
    def keys(self) -> tuple[str, ...]:
        """The level keys, most severe first."""
        return tuple(level.key for level in self.levels)

    @property
    def most_severe(self) -> Level:
        """The level at position 0."""
        return self.levels[0]

    def index(self, key: str) -> int:
        """Position of a level: 0 is the most severe.

        Raises
        ------
        ScaleError
            No level has this key.
        """
        for level in self.levels:
            if level.key == key:
                return level.position
        raise ScaleError(f"“{key}” is no level of this scale ({', '.join(self.keys)}).")

    def level(self, key: str) -> Level:
        """The level with this key; raises ScaleError where there is none."""
        return self.levels[self.index(key)]

    def rows(self) -> list[dict[str, str]]:
        """The levels as rows that `from_rows` reads back."""
        return [
            {"key": level.key, "label": level.label, "meaning": level.meaning}
            for level in self.levels
        ]

    def weights(self, kind: Weights | str) -> FloatArray:
        """Agreement weights between the levels; see `agreement_weights`."""
        return agreement_weights(kind, np.arange(len(self), dtype=np.float64))

    def __len__(self) -> int:
        return len(self.levels)

    def __iter__(self) -> Iterator[Level]:
        return iter(self.levels)

    def __contains__(self, key: object) -> bool:
        return key in self.keys


def agreement_weights(kind: Weights | str, values: FloatArray) -> FloatArray:
    """Return the symmetric matrix of partial credit, 1 on the diagonal.

    `values` are the numbers of the categories, in increasing order: positions for an
    ordinal scale, the labels themselves for an interval scale. Linear is
    1 - |a-b|/range, quadratic 1 - (a-b)^2/range^2 (Cohen 1968); ordinal depends on
    ranks only, 1 - C(d+1, 2)/C(q, 2) for categories d steps apart (Gwet 2014, ch. 3).

    Examples
    --------
    >>> agreement_weights("linear", np.array([0.0, 1.0, 2.0])).tolist()
    [[1.0, 0.5, 0.0], [0.5, 1.0, 0.5], [0.0, 0.5, 1.0]]
    """
    kind = Weights(kind)
    size = len(values)
    if kind is Weights.IDENTITY or size < 2:
        return np.eye(size)
    numbers = values if kind is not Weights.ORDINAL else np.arange(size, dtype=float)
    distance = np.abs(numbers[:, None] - numbers[None, :])
    if kind is Weights.ORDINAL:
        distance = distance * (distance + 1) / 2
    elif kind is Weights.QUADRATIC:
        distance = distance**2
    weights: FloatArray = 1.0 - distance / distance.max()
    return weights


DEFAULT_LEVELS: tuple[Level, ...] = (
    Level("critical", "Critical", "Service down or safety at risk; act now.", 0),
    Level("high", "High", "Major degradation or loss of redundancy; act today.", 1),
    Level("medium", "Medium", "Limited effect or a workaround exists.", 2),
    Level("low", "Low", "Little or no effect; a question or a request.", 3),
)
DEFAULT_SCALE = Scale(DEFAULT_LEVELS)
