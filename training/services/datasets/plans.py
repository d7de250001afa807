"""The plan of a build on disk: what a dataset will contain, decided and kept.

It lies in the building folder, which appears by one rename; two workers that plan at
once end up with one plan. No text is in it. What goes in is decided in `planning`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from netft_site.base.files import atomic_writer, sync_directory, write_json
from training.models import Dataset
from training.services.datasets import folders

_HEADER = "plan.json"
_ENTRIES = "examples.jsonl"
_ASSIGNMENTS = "assignments.jsonl"


@dataclass(frozen=True)
class Entry:
    """One planned example.

    row: the id of its row. answer_id: the review that holds its ideal answer. label_id:
    the review that labels it, where that is not the verdict. pair_id: the judged pair
    of answers it is made of. earlier, repeats: records to be shown with it. checked:
    which texts passed the leak gate, see `vetting.digest_of`.
    """

    record_id: int
    key: str
    row: str
    task: str
    split: str
    group: str
    label: str
    method: str
    grade: str
    gold: str
    reviews: int
    root_cause: str
    category: str
    opened_at: str | None
    rows: int
    answer_id: int | None
    label_id: int | None = None
    pair_id: int | None = None
    repeats: int | None = None
    earlier: tuple[int, ...] = ()
    checked: str = ""


@dataclass(frozen=True)
class Header:
    """What the plan amounts to.

    last_assignment: the newest split assignment the plan knew; a newer one makes the
    plan stale. coverage: examples by category and vendor. left_out_of: records that
    make no example of a task, by task and reason. checked_under: what the gate rested
    on.
    """

    examples: int
    left_out: dict[str, int]
    mix: dict[str, Any]
    senior_share_before: float
    senior_share: float
    last_assignment: int
    coverage: dict[str, dict[str, int]] = field(default_factory=dict)
    left_out_of: dict[str, dict[str, int]] = field(default_factory=dict)
    general_share: float = 0.0
    checked_under: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PlannedAssignment:
    """A split to be kept for ever once the dataset is frozen."""

    record_id: int
    split: str
    group_key: str


def write(
    dataset: Dataset,
    header: Header,
    entries: Iterable[Entry],
    assignments: Iterable[PlannedAssignment],
) -> None:
    """Make the plan appear, unless another worker's is there already."""
    folder = folders.new_folder(dataset)
    _write_lines(folder / _ENTRIES, entries)
    _write_lines(folder / _ASSIGNMENTS, assignments)
    write_json(folder / _HEADER, asdict(header))
    _publish(folder, dataset)


def has_plan(dataset: Dataset) -> bool:
    """Whether the building folder stands."""
    return (folders.building_folder(dataset) / _HEADER).is_file()


def read_header(dataset: Dataset) -> Header:
    """What the plan amounts to."""
    path = folders.building_folder(dataset) / _HEADER
    return Header(**json.loads(path.read_text(encoding="utf-8")))


def read_entries(dataset: Dataset, start: int, count: int) -> list[Entry]:
    """The planned examples from position `start` on, `count` at most."""
    path = folders.building_folder(dataset) / _ENTRIES
    with path.open("rb") as stream:
        return [Entry(**json.loads(x)) for x in islice(stream, start, start + count)]


def read_checked(dataset: Dataset) -> dict[str, str]:
    """What of each row was checked, by the row's id."""
    path = folders.building_folder(dataset) / _ENTRIES
    with path.open("rb") as stream:
        entries = map(json.loads, stream)
        return {entry["row"]: entry["checked"] for entry in entries}


def read_assignments(dataset: Dataset) -> list[PlannedAssignment]:
    """The assignments that this dataset will make."""
    path = folders.building_folder(dataset) / _ASSIGNMENTS
    with path.open("rb") as stream:
        return [PlannedAssignment(**json.loads(line)) for line in stream]


def _write_lines(path: Path, rows: Iterable[Any]) -> None:
    with atomic_writer(path) as stream:
        for row in rows:
            stream.write(json.dumps(asdict(row)).encode() + b"\n")


def _publish(folder: Path, dataset: Dataset) -> None:
    target = folders.building_folder(dataset)
    try:
        folder.rename(target)
    except OSError:
        # Another worker's plan is there: renaming onto a filled folder fails.
        if not has_plan(dataset):
            raise
        shutil.rmtree(folder, ignore_errors=True)
    sync_directory(target.parent)
