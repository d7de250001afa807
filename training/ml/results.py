"""What fitting a baseline leaves behind, before it is saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
