"""Walk over all rows of a dataset before it is trained on, in stretches.

Two walks: one looks at labels and at texts that are to be measured with, and holds for
every base; one reads tokens as one base does. Each goes on from what is kept under
DATA_DIR by the hash of the dataset and the key of the walk, so that a request never
waits long and nothing is looked at twice. Rows are read from files that are compared
with their frozen hashes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from annotation.domain.duplicates import fingerprint
from netft_site.base.arrays import read_arrays, write_arrays
from training.domain.findings import Finding, Weight
from training.domain.recipe import Split
from training.domain.rows import SEVERITY, Row, read_row
from training.domain.tasks import TASKS
from training.domain.xray import LISTS, Tally
from training.models import Dataset
from training.services.datasets import folders, streaming
from training.services.preflight.readers import Reader

LEARNED = (Split.TRAIN, Split.DEV)
"""What a training reads, in this order."""
MEASURED = (Split.TEST, Split.CALIBRATION)
"""What it must never have seen."""
LABEL_UNKNOWN = "label_unknown"
LEAKED = "measured_text_learned"
VERSION = 1
"""Of what is kept; another one is counted anew."""
_CHUNK = 400


@dataclass(frozen=True)
class Walked:
    """What has been looked at. done, total: lines."""

    tally: Tally
    total: int

    @property
    def done(self) -> int:
        """Lines that were looked at."""
        return self.tally.lines

    @property
    def is_complete(self) -> bool:
        """Whether every line was looked at."""
        return self.done >= self.total


def walk_labels(dataset: Dataset, deadline: float | None) -> Walked:
    """Look at labels, and for texts of TEST or CALIBRATION among the others.

    Until `deadline` of the monotonic clock, or to the end. Raises ExportRefused
    (``file_damaged``) and Refused (``file_missing``).
    """
    path = _kept(dataset, "labels")
    tally, measured = _restore(path)
    known = set(measured)
    levels = set(dataset.manifest["levels"])

    def look(split: str, rows: Sequence[Row]) -> None:
        for row in rows:
            mark = _mark(row.text)
            if split in MEASURED:
                known.add(mark)
                tally.rows[split] = tally.rows.get(split, 0) + 1
                continue
            tally.add(split, row.id, (), is_copy=bool(row.copy))
            if split == Split.TRAIN:
                tally.labels[row.label] = tally.labels.get(row.label, 0) + 1
            if row.label not in levels and _is_levelled(row):
                tally.note(_UNKNOWN_LABEL, row.id)
            if mark in known:
                tally.note(_LEAKED, row.id)

    total = _go_on(dataset, (*MEASURED, *LEARNED), tally, look, deadline)
    _keep(path, tally, sorted(known))
    return Walked(tally, total)


def walk_tokens(dataset: Dataset, reader: Reader, deadline: float | None) -> Walked:
    """Read the rows that a training reads. Raises as `walk_labels`."""
    path = _kept(dataset, reader.key)
    tally, _ = _restore(path)

    def look(split: str, rows: Sequence[Row]) -> None:
        for row, read in zip(rows, reader.read(rows), strict=True):
            tally.add(split, row.id, read, is_copy=bool(row.copy))

    total = _go_on(dataset, LEARNED, tally, look, deadline)
    _keep(path, tally, [])
    return Walked(tally, total)


def _go_on(
    dataset: Dataset,
    splits: Sequence[Split],
    tally: Tally,
    look: Any,
    deadline: float | None,
) -> int:
    """Look at further chunks, one at least, until the time is over or none is left."""
    counted = dataset.manifest.get("splits", {})
    total, is_late = 0, False
    for split in splits:
        rows = counted.get(split.value, {}).get("rows", 0)
        after = tally.lines - total
        total += rows
        if is_late or after >= rows:
            continue
        for chunk in _chunks(dataset, split, after):
            look(split.value, chunk)
            tally.lines += len(chunk)
            is_late = deadline is not None and time.monotonic() >= deadline
            if is_late:
                break
    return total


def _chunks(dataset: Dataset, split: Split, after: int) -> Iterator[list[Row]]:
    lines = streaming.iterate_lines(
        dataset=dataset,
        format_name=streaming.FROZEN_FORM,
        split=split.value,
        after=after,
    )
    while chunk := [read_row(line) for line in islice(lines, _CHUNK)]:
        yield chunk


def _mark(text: str) -> int:
    """Sixty-four bits of a text's fingerprint: two texts share them never by chance."""
    return int(fingerprint(text, masked=True)[:16], 16)


def _is_levelled(row: Row) -> bool:
    return TASKS.get(row.task, TASKS[SEVERITY]).is_labelled


def _kept(dataset: Dataset, key: str) -> Path:
    return folders.quality_folder(dataset) / f"xray{VERSION}-{key}.npz"


def _restore(path: Path) -> tuple[Tally, list[int]]:
    kept = read_arrays(path)
    if kept is None:
        return Tally(), []
    facts = json.loads(kept["facts"].tobytes())
    lists = {name: kept[name].tolist() for name in LISTS}
    return Tally.restored(facts, lists), kept["marks"].tolist()


def _keep(path: Path, tally: Tally, marks: Sequence[int]) -> None:
    facts = json.dumps(tally.as_dict()).encode()
    lists = {name: np.array(getattr(tally, name), dtype=np.int32) for name in LISTS}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_arrays(
        path,
        {
            "facts": np.frombuffer(facts, dtype=np.uint8),
            "marks": np.array(marks, dtype=np.uint64),
            **lists,
        },
    )


_UNKNOWN_LABEL = Finding(
    LABEL_UNKNOWN,
    Weight.ERROR,
    "The label is none of the dataset's levels.",
    fix="Build the dataset again with the levels of the project.",
)
_LEAKED = Finding(
    LEAKED,
    Weight.ERROR,
    "The same text stands in TEST or CALIBRATION, so that what is measured there would "
    "be what was learned.",
    fix="Build the dataset again: its freeze looks for such texts.",
)
