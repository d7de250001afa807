"""Examples as the checks of a dataset see them: facts without a text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from training.domain.recipe import Split


@dataclass(frozen=True, slots=True)
class Item:
    """One example without its text.

    `fingerprint` is equal for equal texts, `group` for tickets that share a split.
    `record` is the record's id where the example's says more; `label` is empty where
    the task has none. is_cut: its text was shortened to the recipe's limit.
    """

    id: str
    split: Split
    label: str
    fingerprint: str
    opened_at: datetime | None = None
    group: str = ""
    record: str = ""
    is_cut: bool = False

    @property
    def of(self) -> str:
        """The record that the example is of."""
        return self.record or self.id


@dataclass(frozen=True)
class Resemblance:
    """Two examples with (nearly) the same text; similarity 1 is an exact copy.

    is_cut: one of the texts was shortened to the recipe's limit.
    """

    first: str
    first_split: Split
    second: str
    second_split: Split
    similarity: float
    is_cut: bool = False

    @property
    def crosses(self) -> bool:
        """Whether the two lie in different splits: a leak."""
        return self.first_split is not self.second_split
