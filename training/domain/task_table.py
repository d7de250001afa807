"""What a dataset teaches, task by task, for people to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from training.domain.left_out import LEFT_OUT_WORDS
from training.domain.rows import SEVERITY
from training.domain.tasks import TASKS


@dataclass(frozen=True)
class TaskLine:
    """One task: its examples and rows over all splits, and the records without one.

    without: count and words of each reason, in the order of the river.
    """

    title: str
    teaches: str
    examples: int
    rows: int
    without: tuple[tuple[int, str], ...] = ()


def task_lines(
    mix: Mapping[str, Mapping[str, Mapping[str, int]]],
    left_out_of: Mapping[str, Mapping[str, int]],
) -> list[TaskLine]:
    """A line for each task; none where severity is the only one.

    mix: examples and rows by split and task, as in `manifest.mixes`.
    """
    found = {task for tasks in mix.values() for task in tasks} | set(left_out_of)
    if found <= {SEVERITY}:
        return []
    return [
        TaskLine(
            TASKS[key].title,
            TASKS[key].teaches,
            sum(tasks.get(key, {}).get("examples", 0) for tasks in mix.values()),
            sum(tasks.get(key, {}).get("rows", 0) for tasks in mix.values()),
            tuple(
                (count, LEFT_OUT_WORDS[reason])
                for reason, count in left_out_of.get(key, {}).items()
            ),
        )
        for key in TASKS
        if key in found
    ]
