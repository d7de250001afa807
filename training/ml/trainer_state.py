"""What a trainer of TRL needs to stop and to go on: position, optimizer, rows to come.

The optimizer's moments are stored by the names of the tensors they belong to, so a
checkpoint holds tensors and JSON and nothing that would have to be unpickled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch

from training.domain.run_files import EpochRecord
from training.ml.causal import trained

Batch = dict[str, Any]


@dataclass(frozen=True)
class Position:
    """Where a run stands: all that a checkpoint needs beside its tensors.

    loss_sum, loss_steps: losses of the steps since DEV was last looked at.
    """

    step: int = 0
    loss_sum: float = 0.0
    loss_steps: int = 0
    history: tuple[EpochRecord, ...] = ()


def moments(
    model: Any, optimizer: torch.optim.Optimizer
) -> Iterator[tuple[str, torch.Tensor]]:
    """The state of the optimizer: "tensor|entry" and its value, on the CPU."""
    for name, parameter in trained(model).items():
        for key, value in optimizer.state.get(parameter, {}).items():
            yield f"{name}|{key}", value.detach().cpu()


def restore_moments(
    model: Any, optimizer: torch.optim.Optimizer, stored: Mapping[str, torch.Tensor]
) -> None:
    """Give the optimizer what `moments` gave."""
    for name, parameter in trained(model).items():
        own = {
            key.rpartition("|")[2]: value.to(parameter.device)
            for key, value in stored.items()
            if key.rpartition("|")[0] == name
        }
        if own:
            optimizer.state[parameter] = own


def stand_at(schedule: Any, step: int) -> None:
    """Set a schedule to a step: each learning rate follows from its number."""
    schedule.last_epoch = step
    groups = zip(
        schedule.optimizer.param_groups,
        schedule.base_lrs,
        schedule.lr_lambdas,
        strict=True,
    )
    for group, peak, factor in groups:
        group["lr"] = peak * factor(step)


def step_loader(steps: list[Any], batch: Any) -> Any:
    """One item an optimizer step: {"parts": its batches}, made as they are needed."""
    items = cast(Any, _Steps(steps, batch))
    return torch.utils.data.DataLoader(items, batch_size=None, collate_fn=_same)


@dataclass(frozen=True)
class _Steps:
    """Steps as a data set: each item holds the batches of one step."""

    steps: list[Any]
    batch: Any

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, place: int) -> dict[str, list[Batch]]:
        return {"parts": [self.batch(rows) for rows in self.steps[place].parts]}


def _same(item: Any) -> Any:
    return item
