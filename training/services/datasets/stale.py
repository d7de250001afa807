"""Stale labels: examples of a frozen dataset whose verdict says something else now.

The dataset stays as it was frozen; what is counted here is how far the team has moved
on since, and so how much a next version would relabel.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count

from annotation.models import Verdict
from training.domain.recipe import Split
from training.domain.tasks.task import SEVERITY, TASKS
from training.models import Dataset, Example

LISTED = 100


@dataclass(frozen=True)
class StaleLabel:
    """One example: its frozen label, and what the current verdict says.

    now: empty where the record has no verdict any more. frozen_cause, cause_now: root
    causes, of an example that names one. method: how the current verdict came about;
    `since` is when.
    """

    record_id: int
    external_id: str
    split: str
    copies: int
    frozen: str
    now: str
    task: str = SEVERITY
    frozen_cause: str = ""
    cause_now: str = ""
    method: str = ""
    since: datetime | None = None

    @property
    def method_words(self) -> str:
        """The method as people read it; empty without a verdict."""
        return str(Verdict.Method(self.method).label) if self.method else ""


@dataclass(frozen=True)
class StaleLabels:
    """How many examples of a dataset are stale, by split, and one page of them."""

    count: int
    examples: int
    splits: dict[str, int]
    labels: list[StaleLabel]

    def as_dict(self) -> dict[str, Any]:
        """Return the public shape; moments in ISO 8601."""
        return {
            "count": self.count,
            "examples": self.examples,
            "splits": self.splits,
            "labels": [
                {**vars(one), "since": one.since and one.since.isoformat()}
                for one in self.labels
            ],
        }


def count(*, dataset: Dataset) -> int:
    """How many examples of a frozen dataset are stale; 0 of one that is not frozen."""
    return dataset.examples.stale().count() if dataset.is_frozen else 0


def find(*, dataset: Dataset, skip: int = 0, size: int = LISTED) -> StaleLabels:
    """Return how many examples are stale, and a page of them by record."""
    stale = dataset.examples.stale() if dataset.is_frozen else Example.objects.none()
    by_split = stale.order_by().values_list("split").annotate(Count("pk"))
    counts = dict(by_split)
    rows = stale.select_related("record").order_by("record_id")
    return StaleLabels(
        count=sum(counts.values()),
        examples=dataset.examples.count(),
        splits={s.value: counts[s.value] for s in Split if s.value in counts},
        labels=[_label(example) for example in rows[skip : skip + size]],
    )


def _label(example: Any) -> StaleLabel:
    task = TASKS[example.task_type]
    causes = (example.cause_then or "", example.cause_now or "")
    return StaleLabel(
        record_id=example.record_id,
        external_id=example.record.external_id,
        split=example.split,
        copies=example.copies,
        frozen=example.label,
        now=example.label_now or "",
        task=task.key,
        frozen_cause=causes[0] if task.says_cause else "",
        cause_now=causes[1] if task.says_cause else "",
        method=example.method_now or "",
        since=example.since_now,
    )
