"""Two frozen versions of a project's datasets side by side.

Reads only; the examples stream from the database, see `training.domain.version_diff`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import F
from django.db.models.fields.json import KT

from annotation.models import Project
from netft_site.base.refusals import Refused
from training.domain.version_diff import (
    Change,
    Count,
    Item,
    Page,
    VersionDiff,
    changed_settings,
    compare,
)
from training.models import Dataset

_CHUNK = 5000
_COLUMNS = (
    "record_id", "task_type", "pk", "record__external_id", "label", "split", "copies",
    "text_sha256", "kept_category", "grade", "kept_cause", "kept_said", "review_id",
)  # fmt: skip


class ComparisonRefused(Refused):
    """The two cannot be compared; the code says why."""


@dataclass(frozen=True)
class Comparison:
    """Two versions, their differing settings as (key, before, after), their examples.

    Settings are the recipe's keys and the levels.
    """

    before: Dataset
    after: Dataset
    settings: list[tuple[str, str, str]]
    diff: VersionDiff

    @property
    def is_same(self) -> bool:
        """Whether the two hold the same content, to the byte."""
        return self.is_alike and self.before.sha256 == self.after.sha256

    @property
    def is_alike(self) -> bool:
        """Whether neither an example nor a setting differs in what is compared here."""
        return self.diff.is_empty and not self.settings

    def as_dict(self) -> dict[str, Any]:
        """Return the public shape."""
        diff = self.diff
        return {
            "before": _named(self.before, diff.sizes[0]),
            "after": _named(self.after, diff.sizes[1]),
            "recipe": [
                {"key": key, "before": old, "after": new}
                for key, old, new in self.settings
            ],
            "same": self.is_same,
            "unchanged": diff.unchanged,
            "changed": diff.changed,
            "counts": {kind.value: n for kind, n in sorted(diff.counts.items())},
            "relabelled": _flows(diff.labels),
            "moved": _flows(diff.splits),
            "mix": {
                field: {value: _count(count) for value, count in values.items()}
                for field, values in diff.mix.items()
            },
            "found": diff.found,
            "changes": [_change(one) for one in diff.changes],
        }


def compare_versions(
    *, before: Dataset, after: Dataset, page: Page | None = None
) -> Comparison:
    """Compare two frozen datasets of one project.

    Raises ComparisonRefused (``not_frozen``, ``other_project``).
    """
    for dataset in (before, after):
        if not dataset.is_frozen:
            raise ComparisonRefused("not_frozen", f"Dataset {dataset} is not frozen.")
    if before.project_id != after.project_id:
        raise ComparisonRefused(
            "other_project", "Only datasets of one project can be compared."
        )
    return Comparison(
        before,
        after,
        changed_settings(_settings(before), _settings(after)),
        compare(_items(before), _items(after), page),
    )


def previous_version(dataset: Dataset) -> Dataset | None:
    """The newest frozen version of the same name before this one."""
    earlier = Dataset.objects.frozen().filter(
        project=dataset.project_id, name=dataset.name, version__lt=dataset.version
    )
    return earlier.select_related("project").order_by("-version").first()


def comparable(*, project: Project) -> list[Dataset]:
    """The frozen datasets of a project, the newest first, without their manifests."""
    frozen = Dataset.objects.frozen().filter(project=project)
    return list(frozen.select_related("project").defer("manifest").order_by("-id"))


def usual_pair(datasets: list[Dataset]) -> tuple[Dataset, Dataset] | None:
    """The newest version that has one before it, with that one; else the newest two."""
    for after in datasets:
        for before in datasets:
            if before.name == after.name and before.version < after.version:
                return before, after
    return (datasets[1], datasets[0]) if len(datasets) > 1 else None


def _settings(dataset: Dataset) -> dict[str, Any]:
    return {**dataset.recipe, "levels": dataset.manifest.get("levels")}


def _items(dataset: Dataset) -> Iterator[Item]:
    """The examples in the order of their records.

    Mix-ins have no record and are known by their text; they come first, and are the
    only ones that are sorted in memory.
    """
    rows = dataset.examples.annotate(
        kept_category=KT("snapshot__category"),
        kept_said=KT("snapshot__said"),
        kept_cause=KT("snapshot__root_cause"),
    ).order_by(F("record_id").asc(nulls_first=True), "pk")
    yield from _mix_ins(rows.filter(record=None).values_list(*_COLUMNS))
    known = rows.exclude(record=None).values_list(*_COLUMNS)
    last: list[Item] = []
    for row in known.iterator(chunk_size=_CHUNK):
        item = _item(row)
        if last and last[0].identity[0] != item.identity[0]:
            yield from sorted(last)
            last = []
        last.append(item)
    yield from sorted(last)


def _mix_ins(rows: Any) -> list[Item]:
    return sorted(
        _item(row)._replace(identity=(0, row[7]))
        for row in rows.iterator(chunk_size=_CHUNK)
    )


def _item(row: tuple[Any, ...]) -> Item:
    record, task, _, name, label, split, copies, text, category, grade, *more = row
    cause, said, review = more
    return Item(
        (record or 0, f"{task}#{review}" if review else task),
        name or "",
        label,
        split,
        copies,
        f"{text} {said}" if said else text,
        category or "",
        grade,
        cause or "",
    )


def _named(dataset: Dataset, examples: int) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "version": dataset.version,
        "sha256": dataset.sha256,
        "examples": examples,
    }


def _flows(counts: Any) -> list[dict[str, Any]]:
    return [{"from": old, "to": new, "count": n} for (old, new), n in flows_of(counts)]


def flows_of(counts: Any) -> list[tuple[tuple[str, str], int]]:
    """From one value to another and how often, the most frequent first."""
    return sorted(counts.items(), key=lambda flow: (-flow[1], flow[0]))


def _count(count: Count) -> dict[str, list[int]]:
    return {"examples": list(count.examples), "rows": list(count.rows)}


def _change(change: Change) -> dict[str, Any]:
    item = change.item
    return {
        "external_id": item.name,
        "record": item.identity[0] or None,
        "kinds": [kind.value for kind in change.kinds],
        "before": _facts(change.before),
        "after": _facts(change.after),
    }


def _facts(item: Item | None) -> dict[str, Any] | None:
    if item is None:
        return None
    return {
        "label": item.label,
        "split": item.split,
        "copies": item.copies,
        "category": item.category,
        "grade": item.grade,
        "root_cause": item.cause,
        "text_sha256": item.text_sha256,
    }
