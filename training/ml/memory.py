"""Whether activations fit into the memory of the device, or are computed twice.

Half a formula: the estimate before a launch belongs to whoever shows it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from training.domain.generative_settings import NO, YES, GenerativeHyperparameters
from training.domain.hyperparameters import AUTO
from training.domain.job_spec import Device, TrainSpec

# Korthikanti et al. 2022, section 4.1: bytes a layer keeps for each token and feature
# in 16 bits, without the scores of attention, which fused kernels never keep.
_KEPT_BYTES = 34
_SHARE = 0.85


def activation_bytes(config: Any, tokens: int) -> int:
    """Bytes of activations kept for so many tokens at once."""
    text = config.get_text_config()
    return int(tokens * text.hidden_size * text.num_hidden_layers * _KEPT_BYTES)


def checkpoints_activations(
    settings: GenerativeHyperparameters, config: Any, spec: TrainSpec
) -> GenerativeHyperparameters:
    """The settings with `gradient_checkpointing` settled; asked before the model is
    on the device, so its weights are taken off by what they will take.
    """
    if settings.gradient_checkpointing != AUTO:
        return settings
    if spec.device is Device.CPU:
        return replace(settings, gradient_checkpointing=NO)
    free, _ = torch.cuda.mem_get_info()
    tokens = max(settings.token_budget, int(settings.max_length))
    wanted = activation_bytes(config, tokens) > _SHARE * free
    return replace(settings, gradient_checkpointing=YES if wanted else NO)
