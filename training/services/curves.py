"""The figures of a run as curves over its steps, across all its attempts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from training.models import Job, Metric


@dataclass(frozen=True)
class Point:
    """One value of a curve, reported by an attempt after an optimizer step."""

    step: int
    value: float
    attempt: int


def read_curves(job: Job) -> dict[str, list[Point]]:
    """Curves by name, in order of steps.

    A resumed attempt goes back to its checkpoint and repeats some steps; what the
    earlier attempt had reported beyond that point is replaced.
    """
    points: dict[str, dict[int, Point]] = defaultdict(dict)
    rows = Metric.objects.filter(job=job).order_by("attempt", "seq")
    begun: set[tuple[int, str]] = set()
    for attempt, step, name, value in rows.values_list(
        "attempt", "step", "name", "value"
    ):
        if (attempt, name) not in begun:
            begun.add((attempt, name))
            for later in [known for known in points[name] if known >= step]:
                del points[name][later]
        points[name][step] = Point(step, value, attempt)
    return {name: [curve[s] for s in sorted(curve)] for name, curve in points.items()}
