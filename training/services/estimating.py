"""How long a run will take, from the runs this machine has done.

Nothing is guessed: without an earlier run of the same base, large enough that starting
up does not count, there is no estimate.
"""

from __future__ import annotations

from statistics import median

from training.models import BaseModel, Dataset, TrainingRun
from training.services.describing import read_result

_RECENT = 5
_LARGE_ENOUGH = 500


def seconds_a_row(*, base_model: BaseModel) -> float | None:
    """Median seconds that one row of one epoch took in the latest runs of a base."""
    found = []
    for run in TrainingRun.objects.succeeded_on(base_model)[:_RECENT]:
        result = read_result(run.job)
        if result is None:
            continue
        rows = result.rows.get("train", 0) * (len(result.history) - 1)
        if rows >= _LARGE_ENOUGH:
            found.append(result.seconds / rows)
    return median(found) if found else None


def estimate_seconds(
    *, dataset: Dataset, epochs: int, pace: float | None
) -> float | None:
    """Seconds for so many epochs over the TRAIN rows of a dataset at a known pace."""
    rows = dataset.manifest.get("splits", {}).get("TRAIN", {}).get("rows", 0)
    return None if pace is None or not rows else pace * rows * epochs
