"""Doubted labels as people act on them: the records behind, and where those stand.

The ranked list comes from `label_checks`; whether a record can be sent to the seniors
now is decided upstream.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from annotation.services import sending
from training.domain.label_results import LabelDoubt
from training.models import Dataset, LabelCheck
from training.services import label_checks

LISTED = 25


@dataclass(frozen=True)
class ListedDoubt:
    """One doubted label. `hindrance` says why it cannot be sent; empty if it can."""

    rank: int
    record_id: int
    external_id: str
    doubt: LabelDoubt
    hindrance: str

    def as_dict(self) -> dict[str, Any]:
        """Return the public shape."""
        return {
            "rank": self.rank,
            "record_id": self.record_id,
            "external_id": self.external_id,
            "split": self.doubt.split,
            "given": self.doubt.given,
            "suggested": self.doubt.suggested,
            "confidence": self.doubt.confidence,
            "suggested_probability": self.doubt.suggested_probability,
            "hindrance": self.hindrance,
        }


def list_doubts(
    *, check: LabelCheck, tells_gold: bool, skip: int = 0, size: int = LISTED
) -> list[ListedDoubt]:
    """A page of a search's list with the records behind it.

    Raises Refused as `label_checks.read_doubts`.
    """
    found = label_checks.read_doubts(check=check, skip=skip, size=size)
    names = {name for doubt in found for name in (doubt.id, doubt.record_id)}
    examples = check.dataset.examples.named(sorted(names))
    numbers = dict(examples.values_list("record__external_id", "record_id"))
    hindered = sending.hindrances_of(numbers.values(), tells_gold=tells_gold)
    named = [d.id if d.id in numbers else d.record_id for d in found]
    return [
        ListedDoubt(
            rank=rank,
            record_id=numbers[name],
            external_id=name,
            doubt=doubt,
            hindrance=hindered.get(numbers[name], ""),
        )
        for rank, (doubt, name) in enumerate(zip(found, named, strict=True), skip + 1)
        if name in numbers
    ]


def belong_to(*, dataset: Dataset, record_ids: Iterable[int]) -> bool:
    """Whether all these records are examples of a dataset."""
    wanted = set(record_ids)
    found = dataset.examples.filter(record__in=wanted).values_list("record_id")
    return found.distinct().count() == len(wanted)
