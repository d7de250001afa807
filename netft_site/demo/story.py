"""What the demo has told so far, and how it shows it.

A station does one step of the story, is timed, and puts its tables into the hands of
whoever shows them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from annotation.models import Project
from netft_site.demo.waiting import Progress
from netft_site.demo_world import FreshFiles, World, WorldFiles
from training.models import Dataset

Rows = Sequence[Sequence[object]]
Table = tuple[Sequence[str], Rows]
Show = Callable[[str, Sequence[str], Rows, float], None]


@dataclass
class Story:
    """The demo's progress: what exists so far, and how to tell about it."""

    project: Project
    world: World
    files: WorldFiles
    fresh: FreshFiles
    show: Show
    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)
    counts: dict[str, Any] = field(default_factory=dict)
    datasets: list[Dataset] = field(default_factory=list)

    @contextmanager
    def station(self, name: str) -> Iterator[list[Table]]:
        """Time a station; what it appends is shown as its table."""
        tables: list[Table] = []
        started = time.monotonic()
        yield tables
        self.seconds[name] = round(time.monotonic() - started, 1)
        for headers, rows in tables:
            self.show(name, headers, rows, self.seconds[name])
