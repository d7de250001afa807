"""How far a dataset is, for people who wait for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from training.models import Dataset
from training.services.datasets import plans

# A chunk takes seconds; a minute without one means that nobody works on it.
QUIET_AFTER = timedelta(minutes=1)


@dataclass(frozen=True)
class BuildProgress:
    """Steps of a build in words; `total` is 0 until the plan stands.

    is_quiet: nothing has moved for a minute, so the queue may not be running.
    """

    done: int
    total: int
    words: str
    is_over: bool
    is_quiet: bool


def watch_build(*, dataset: Dataset, now: datetime) -> BuildProgress:
    """Return how far the build of a dataset is."""
    is_over = dataset.status in (Dataset.Status.FROZEN, Dataset.Status.FAILED)
    last = dataset.heartbeat_at or dataset.created_at
    total = 0
    if not is_over and plans.has_plan(dataset):
        total = plans.read_header(dataset).examples
    return BuildProgress(
        done=dataset.cursor,
        total=total,
        words=_words(dataset, total, is_over),
        is_over=is_over,
        is_quiet=not is_over and now - last > QUIET_AFTER,
    )


def _words(dataset: Dataset, total: int, is_over: bool) -> str:
    if is_over:
        return dataset.get_status_display()
    if dataset.status == Dataset.Status.DRAFT:
        is_begun = dataset.heartbeat_at is not None
        return "Looking for near copies" if is_begun else "Waiting for the queue"
    if not total:
        return "Choosing records and splits"
    if dataset.cursor < total:
        return f"Writing examples: {dataset.cursor:,} of {total:,}"
    return "Checking for leaks before the freeze"
