"""Decide what a dataset will contain, and keep the decision on disk.

The plan is the snapshot that a build follows: a verdict that changes while chunks are
written changes nothing any more. It lies in the building folder, which appears by one
rename; two workers that plan at once end up with one plan. No text is in it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from django.db.models import Max

from annotation.models import Project
from annotation.services import settling
from netft_site.base.files import atomic_writer, sync_directory, write_json
from training.domain.manifest import coverage, mixes
from training.domain.recipe import GoldRule, Recipe
from training.domain.selection import Chosen, Selection, select
from training.models import Dataset, SplitAssignment
from training.services.datasets import folders, gating
from training.services.datasets.facts import load_answers, load_facts

_HEADER = "plan.json"
_ENTRIES = "examples.jsonl"
_ASSIGNMENTS = "assignments.jsonl"


@dataclass(frozen=True)
class Entry:
    """One planned example; `review_id` holds its ideal answer."""

    record_id: int
    key: str
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
    review_id: int | None


@dataclass(frozen=True)
class Header:
    """What the plan amounts to.

    last_assignment: the newest split assignment the plan knew; a newer one makes the
    plan stale. coverage: examples by category and vendor.
    """

    examples: int
    left_out: dict[str, int]
    mix: dict[str, Any]
    senior_share_before: float
    senior_share: float
    last_assignment: int
    coverage: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class PlannedAssignment:
    """A split to be kept for ever once the dataset is frozen."""

    record_id: int
    split: str
    group_key: str


def select_examples(*, project: Project, recipe: Recipe) -> Selection:
    """Choose the examples of a recipe, without a look at texts; reads only."""
    facts = load_facts(project=project, gold_rule=recipe.gold_rule)
    return select(facts, recipe, project.scale.keys, project.production_mix)


def select_safe_examples(*, project: Project, recipe: Recipe) -> Selection:
    """Choose the examples of a recipe whose texts pass the leak gate; reads only.

    What does not pass is left out, and others may take its place; so it is done again
    until all that are chosen pass.
    """
    facts = load_facts(project=project, gold_rule=recipe.gold_rule)
    known = (recipe, project.scale.keys, project.production_mix)
    selection = select(facts, *known)
    while unsafe := gating.unsafe_records(project=project, selection=selection):
        facts = [replace(f, is_unsafe=True) if f.id in unsafe else f for f in facts]
        selection = select(facts, *known)
    return selection


def write_plan(*, dataset: Dataset) -> None:
    """Plan a dataset, unless its plan is there already.

    Under the SINGLE_SOURCE rule, records with one label get their verdict first.
    """
    if has_plan(dataset):
        return
    recipe = Recipe.parse(dataset.recipe)
    if recipe.gold_rule is GoldRule.SINGLE_SOURCE:
        settling.settle_single_source(project=dataset.project)
    last = last_assignment(dataset.project)
    selection = select_safe_examples(project=dataset.project, recipe=recipe)
    answers = load_answers(
        project=dataset.project,
        labels={c.record.id: c.ruling.label for c in selection.examples},
    )
    folder = folders.new_folder(dataset)
    _write_lines(folder / _ENTRIES, (_entry(c, answers) for c in selection.examples))
    _write_lines(folder / _ASSIGNMENTS, _assignments(selection))
    write_json(folder / _HEADER, asdict(_header(selection, last)))
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


def read_assignments(dataset: Dataset) -> list[PlannedAssignment]:
    """The assignments that this dataset will make."""
    path = folders.building_folder(dataset) / _ASSIGNMENTS
    with path.open("rb") as stream:
        return [PlannedAssignment(**json.loads(line)) for line in stream]


def last_assignment(project: Project) -> int:
    """The id of the project's newest split assignment, 0 where there is none."""
    given = SplitAssignment.objects.filter(record__project=project)
    newest = given.aggregate(newest=Max("id"))["newest"]
    return newest or 0


def _header(selection: Selection, last: int) -> Header:
    return Header(
        examples=len(selection.examples),
        left_out=selection.left_out,
        mix=mixes(chosen.tally for chosen in selection.examples),
        senior_share_before=selection.senior_share_before,
        senior_share=selection.senior_share,
        last_assignment=last,
        coverage=coverage(chosen.tally for chosen in selection.examples),
    )


def _entry(chosen: Chosen, answers: dict[int, int]) -> Entry:
    record, ruling = chosen.record, chosen.ruling
    return Entry(
        record_id=record.id,
        key=record.key,
        split=chosen.split.value,
        group=chosen.placement.group_key,
        label=ruling.label,
        method=ruling.method,
        grade=ruling.grade.value,
        gold=chosen.gold.value,
        reviews=ruling.reviews,
        root_cause=ruling.root_cause,
        category=record.category,
        opened_at=record.opened_at.isoformat() if record.opened_at else None,
        rows=chosen.rows,
        review_id=answers.get(record.id),
    )


def _assignments(selection: Selection) -> Iterable[PlannedAssignment]:
    for record_id, placement in selection.assignments.items():
        yield PlannedAssignment(record_id, placement.split.value, placement.group_key)


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
