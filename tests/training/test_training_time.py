"""The operations of a training, against the table of ceilings and a counted model."""

from __future__ import annotations

import pytest
import torch
import transformers
from torch.utils.flop_counter import FlopCounterMode

from tests.training.model_configs import PUBLISHED
from tests.training.saved_tensors import LENGTH, ROWS, adapted, config_of
from training.domain.memory import Adaptation, Plan, Precision
from training.domain.model_size import size_of
from training.domain.training_time import Rate, flops_a_token, training_time

H200 = Rate(790e12, "a matrix product measured on an H200", is_measured=True)
CEILINGS = {
    "Llama-2-7B": (26.6, 18.1, 18.4, 13.9),
    "Qwen2.5-7B": (25.7, 17.7, 17.6, 13.4),
    "Mistral-7B": (24.9, 16.9, 17.2, 13.0),
    "Llama-3.1-8B": (23.8, 16.4, 16.4, 12.5),
    "Qwen2.5-3B": (55.8, 38.9, 38.9, 29.8),
    "Qwen2.5-1.5B": (109, 77, 77, 59),
    "Qwen2.5-0.5B": (315, 233, 226, 180),
}
"""Thousand tokens a second at 4096 tokens and 790 TF/s: LoRA, full, each without and
with checkpointing."""


@pytest.mark.parametrize("name", CEILINGS)
def test_the_ceilings_of_seven_models_come_out(name):
    size = size_of(PUBLISHED[name])
    lora, lora_again, full, full_again = CEILINGS[name]
    expected = {
        (Adaptation.LORA, False): lora,
        (Adaptation.LORA, True): lora_again,
        (Adaptation.FULL, False): full,
        (Adaptation.FULL, True): full_again,
    }

    found = {
        (how, again): H200.flops
        / flops_a_token(
            size, Plan(how, 1, 4096, checkpointing=again), with_adapter=False
        )
        / 1000
        for how, again in expected
    }

    assert found == pytest.approx(expected, rel=0.008)


@pytest.mark.parametrize("how", [Adaptation.LORA, Adaptation.FULL])
@pytest.mark.parametrize("family", ["qwen2", "bert"])
def test_the_operations_are_those_that_pytorch_counts(family, how):
    config = config_of(family, layers=4)
    model = transformers.AutoModel.from_config(config, attn_implementation="eager")
    model.pooler = None
    if how is Adaptation.LORA:
        model = adapted(model)
    ids = torch.randint(3, 500, (ROWS, LENGTH))

    with FlopCounterMode(display=False) as counter:
        model(input_ids=ids).last_hidden_state.sum().backward()

    causal = {} if family == "bert" else {"architectures": ["XForCausalLM"]}
    size = size_of(config.to_dict() | causal)
    plan = Plan(how, ROWS, LENGTH, 8, Precision.FP32, scored=False)
    counted = counter.get_total_flops() / plan.tokens
    # Computed eagerly a causal model's mask saves no operation.
    mask = 6 * LENGTH * size.queries * size.layers if size.is_causal else 0
    assert flops_a_token(size, plan) + mask == pytest.approx(counted, rel=0.04)


def test_time_is_given_at_the_whole_rate_and_at_the_usual_share():
    size = size_of(PUBLISHED["Qwen2.5-7B"])
    plan = Plan(Adaptation.LORA, 1, 4096)

    found = training_time(size, plan, 1e6, H200)

    assert found.flops == pytest.approx(flops_a_token(size, plan) * 1e6)
    assert found.least == pytest.approx(found.flops / 790e12)
    assert found.likely == pytest.approx(2 * found.least)


def test_a_frozen_model_is_read_forward_alone():
    size = size_of(PUBLISHED["Qwen2.5-7B"])
    frozen = flops_a_token(size, Plan(Adaptation.NONE, 1, 4096))

    full = flops_a_token(size, Plan(Adaptation.FULL, 1, 4096))

    assert 3 * frozen == pytest.approx(full)
