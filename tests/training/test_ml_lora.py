from __future__ import annotations

from pathlib import Path

import numpy as np
import peft
import pytest
import torch

from tests.training.ml_runs import ENCODER, this_process
from training.domain.hyperparameters import Hyperparameters
from training.ml.data import load_tokenizer, tokenize
from training.ml.embedding import embed, load_encoder, pad_batch
from training.ml.lora import Classifier, SharedDropout, merge_adapter

MODEL = Path(ENCODER.path)
SETTINGS = Hyperparameters(r=4, alpha=8, dropout=0.05)
TEXTS = ["BGP session down", "please rename the port of the access switch"]


def classifier():
    torch.manual_seed(0)
    return Classifier(load_encoder(MODEL), SETTINGS, 3)


def stir(model):
    """Give the adapter an effect, as training would."""
    with torch.no_grad():
        for name, tensor in model.trained().items():
            if "lora_B" in name:
                tensor.normal_(std=0.05)
    return model.eval()


def test_every_linear_layer_and_the_head_are_trained_and_nothing_else():
    names = classifier().trained()

    adapted = {name.split(".lora_")[0] for name in names if "lora_" in name}
    # Six layers of query, key, value, attention output and two feed-forward parts.
    assert len(adapted) == 6 * 6
    assert {n for n in names if "lora_" not in n} == {"head.weight", "head.bias"}


def test_a_fresh_adapter_changes_nothing(tmp_path):
    tokens = tokenize(load_tokenizer(MODEL), TEXTS, 64)
    frozen = embed(load_encoder(MODEL), tokens, this_process(tmp_path))

    model = classifier().eval()
    adapted = embed(model.encoder, tokens, this_process(tmp_path))

    assert np.array_equal(frozen, adapted)


def test_an_adapter_saved_and_merged_gives_the_same_vectors(tmp_path):
    tokens = tokenize(load_tokenizer(MODEL), TEXTS, 64)
    model = stir(classifier())

    model.save(tmp_path)
    merged = merge_adapter(load_encoder(MODEL), tmp_path)

    before = embed(model.encoder, tokens, this_process(tmp_path))
    after = embed(merged, tokens, this_process(tmp_path))
    plain = embed(load_encoder(MODEL), tokens, this_process(tmp_path))
    assert after == pytest.approx(before, abs=1e-5)
    assert np.abs(after - plain).max() > 0.01


def test_the_adapter_is_readable_by_peft_alone(tmp_path):
    model = stir(classifier())
    ids, mask = pad_batch(tokenize(load_tokenizer(MODEL), TEXTS, 64), np.array([0, 1]))

    model.save(tmp_path)
    read = peft.PeftModel.from_pretrained(load_encoder(MODEL), tmp_path).eval()

    with torch.inference_mode():
        ours = model.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        theirs = read(input_ids=ids, attention_mask=mask).last_hidden_state
    assert torch.equal(ours, theirs)


def test_dropout_takes_a_feature_from_all_tokens_and_keeps_the_mean():
    torch.manual_seed(0)
    dropout = SharedDropout(0.25).train()

    out = dropout(torch.ones(200, 5, 50))

    assert torch.equal(out, out[:, :1].expand_as(out))
    assert {round(v, 4) for v in out.unique().tolist()} == {0.0, round(1 / 0.75, 4)}
    assert out.mean().item() == pytest.approx(1.0, abs=0.02)
    assert torch.equal(dropout.eval()(out), out)


def test_dropout_is_on_in_training_and_off_in_evaluation():
    model = stir(classifier())
    ids, mask = pad_batch(tokenize(load_tokenizer(MODEL), TEXTS, 64), np.array([0, 1]))

    still = [model(ids, mask) for _ in range(2)]
    model.train()
    moving = [model(ids, mask) for _ in range(2)]

    assert torch.equal(*still)
    assert not torch.equal(*moving)
