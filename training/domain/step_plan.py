"""How a step of a model that writes is computed: the same for page and process."""

from __future__ import annotations

from training.domain.generative_settings import YES, GenerativeHyperparameters
from training.domain.job_kinds import Objective, Tuning
from training.domain.job_spec import TrainSpec
from training.domain.memory import Adaptation, Plan, Precision, estimate
from training.domain.model_size import ModelSize


def writing_plan(
    spec: TrainSpec,
    settings: GenerativeHyperparameters,
    longest: int,
    *,
    on_gpu: bool,
) -> Plan:
    """Parts of at most `token_budget` tokens, or of one row that has more.

    settings: with `auto` settled but for gradient_checkpointing. longest: tokens of the
    longest row. On a GPU adapters stand in fp32 beside weights in bf16, and where all
    weights learn these are in fp32. DPO takes the scores of whole answers, which are
    never tiled.
    """
    longest = max(1, longest)
    return Plan(
        Adaptation(spec.tuning.value),
        max(1, min(settings.batch, settings.token_budget // longest)),
        longest,
        rank=settings.r,
        precision=Precision.BF16 if on_gpu else Precision.FP32,
        checkpointing=settings.gradient_checkpointing == YES,
        dropout=settings.dropout != 0,
        fused=spec.objective is Objective.SFT,
        master_fp32=spec.tuning is Tuning.FULL,
        reference=spec.objective is Objective.DPO,
        on_gpu=on_gpu,
    )


def keeps_activations(size: ModelSize, plan: Plan, free: int) -> bool:
    """Whether a step may keep its activations instead of computing them twice.

    On a CPU it does, whatever is free; on a GPU if the whole step fits into the free
    bytes with the estimate's uncertainty on top.
    """
    return not plan.on_gpu or estimate(size, plan).most <= free
