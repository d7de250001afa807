"""Whether a run keeps its activations or computes them twice, asked on the device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from netft_site.base.refusals import Refused
from training.domain.generative_settings import NO, YES, GenerativeHyperparameters
from training.domain.hyperparameters import AUTO
from training.domain.job_spec import Device, TrainSpec, Tuning
from training.domain.memory import weight_bytes
from training.domain.model_size import size_of
from training.domain.step_plan import keeps_activations, writing_plan


def settle_checkpointing(
    settings: GenerativeHyperparameters, model: Any, spec: TrainSpec
) -> GenerativeHyperparameters:
    """The settings with `gradient_checkpointing` settled, asked before the model is on
    the device.
    """
    if settings.gradient_checkpointing != AUTO:
        return settings
    if spec.device is Device.CPU:
        return replace(settings, gradient_checkpointing=NO)
    free, _ = torch.cuda.mem_get_info()
    config = model.config.get_text_config().to_dict()
    parameters = sum(p.numel() for p in model.parameters())
    kept = keeps(settings, spec, config, parameters, free)
    return replace(settings, gradient_checkpointing=NO if kept else YES)


def keeps(
    settings: GenerativeHyperparameters,
    spec: TrainSpec,
    config: Mapping[str, Any],
    parameters: int,
    free: int,
) -> bool:
    """Whether activations fit into the free bytes of a GPU, by the formula that the
    pre-flight shows; not where the layout of the model is unknown.
    """
    plan = writing_plan(spec, settings, int(settings.max_length), on_gpu=True)
    try:
        size = size_of(config, parameters)
    except Refused:
        return False
    if spec.tuning is Tuning.QLORA:
        # Weights of four bits are on the device already.
        free += weight_bytes(size, plan)
    return keeps_activations(size, plan, free)
