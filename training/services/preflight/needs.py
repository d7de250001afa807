"""What a run will need of its device: memory, time and room on the disk.

From the configuration of the base model and the lengths of the rows alone; nothing is
loaded. A run that reads no tokens, such as TF-IDF, has no such needs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from netft_site.base.refusals import Refused
from training.domain import base_folder
from training.domain.generative_settings import (
    FIRST,
    NO,
    GenerativeHyperparameters,
    settle,
)
from training.domain.hyperparameters import AUTO, BaselineHyperparameters
from training.domain.job_kinds import GENERATIVE, Objective, Tuning
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
from training.domain.step_plan import keeps_activations, writing_plan
from training.domain.training_time import TrainingTime, training_time
from training.domain.xray import Lengths, Tally
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
    fits. time: None where the device's rate is not known. disk: bytes of checkpoints
    and artifact.
    """

    plan: Plan
    memory: Memory
    rungs: list[Rung]
    time: TrainingTime | None
    disk: int


def needs_of(
    spec: TrainSpec, base: BaseModel, lengths: Lengths, tally: Tally
) -> Needs | None:
    """The needs of a run; None where the layout of its base is not known."""
    size = _size(spec, base)
    if size is None:
        return None
    device = machine.first_device()
    plan = plan_of(spec, lengths, on_gpu=device != "cpu")
    memory, rate = machine.memory_of(device), machine.rate_of(device)
    if memory is not None:
        plan = settle_checkpointing(spec, size, plan, memory.free)
    limits = _limits(spec, lengths)
    return Needs(
        plan=plan,
        memory=estimate(size, plan),
        rungs=suggest(size, plan, memory.free, limits) if memory else [],
        time=training_time(size, plan, _tokens(spec, lengths, tally), rate)
        if rate
        else None,
        disk=_CHECKPOINTS * checkpoint_bytes(size, plan) + artifact_bytes(size, plan),
    )


def plan_of(spec: TrainSpec, lengths: Lengths, *, on_gpu: bool = False) -> Plan:
    """How the training process computes a step of this run."""
    settings = spec.hyperparameters
    if isinstance(settings, GenerativeHyperparameters):
        settled = settle(
            settings,
            objective=spec.objective,
            tuning=spec.tuning,
            rows=lengths.rows,
            max_length=lengths.limit,
        )
        return writing_plan(spec, settled, lengths.longest, on_gpu=on_gpu)
    if isinstance(settings, BaselineHyperparameters):
        plan = Plan(Adaptation.NONE, _BASELINE_BATCH, lengths.longest)
    else:
        plan = Plan(
            Adaptation(spec.tuning.value),
            settings.batch,
            lengths.longest,
            rank=settings.r,
            dropout=settings.dropout != 0,
        )
    return replace(plan, precision=Precision.FP32, scored=False, on_gpu=on_gpu)


def settle_checkpointing(
    spec: TrainSpec, size: ModelSize, plan: Plan, free: int
) -> Plan:
    """The plan with what `auto` is: on a GPU activations that do not fit are computed
    twice.
    """
    asked = getattr(spec.hyperparameters, "gradient_checkpointing", NO)
    if asked != AUTO or keeps_activations(size, plan, free):
        return plan
    return replace(plan, checkpointing=True)


def writes(spec: TrainSpec) -> bool:
    """Whether the run teaches answers, not labels."""
    return spec.objective in GENERATIVE


def _limits(spec: TrainSpec, lengths: Lengths) -> Limits:
    changes = frozenset(Change) if writes(spec) else _CLASSIFIER
    if spec.tuning is Tuning.NONE:
        changes = frozenset({Change.LENGTH})
    fewest = 1 if writes(spec) else 2
    return Limits(changes, fewest_rows=fewest, shorter=lengths.points["0.95"])


def _tokens(spec: TrainSpec, lengths: Lengths, tally: Tally) -> float:
    """Tokens that cost as much as learning them: DEV is read forward alone."""
    settings = spec.hyperparameters
    epochs = getattr(settings, "epochs", 1)
    looks = epochs * getattr(settings, "evaluations", 1)
    text = tally.text_tokens if getattr(settings, "domain_text", "") == FIRST else 0
    # DPO reads each answer with the model that it starts from as well.
    twice = 4 / 3 if spec.objective is Objective.DPO else 1
    learned = lengths.read * epochs * twice + text
    return learned + tally.other_tokens * (looks + 1) / 3


def positions_of(spec: TrainSpec) -> int:
    """Tokens that the base of a run can read at all. Raises Refused."""
    assert spec.base_model is not None  # noqa: S101  (who asks has counted tokens)
    folder = Path(spec.base_model.path)
    return base_folder.positions(base_folders.read_papers(folder).config)


def _size(spec: TrainSpec, base: BaseModel) -> ModelSize | None:
    if spec.base_model is None:
        return None
    config = base_folders.read_papers(Path(spec.base_model.path)).config
    try:
        return size_of(config, base.parameters)
    except Refused:
        return None
