"""What a freeze learns of the rows on its one way through them."""

from __future__ import annotations

from dataclasses import dataclass, field

from training.domain.formats import Row
from training.domain.items import Item
from training.domain.row_quality import RowQuality
from training.models import Dataset
from training.services.datasets import leakage, plans, vetting


@dataclass
class Notes:
    """Everything the checks want to know of rows, without their texts.

    is_vetted: so far every row holds the texts that passed the leak gate.
    """

    quality: RowQuality
    checked: dict[str, str]
    items: list[Item] = field(default_factory=list)
    is_vetted: bool = True

    @classmethod
    def begin(cls, dataset: Dataset, seed: int) -> Notes:
        """Take along what was checked when the dataset was planned."""
        project = dataset.project
        quality = RowQuality(seed, project.scale, project.root_causes)
        return cls(quality, plans.read_checked(dataset))

    def take(self, row: Row) -> None:
        """Note a row; of a copy only whether its texts were checked."""
        digest = vetting.digest_of(vetting.texts_of(row))
        self.is_vetted &= self.checked.get(row.copy_of or row.id) == digest
        if row.copy:
            return
        item = leakage.item_of(row)
        self.items.append(item)
        self.quality.note(row, item.fingerprint)
