"""What a training leaves behind, before and after it is saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.domain.run_files import EpochRecord, FileDigest
from training.ml.artifacts import Card
from training.ml.heads import Doubles
from training.ml.splits import Splits


@dataclass(frozen=True)
class Fitted:
    """A baseline that is fitted and not yet saved.

    `fill` writes its weights into the folder given; `dev_scores` has shape (n, k);
    `settled` holds what was chosen; `truncated` counts texts that were cut.
    """

    splits: Splits
    card: Card
    fill: Callable[[Path], None]
    dev_scores: Doubles
    settled: dict[str, Any] = field(default_factory=dict)
    truncated: dict[str, int] = field(default_factory=lambda: {"train": 0, "dev": 0})


@dataclass(frozen=True)
class Trained:
    """What a training leaves, before the run adds attempt, time and versions."""

    artifact: FileDigest
    best: EpochRecord
    history: tuple[EpochRecord, ...]
    stopped_early: bool
    rows: dict[str, int]
    truncated: dict[str, int]
    settled: dict[str, Any]
