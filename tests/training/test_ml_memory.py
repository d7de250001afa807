"""When activations are computed twice instead of kept."""

from __future__ import annotations

import torch
import transformers

from tests.training.generative_runs import base, settings, spec_of
from training.domain.job_spec import Objective, Tuning
from training.ml.memory import (
    activation_bytes,
    fits,
    held_bytes,
    settle_checkpointing,
)

# The shape of Qwen2.5-7B: 28 layers of 3,584 features.
SEVEN = transformers.AutoConfig.for_model(
    "qwen2", hidden_size=3584, num_hidden_layers=28
)
LAYER = torch.nn.Linear(1000, 1000, bias=False)


def test_activations_grow_with_tokens_layers_and_features():
    assert activation_bytes(SEVEN, 8192) == 8192 * 3584 * 28 * 34


def test_weights_that_learn_hold_gradient_and_moments_too(tmp_path):
    model = base(tmp_path / "base")

    def held(tuning, objective=Objective.SFT):
        spec = spec_of(tmp_path, model, tuning=tuning, objective=objective)
        return held_bytes(LAYER, spec)

    assert held(Tuning.LORA) == 4_000_000
    assert held(Tuning.FULL) == 16_000_000
    assert held(Tuning.FULL, Objective.DPO) == 20_000_000
    assert held(Tuning.QLORA) == 0


def test_a_share_of_the_memory_stays_free():
    assert fits(85, 100)
    assert not fits(86, 100)


def test_on_a_cpu_activations_are_kept_unless_somebody_says_otherwise(tmp_path):
    spec = spec_of(tmp_path, base(tmp_path / "base"))

    auto = settle_checkpointing(settings(), LAYER, spec)
    asked = settle_checkpointing(settings(gradient_checkpointing="yes"), LAYER, spec)

    assert auto.gradient_checkpointing == "no"
    assert asked.gradient_checkpointing == "yes"
