"""Whether activations fit into the memory of the device, or are computed twice.

A rule for the process that trains, so that it does not run out; what is told to people
before a launch is estimated elsewhere.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from training.domain.generative_settings import NO, YES, GenerativeHyperparameters
from training.domain.hyperparameters import AUTO
from training.domain.job_spec import Device, Objective, TrainSpec, Tuning

# Korthikanti et al. 2022, section 4.1: bytes that a layer keeps for each token and
# feature in 16 bits, without the scores of attention, which fused kernels never keep.
_KEPT_BYTES = 34
# Gradient and two moments of AdamW in float32.
_LEARNED_BYTES = 12
# What is left over is for the allocator's gaps and the output layer.
_SHARE = 0.85


def activation_bytes(config: Any, tokens: int) -> int:
    """Bytes of activations kept for so many tokens at once."""
    text = config.get_text_config()
    return int(tokens * text.hidden_size * text.num_hidden_layers * _KEPT_BYTES)


def held_bytes(model: Any, spec: TrainSpec) -> int:
    """Bytes that weights and optimizer will take of the device beside activations.

    Of adapters nothing is counted: they are a hundredth of the weights. Weights of four
    bits are on the device already.
    """
    if spec.tuning is Tuning.QLORA:
        return 0
    sizes: list[tuple[int, int]] = [
        (p.numel(), p.element_size()) for p in model.parameters()
    ]
    weights = sum(count * size for count, size in sizes)
    if spec.tuning is not Tuning.FULL:
        return weights
    copies = 2 if spec.objective is Objective.DPO else 1
    return copies * weights + sum(count for count, _ in sizes) * _LEARNED_BYTES


def fits(needed: int, free: int) -> bool:
    """Whether so many bytes fit into what is free."""
    return needed <= _SHARE * free


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
    tokens = max(settings.token_budget, int(settings.max_length))
    needed = held_bytes(model, spec) + activation_bytes(model.config, tokens)
    kept = fits(needed, free)
    return replace(settings, gradient_checkpointing=NO if kept else YES)
