"""Find texts that lie in two splits, over the lines that were written.

This is the last guard: groups should have kept such texts together already. It reads
the parts on disk, not the database, so what it judges is what will be trained on. Each
chunk leaves the signatures of its texts beside them, so that the search itself is
short, and what it found is kept for a freeze that has to be repeated.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime

import numpy as np

from annotation.domain.duplicates import fingerprint, near_duplicates, signatures
from netft_site.base.files import write_atomic, write_json
from training.domain.formats import Row, read_row
from training.domain.recipe import Split
from training.domain.validation import Item, Resemblance
from training.models import Dataset
from training.services.datasets import folders

_FOUND = "leaks.json"


def item_of(row: Row) -> Item:
    """The example without its text; pseudonyms and addresses count as their type."""
    return Item(
        id=row.id,
        split=Split(row.split),
        label=row.label,
        fingerprint=fingerprint(row.text, masked=True),
        opened_at=datetime.fromisoformat(row.opened_at) if row.opened_at else None,
        group=row.group,
        record=row.record,
    )


def keep_signatures(dataset: Dataset, start: int, texts: Sequence[str]) -> None:
    """Leave the signatures of one chunk's texts beside its parts."""
    content = io.BytesIO()
    np.save(content, signatures(texts), allow_pickle=False)
    write_atomic(folders.signatures_path(dataset, start), content.getvalue())


def is_searched(dataset: Dataset) -> bool:
    """Whether the search for leaks has been done."""
    return (folders.building_folder(dataset) / _FOUND).is_file()


def search(dataset: Dataset) -> None:
    """Compare all texts and keep the pairs that lie in different splits.

    A cluster of near duplicates that reaches into two splits always has such a pair:
    the pairs that come back connect it.
    """
    known = [np.load(p) for p in folders.signatures_paths(dataset)]
    owners: list[tuple[str, Split]] = []
    texts: list[str] = []
    for row in _originals(dataset):
        owners.append((row.id, Split(row.split)))
        texts.append(row.text)
    pairs = near_duplicates(texts, known=np.concatenate(known))
    found = [
        Resemblance(*owners[pair.a], *owners[pair.b], pair.similarity)
        for pair in pairs
        if owners[pair.a][1] is not owners[pair.b][1]
    ]
    path = folders.building_folder(dataset) / _FOUND
    write_json(path, [asdict(resemblance) for resemblance in found])


def read_found(dataset: Dataset) -> list[Resemblance]:
    """The pairs that `search` kept."""
    path = folders.building_folder(dataset) / _FOUND
    return [
        Resemblance(
            first=pair["first"],
            first_split=Split(pair["first_split"]),
            second=pair["second"],
            second_split=Split(pair["second_split"]),
            similarity=pair["similarity"],
        )
        for pair in json.loads(path.read_text(encoding="utf-8"))
    ]


def _originals(dataset: Dataset) -> Iterator[Row]:
    """Every example in the order of the plan, without the copies."""
    for part in folders.part_paths(dataset):
        with part.open("rb") as stream:
            for line in stream:
                row = read_row(line)
                if not row.copy:
                    yield row
