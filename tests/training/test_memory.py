"""The memory formula, against tiny models that are counted and published figures."""

from __future__ import annotations

from dataclasses import replace

import peft
import pytest
import torch
import transformers

from netft_site.base.refusals import Refused
from tests.training.model_configs import PUBLISHED
from tests.training.saved_tensors import (
    LENGTH,
    RANK,
    ROWS,
    adapted,
    config_of,
    saved_bytes,
)
from training.domain.memory import (
    GIB,
    Adaptation,
    Optimizer,
    Plan,
    Precision,
    checkpoint_bytes,
    estimate,
    layer_bytes,
    logit_bytes,
    weight_bytes,
)
from training.domain.memory_ladder import Change, Limits, suggest
from training.domain.model_size import size_of

QWEN = size_of(PUBLISHED["Qwen2.5-7B"])
CAUSAL = ("llama", "mistral", "qwen2", "qwen3")
WIDTHS = {Precision.FP32: torch.float32, Precision.BF16: torch.bfloat16}


def plan_of(adaptation: Adaptation = Adaptation.LORA, **more) -> Plan:
    return Plan(adaptation, **{"rows": 1, "length": 2048, **more})


def tiny(**more) -> Plan:
    return plan_of(**{"rows": ROWS, "length": LENGTH, "rank": RANK, **more})


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("family", CAUSAL)
def test_the_parameters_of_a_causal_model_are_counted_exactly(family, tied):
    config = config_of(family, tie_word_embeddings=tied)
    model = transformers.AutoModelForCausalLM.from_config(config)
    config.architectures = ["XForCausalLM"]

    size = size_of(config.to_dict())

    assert size.parameters == sum(p.numel() for p in model.parameters())
    assert size.is_exact
    assert size.adapter(RANK) == trainable(adapted(model))


@pytest.mark.parametrize("family", ["bert", "roberta", "mpnet", "distilbert"])
def test_the_adapter_of_an_encoder_is_counted_exactly(family):
    if family == "distilbert":
        names = {"dim": 64, "hidden_dim": 176, "n_layers": 3, "n_heads": 4}
        config = transformers.DistilBertConfig(vocab_size=99, **names)
    else:
        config = config_of(family, layers=3)
    model = transformers.AutoModel.from_config(config)
    model.pooler = None

    size = size_of(config.to_dict())

    assert size.adapter(RANK) == trainable(adapted(model))
    assert not size.is_causal


def trainable(model: peft.PeftModel) -> int:
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


@pytest.mark.parametrize("how", ["full", "lora", "lora fp32", "lora dropout"])
@pytest.mark.parametrize("precision", list(Precision))
@pytest.mark.parametrize("family", ["llama", "mistral", "qwen2", "bert"])
def test_what_a_layer_keeps_is_what_pytorch_keeps(family, precision, how):
    plan = tiny(
        precision=precision,
        adaptation=Adaptation.FULL if how == "full" else Adaptation.LORA,
        adapter_fp32=how == "lora fp32",
        dropout=how == "lora dropout",
        on_gpu=False,
    )

    counted = (measured(family, 4, plan) - measured(family, 2, plan)) / 2

    size = size_of(config_of(family).to_dict() | causal(family))
    expected = layer_bytes(size, plan) * plan.tokens
    assert expected == pytest.approx(counted, rel=0.02)


@pytest.mark.parametrize("family", ["llama", "bert"])
def test_with_checkpointing_a_layer_keeps_its_input_alone(family):
    plan = tiny(precision=Precision.FP32, checkpointing=True)

    counted = (measured(family, 4, plan) - measured(family, 2, plan)) / 2

    size = size_of(config_of(family).to_dict() | causal(family))
    more = estimate(replace(size, layers=4), plan).activations
    assert more - estimate(replace(size, layers=2), plan).activations == 2 * counted


def causal(family: str) -> dict:
    return {} if family == "bert" else {"architectures": ["XForCausalLM"]}


def measured(family: str, layers: int, plan: Plan) -> int:
    config = config_of(family, layers)
    model = transformers.AutoModel.from_config(config).to(WIDTHS[plan.precision])
    model.pooler = None
    if plan.adaptation is Adaptation.LORA:
        model = adapted(model, 0.1 if plan.dropout else 0.0, plan.adapter_fp32)
    if plan.checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
        model.enable_input_require_grads()
    return saved_bytes(model)


def test_published_models_have_their_published_parameters():
    billions = {name: size_of(c).parameters / 1e9 for name, c in PUBLISHED.items()}

    # As the model cards give them.
    assert billions == pytest.approx(
        {
            "Llama-2-7B": 6.74,
            "Qwen2.5-7B": 7.62,
            "Mistral-7B": 7.24,
            "Llama-3.1-8B": 8.03,
            "Qwen2.5-3B": 3.09,
            "Qwen2.5-1.5B": 1.54,
            "Qwen2.5-0.5B": 0.49,
        },
        abs=0.006,
    )


def test_four_bit_weights_keep_embeddings_and_head_as_they_are():
    whole = weight_bytes(QWEN, plan_of(Adaptation.QLORA))
    wide = 2 * 152064 * 3584 * 2

    assert whole / GIB == pytest.approx(5.17, abs=0.01)
    assert wide / GIB == pytest.approx(2.03, abs=0.01)


def test_an_adapter_of_rank_16_takes_16_bytes_a_parameter():
    memory = estimate(QWEN, plan_of())

    assert QWEN.adapter(16) == pytest.approx(40.4e6, rel=0.001)
    trained = memory.adapter + memory.gradients + memory.optimizer
    assert trained == 16 * QWEN.adapter(16)


@pytest.mark.parametrize(
    ("more", "gib"),
    [
        ({}, 56.7),
        ({"master_fp32": True}, 127.7),
        ({"optimizer": Optimizer.ADAMW_8BIT}, 42.6),
        ({"optimizer": Optimizer.SGD}, 28.4),
    ],
)
def test_full_training_keeps_weights_gradients_and_moments(more, gib):
    memory = estimate(QWEN, plan_of(Adaptation.FULL, **more))

    kept = memory.weights + memory.gradients + memory.optimizer
    assert kept / GIB == pytest.approx(gib, abs=0.1)


def test_dpo_of_all_weights_keeps_the_model_that_it_starts_at():
    full = plan_of(Adaptation.FULL, reference=True)

    more = (
        estimate(QWEN, full).weights - estimate(QWEN, plan_of(full.adaptation)).weights
    )

    assert more == 2 * QWEN.parameters
    assert estimate(QWEN, plan_of(reference=True)) == estimate(QWEN, plan_of())


def test_checkpointed_activations_are_an_input_for_each_layer():
    plan = plan_of(rows=4, checkpointing=True)

    kept = QWEN.layers * plan.tokens * QWEN.hidden * 2
    assert kept / GIB == pytest.approx(1.53, abs=0.01)
    assert estimate(QWEN, plan).activations > kept


def test_scores_that_are_not_fused_take_three_copies_in_fp32():
    plan = plan_of(rows=4, fused=False)

    copy = 4 * plan.tokens * QWEN.vocabulary
    assert copy / GIB == pytest.approx(4.64, abs=0.01)
    assert logit_bytes(QWEN, plan) == pytest.approx(3.5 * copy)
    assert logit_bytes(QWEN, replace(plan, fused=True)) == logit_bytes(
        QWEN, replace(plan, fused=False, rows=1, length=1024)
    )
    assert logit_bytes(QWEN, replace(plan, scored=False)) == 0


@pytest.mark.parametrize(
    ("name", "plan", "published"),
    [
        # LLaMA-Factory, LLaMA2-7B, LoRA rank 8, 4 x 1024, FlashAttention 2.
        ("Llama-2-7B", {"rows": 4, "length": 1024, "rank": 8}, 17e9),
        # The targets of T4, one text of 2048 tokens.
        ("Qwen2.5-7B", {}, 22e9),
        ("Qwen2.5-7B", {"adaptation": Adaptation.QLORA}, 12e9),
    ],
)
def test_the_total_lies_near_published_peaks(name, plan, published):
    found = estimate(size_of(PUBLISHED[name]), plan_of(checkpointing=True, **plan))

    assert found.total == pytest.approx(published, rel=found.uncertainty)


def test_seven_billion_with_8k_tokens_a_step_fit_an_h200_without_checkpointing():
    found = estimate(QWEN, plan_of(rows=2, length=4096))

    assert found.most < 139 * GIB
    assert found.total == sum(found.parts().values())


def test_an_unknown_layout_is_less_certain():
    config = {**PUBLISHED["Qwen2.5-7B"], "model_type": "unheard"}

    unheard = estimate(size_of(config), plan_of())

    assert unheard.uncertainty == 2 * estimate(QWEN, plan_of()).uncertainty


def test_a_configuration_without_a_dimension_is_refused_by_its_name():
    config = {**PUBLISHED["Qwen2.5-7B"]}
    del config["intermediate_size"]

    with pytest.raises(Refused, match="does not say intermediate_size") as refusal:
        size_of(config)

    assert refusal.value.code == "config_invalid"


def test_what_fits_needs_no_suggestion():
    assert suggest(QWEN, plan_of(), 139 * GIB) == []


def test_the_first_rung_is_a_smaller_micro_batch_that_just_fits():
    plan = plan_of(rows=8, length=2048)

    (rung,) = suggest(QWEN, plan, 80 * GIB)

    assert (rung.change, rung.plan.rows, rung.fits) == (Change.ROWS, 2, True)
    assert rung.memory.most <= 80 * GIB
    assert estimate(QWEN, replace(plan, rows=4)).most > 80 * GIB


def test_the_ladder_goes_down_in_order_to_what_fits():
    plan = plan_of(rows=4, length=4096, rank=64)

    rungs = suggest(QWEN, plan, 16 * GIB, Limits(shorter=2048))

    assert [rung.change for rung in rungs] == list(Change)
    assert [rung.fits for rung in rungs] == [False] * 4 + [True]
    totals = [rung.memory.total for rung in rungs]
    assert totals == sorted(totals, reverse=True)
    last = rungs[-1].plan
    assert (last.rows, last.length, last.rank) == (1, 2048, 8)


def test_a_method_is_offered_only_what_it_has_a_setting_for():
    limits = Limits(frozenset({Change.ROWS}), fewest_rows=2)

    rungs = suggest(QWEN, plan_of(rows=8), 16 * GIB, limits)

    assert [(rung.change, rung.plan.rows, rung.fits) for rung in rungs] == [
        (Change.ROWS, 2, False)
    ]


def test_a_checkpoint_holds_the_adapter_its_moments_and_the_best_so_far():
    assert checkpoint_bytes(QWEN, plan_of()) == 16 * QWEN.adapter(16)
