"""What a run will need of its device: memory, time and room on the disk.

From the configuration of the base model and the lengths of the rows alone; nothing is
loaded. A run that reads no tokens, such as TF-IDF, has no such needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netft_site.base.refusals import Refused
from training.domain import base_folder
from training.domain.hyperparameters import BaselineHyperparameters
from training.domain.job_spec import TrainSpec
from training.domain.memory import (
    Adaptation,
    Memory,
    Plan,
    Precision,
    artifact_bytes,
    checkpoint_bytes,
    estimate,
)
from training.domain.memory_ladder import Change, Limits, Rung, suggest
from training.domain.model_size import ModelSize, size_of
from training.domain.training_time import TrainingTime, training_time
from training.domain.xray import Lengths
from training.models import BaseModel
from training.services import base_folders
from training.services.preflight import machine

_CHECKPOINTS = 3
"""Two are kept, and a third is written before the oldest goes."""
_BASELINE_BATCH = 32
_CLASSIFIER = frozenset({Change.ROWS, Change.LENGTH, Change.RANK})
"""What a classifier has a setting for."""


@dataclass(frozen=True)
class Needs:
    """The estimates of one run.

    rungs: what to change where it does not fit into the free memory; they end with what
    fits. disk: bytes of checkpoints and artifact.
    """

    plan: Plan
    memory: Memory
    rungs: list[Rung]
    time: TrainingTime
    disk: int


def needs_of(
    spec: TrainSpec, base: BaseModel, lengths: Lengths, other_tokens: int
) -> Needs | None:
    """The needs of a run; None where the layout of its base is not known.

    other_tokens: of DEV, which is read after every epoch.
    """
    size = _size(spec, base)
    if size is None:
        return None
    plan = plan_of(spec, lengths)
    free = machine.host_memory()
    shorter = lengths.points.get("0.95", 0)
    limits = Limits(_CLASSIFIER, fewest_rows=2, shorter=shorter)
    epochs = getattr(spec.hyperparameters, "epochs", 1)
    # DEV is read forward alone, a third of what learning costs.
    tokens = lengths.read * epochs + other_tokens * (epochs + 1) / 3
    return Needs(
        plan=plan,
        memory=estimate(size, plan),
        rungs=suggest(size, plan, free.free, limits) if free else [],
        time=training_time(size, plan, tokens, machine.cpu_rate()),
        disk=_CHECKPOINTS * checkpoint_bytes(size, plan) + artifact_bytes(size, plan),
    )


def plan_of(spec: TrainSpec, lengths: Lengths) -> Plan:
    """How the training process computes a step of this run."""
    settings = spec.hyperparameters
    if isinstance(settings, BaselineHyperparameters):
        return _on_cpu(Adaptation.NONE, _BASELINE_BATCH, lengths.longest)
    return _on_cpu(
        Adaptation(spec.tuning.value),
        settings.batch,
        lengths.longest,
        rank=settings.r,
        dropout=settings.dropout != 0,
    )


def positions_of(spec: TrainSpec) -> int:
    """Tokens that the base of a run can read at all. Raises Refused."""
    assert spec.base_model is not None  # noqa: S101  (who asks has counted tokens)
    folder = Path(spec.base_model.path)
    return base_folder.positions(base_folders.read_papers(folder).config)


def _on_cpu(adaptation: Adaptation, rows: int, length: int, **more: Any) -> Plan:
    return Plan(
        adaptation,
        rows,
        length,
        precision=Precision.FP32,
        scored=False,
        on_gpu=False,
        **more,
    )


def _size(spec: TrainSpec, base: BaseModel) -> ModelSize | None:
    if spec.base_model is None:
        return None
    config = base_folders.read_papers(Path(spec.base_model.path)).config
    try:
        return size_of(config, base.parameters)
    except Refused:
        return None
