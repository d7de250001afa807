"""Gold and the answers of one or more systems to the same items.

Everything that is compared here is compared on the same items, against the same gold,
over the whole scale. Clusters say which items belong to one incident: they, not the
items, are what intervals and tests resample. This room only holds and checks; it
computes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Answers:
    """Level numbers of gold and of every system, one entry an item.

    `levels` are in order, most severe first where they are severities; `values` are
    their numbers. `clusters` numbers each item's incident, None where every item stands
    alone. `reference` names the gold in every figure. `ordered` is False for levels
    without an order, such as categories.
    """

    gold: IntArray
    systems: Mapping[str, IntArray]
    levels: tuple[str, ...]
    values: FloatArray
    reference: str
    clusters: IntArray | None = None
    ordered: bool = True

    def __post_init__(self) -> None:
        sizes = {len(self.gold), *(len(codes) for codes in self.systems.values())}
        if self.clusters is not None:
            sizes.add(len(self.clusters))
        if len(sizes) != 1:
            raise ValueError("gold, systems and clusters must cover the same items")

    @classmethod
    def from_labels(
        cls,
        gold: Sequence[str],
        systems: Mapping[str, Sequence[str]],
        levels: Sequence[str],
        *,
        reference: str,
        values: Sequence[float] | None = None,
        clusters: Sequence[str] | None = None,
        ordered: bool = True,
    ) -> Answers:
        """Build from level names; raises KeyError for a name not among `levels`."""
        numbers = range(len(levels)) if values is None else values
        return cls(
            _codes(gold, levels),
            {name: _codes(labels, levels) for name, labels in systems.items()},
            tuple(levels),
            np.asarray(numbers, dtype=np.float64),
            reference,
            None if clusters is None else _codes(clusters, dict.fromkeys(clusters)),
            ordered,
        )

    @property
    def n_items(self) -> int:
        """How many items there are."""
        return len(self.gold)

    @cached_property
    def n_clusters(self) -> int:
        """How many incidents; as many as items where every item stands alone."""
        if self.clusters is None:
            return self.n_items
        return len(np.unique(self.clusters))

    @property
    def grouping(self) -> IntArray | None:
        """The clusters where one holds several items, else None."""
        return self.clusters if self.n_clusters < self.n_items else None

    def right(self, system: str) -> BoolArray:
        """Which items the system answered as gold has it."""
        equal: BoolArray = self.systems[system] == self.gold
        return equal


def _codes(names: Sequence[str], known: Iterable[str]) -> IntArray:
    """The place of each name among the known ones; KeyError for any other."""
    place = {name: number for number, name in enumerate(known)}
    return np.array([place[name] for name in names], dtype=np.intp)
