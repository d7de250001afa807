"""What a dataset will contain: its examples, and everything decided on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from training.domain.eligibility import RecordFacts, ReviewFacts, row_id
from training.domain.gold import Gold, Ruling
from training.domain.manifest import Tally
from training.domain.recipe import Split
from training.domain.rows import COPY_ID, SEVERITY
from training.domain.splitting import Placement


@dataclass(frozen=True, slots=True)
class Chosen:
    """One example of the dataset: the record, where it stands, how many rows.

    review: the answer that labels it, where that is not the verdict. is_general: a
    general-purpose text, which no ruling stands behind.
    """

    record: RecordFacts
    ruling: Ruling
    gold: Gold
    placement: Placement
    task: str = SEVERITY
    review: ReviewFacts | None = None
    is_general: bool = False
    rows: int = 1

    @property
    def key(self) -> str:
        """Unique in the dataset: the record's, and what sets the example apart."""
        review = self.review.number if self.review else 0
        return row_id(self.record.key, self.task, review)

    @property
    def split(self) -> Split:
        return self.placement.split

    @property
    def tally(self) -> Tally:
        """The example as it counts in the mixes."""
        return Tally(
            self.split,
            self.ruling.label,
            self.record.category,
            self.record.vendor,
            self.ruling.grade.value,
            self.rows,
            self.task,
            self.record.kind,
        )


@dataclass(frozen=True)
class Selection:
    """The examples in their final order, and everything that was decided on the way.

    assignments: placements to be kept for ever, by record id; also of records that
    this dataset leaves out. senior_share: of TRAIN, before and after the copies.
    left_out_of: records that make no example of a task, by task and reason.
    general_share: of the TRAIN rows, that general-purpose texts reach.
    """

    examples: tuple[Chosen, ...]
    left_out: dict[str, int]
    assignments: dict[int, Placement]
    senior_share_before: float
    senior_share: float
    left_out_of: dict[str, dict[str, int]] = field(default_factory=dict)
    general_share: float = 0.0


def repeated_row(examples: Iterable[Chosen]) -> str:
    """A row id that two examples, or an example and a copy, would share; "" if none.

    External ids are the customers' own: a record may be called as a copy of another
    one, or another one's example of a task, would be.
    """
    rows: Counter[str] = Counter()
    copies: dict[str, int] = {}
    for one in examples:
        rows[one.key] += 1
        copies[one.key] = one.rows
    for key, count in rows.items():
        found = COPY_ID.fullmatch(key)
        is_copy = found and int(found["number"]) < copies.get(found["of"], 0)
        if count > 1 or is_copy:
            return key
    return ""


def repeated_words(row: str) -> str:
    """Why nothing can be built where two rows would share an id, and what helps."""
    return (
        f"Two records would make a row called {row}: one is called as another one's "
        "copy, review or task is. Exclude the record of that name."
    )
