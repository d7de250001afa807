"""When activations are computed twice instead of kept."""

from __future__ import annotations

import pytest
import torch
import transformers

from tests.training.generative_runs import base, settings, spec_of
from training.domain.job_spec import Objective, Tuning
from training.domain.memory import GIB
from training.ml.memory import keeps, settle_checkpointing

SEVEN = transformers.AutoConfig.for_model(
    "qwen2",
    hidden_size=3584,
    intermediate_size=18944,
    num_hidden_layers=28,
    num_attention_heads=28,
    num_key_value_heads=4,
    vocab_size=152064,
).to_dict()
PARAMETERS = 7_615_616_512
LAYER = torch.nn.Linear(1000, 1000, bias=False)


@pytest.mark.parametrize(
    ("tuning", "objective", "free", "kept"),
    [
        (Tuning.LORA, Objective.SFT, 139, True),
        (Tuning.LORA, Objective.SFT, 40, False),
        (Tuning.FULL, Objective.SFT, 80, False),
        (Tuning.LORA, Objective.DPO, 80, False),
    ],
)
def test_a_model_of_seven_billion_keeps_what_fits(
    tmp_path, tuning, objective, free, kept
):
    model = base(tmp_path / "base")
    spec = spec_of(tmp_path, model, tuning=tuning, objective=objective)
    chosen = settings(token_budget=8192, batch=16, max_length=2048)

    assert keeps(chosen, spec, SEVEN, PARAMETERS, free * GIB) is kept


def test_weights_of_four_bits_are_on_the_device_before_it_is_asked(tmp_path):
    model = base(tmp_path / "base")
    chosen = settings(token_budget=2048, batch=16, max_length=2048)
    fits = [
        {
            tuning: keeps(
                chosen, spec_of(tmp_path, model, tuning=tuning), SEVEN, PARAMETERS, free
            )
            for tuning in (Tuning.LORA, Tuning.QLORA)
        }
        for free in range(8 * GIB, 64 * GIB, GIB)
    ]

    assert sum(found[Tuning.QLORA] for found in fits) > sum(
        found[Tuning.LORA] for found in fits
    )


def test_what_nobody_knows_the_layout_of_is_computed_twice(tmp_path):
    spec = spec_of(tmp_path, base(tmp_path / "base"))

    assert not keeps(settings(max_length=64), spec, {"model_type": "x"}, 10, 139 * GIB)


def test_on_a_cpu_activations_are_kept_unless_somebody_says_otherwise(tmp_path):
    spec = spec_of(tmp_path, base(tmp_path / "base"))

    auto = settle_checkpointing(settings(), LAYER, spec)
    asked = settle_checkpointing(settings(gradient_checkpointing="yes"), LAYER, spec)

    assert auto.gradient_checkpointing == "no"
    assert asked.gradient_checkpointing == "yes"
