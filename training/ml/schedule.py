"""What the settings of a fine-tune come to: for these data, and at each step."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Protocol

from training.domain.hyperparameters import AUTO, Hyperparameters

# Below this many rows LoRA gets a little dropout by default.
_FEW_ROWS = 1_000
_FEW_ROWS_DROPOUT = 0.05


def settle(settings: Hyperparameters, rows: int, max_length: int) -> Hyperparameters:
    """Settings with every `auto` that the loop uses replaced."""
    dropout = settings.dropout
    if dropout == AUTO:
        dropout = _FEW_ROWS_DROPOUT if rows < _FEW_ROWS else 0.0
    return replace(settings, dropout=dropout, max_length=max_length)


class Scheduled(Protocol):
    """Settings that a learning rate follows from."""

    @property
    def warmup(self) -> float:
        """Share of the steps in which it rises."""

    @property
    def schedule(self) -> str:
        """Its shape afterwards."""


def rate_factor(settings: Scheduled, step: int, steps: int) -> float:
    """Learning rate of a step, counted from 0, as a share of its peak."""
    rising = round(settings.warmup * steps)
    if step < rising:
        return (step + 1) / rising
    share = (step - rising) / max(1, steps - rising)
    if settings.schedule == "cosine":
        return 0.5 * (1.0 + math.cos(math.pi * share))
    return 1.0 - share if settings.schedule == "linear" else 1.0
