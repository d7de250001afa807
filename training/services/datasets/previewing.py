"""What a recipe would give, without writing anything.

The same selection as a build, so that the numbers are those of the dataset. Texts are
not read: exact copies are found by the records' fingerprints, near copies by the marks
that importing left; the freeze compares the texts themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from annotation.models import Project
from training.domain.chosen import Chosen, Selection, repeated_row, repeated_words
from training.domain.findings import Finding, Weight, has_errors
from training.domain.formats import find_format
from training.domain.items import Item
from training.domain.left_out import LEFT_OUT_WORDS
from training.domain.manifest import mixes
from training.domain.recipe import Recipe, Split
from training.domain.task_table import TaskLine, task_lines
from training.domain.validation import check_dataset
from training.services.datasets.building import parse_recipe
from training.services.datasets.planning import select_examples

Mix = dict[str, dict[str, dict[str, dict[str, int]]]]


@dataclass(frozen=True)
class LeftOut:
    """How many records stay outside, and why."""

    reason: str
    count: int
    words: str


@dataclass(frozen=True)
class SplitSize:
    """One split: its examples, its rows with copies, and how many were in it before."""

    split: Split
    examples: int
    rows: int
    kept: int


@dataclass(frozen=True)
class Preview:
    """The dataset that a recipe would give.

    mix: see `training.domain.manifest.mixes`. production_mix: the project's category
    shares, to compare with.
    """

    recipe: Recipe
    levels: tuple[str, ...]
    sizes: tuple[SplitSize, ...]
    mix: Mix
    production_mix: dict[str, float]
    left_out: tuple[LeftOut, ...]
    senior_share_before: float
    senior_share: float
    findings: tuple[Finding, ...]
    left_out_of: dict[str, dict[str, int]] = field(default_factory=dict)
    general_share: float = 0.0

    @property
    def tasks(self) -> list[TaskLine]:
        """What it teaches, where that is more than severity."""
        return task_lines(self.mix["task"], self.left_out_of)

    @property
    def can_freeze(self) -> bool:
        """Whether nothing known now blocks the freeze."""
        return bool(self.sizes[0].examples) and not has_errors(self.findings)

    @property
    def examples(self) -> int:
        """Examples of all splits."""
        return sum(size.examples for size in self.sizes)

    def as_json(self) -> dict[str, Any]:
        """Plain values for a program."""
        return {
            "recipe": self.recipe.as_json(),
            "levels": list(self.levels),
            "splits": {
                s.split.value: {"examples": s.examples, "rows": s.rows, "kept": s.kept}
                for s in self.sizes
            },
            "mix": self.mix,
            "production_mix": self.production_mix,
            "left_out": {item.reason: item.count for item in self.left_out},
            "left_out_of": self.left_out_of,
            "general_share": self.general_share,
            "senior_share": {
                "before": self.senior_share_before,
                "after": self.senior_share,
            },
            "findings": [finding.as_json() for finding in self.findings],
            "can_freeze": self.can_freeze,
        }


def _empty_formats(recipe: Recipe, selection: Selection) -> list[Finding]:
    """Formats of the recipe that have a place for none of the examples."""
    tasks = {chosen.task for chosen in selection.examples}
    return [
        Finding(
            "format_empty",
            Weight.ERROR,
            f"No example has a place in {name}, which holds {find_format(name).takes}.",
            name,
            "formats",
            "Take the format out of the recipe, or add a task that it has a place for.",
        )
        for name in recipe.formats
        if not any(find_format(name).takes_task(task) for task in tasks)
    ]


def preview(*, project: Project, recipe: Recipe | dict[str, Any]) -> Preview:
    """Return what a recipe would give today.

    Raises BuildRefused (``bad_recipe``).
    """
    wanted = parse_recipe(recipe)
    selection = select_examples(project=project, recipe=wanted)
    findings = check_dataset(
        [_item(chosen) for chosen in selection.examples],
        levels=project.scale.keys,
        recipe=wanted,
        waiting_for_gold=selection.left_out.get("gold_missing", 0),
        senior_share=selection.senior_share,
        general_share=selection.general_share,
    )
    findings += _empty_formats(wanted, selection)
    if repeated := repeated_row(selection.examples):
        words = repeated_words(repeated)
        findings.insert(0, Finding("id_repeated", Weight.ERROR, words, repeated, "id"))
    return Preview(
        recipe=wanted,
        levels=project.scale.keys,
        sizes=_sizes(selection.examples),
        mix=mixes(chosen.tally for chosen in selection.examples),
        production_mix=project.production_mix,
        left_out=_left_out(selection),
        senior_share_before=selection.senior_share_before,
        senior_share=selection.senior_share,
        findings=tuple(findings),
        left_out_of=selection.left_out_of,
        general_share=selection.general_share,
    )


def _item(chosen: Chosen) -> Item:
    record = chosen.record
    return Item(
        id=chosen.key,
        split=chosen.split,
        label=chosen.ruling.label,
        fingerprint=record.fingerprint or f"record {record.key}",
        opened_at=record.opened_at,
        group=chosen.placement.group_key,
        record=record.key,
    )


def _sizes(examples: Sequence[Chosen]) -> tuple[SplitSize, ...]:
    return tuple(
        SplitSize(
            split,
            examples=len(members),
            rows=sum(chosen.rows for chosen in members),
            kept=sum(not chosen.placement.is_new for chosen in members),
        )
        for split in Split
        for members in [[chosen for chosen in examples if chosen.split is split]]
    )


def _left_out(selection: Selection) -> tuple[LeftOut, ...]:
    return tuple(
        LeftOut(reason, count, LEFT_OUT_WORDS[reason])
        for reason, count in selection.left_out.items()
    )
