"""A classification head on a causal language model: read on the last token, from the
left, whatever pads a batch.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training import tiny_models
from tests.training.ml_runs import (
    classify_spec,
    predictions,
    this_process,
    tickets,
    write_rows,
)
from training.domain import run_files
from training.domain.hyperparameters import Hyperparameters
from training.domain.job_spec import (
    Architecture,
    Artifact,
    BaseModelFiles,
    PredictSpec,
)
from training.ml.artifacts import open_artifact
from training.ml.classify import train_classifier
from training.ml.data import Tokens, load_tokenizer, tokenize
from training.ml.embedding import embed, load_encoder, pad_batch
from training.ml.lora import Classifier, merge_adapter
from training.ml.outcomes import BadInput
from training.ml.predict import predict
from training.services.base_folders import read_facts

FAMILIES = ["qwen2", "llama", "mistral"]
TEXTS = [
    "core router down",
    "link flapping packet loss on the uplink BGP session resets",
]
LOSSES = Hyperparameters(epochs=2, batch=16, lr=1e-3, dropout=0.0)


@pytest.fixture(scope="module", params=FAMILIES)
def base(request, tmp_path_factory) -> BaseModelFiles:
    folder = tiny_models.causal(tmp_path_factory.mktemp(request.param), request.param)
    weights = read_facts(folder).weights_sha256
    return BaseModelFiles(str(folder), weights, Architecture.CAUSAL)


@pytest.fixture
def model(base):
    return load_encoder(Path(base.path), Architecture.CAUSAL)


@pytest.fixture
def tokens(base) -> Tokens:
    return tokenize(load_tokenizer(Path(base.path)), TEXTS, 64)


def vectors(model, ids, mask) -> torch.Tensor:
    with torch.inference_mode():
        hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
        return model.pool(hidden, mask)


def test_a_text_has_the_same_vector_alone_and_in_a_padded_batch(model, tokens):
    together = vectors(model, *pad_batch(tokens, np.array([0, 1])))

    for row in (0, 1):
        alone = vectors(model, *pad_batch(tokens, np.array([row])))
        assert alone[0].tolist() == pytest.approx(together[row].tolist(), abs=1e-6)


@pytest.mark.parametrize("pad", [0, 7, 300])
def test_no_matter_what_pads_a_batch(model, tokens, pad):
    padded = Tokens(tokens.ids, 0, pad)
    model.config.pad_token_id = None

    ours = vectors(model, *pad_batch(padded, np.array([0, 1])))

    usual = vectors(model, *pad_batch(tokens, np.array([0, 1])))
    assert torch.allclose(ours, usual, atol=1e-6)


def test_the_vector_is_that_of_the_last_word(model, tokens):
    ids, mask = pad_batch(tokens, np.array([0, 1]))
    with torch.inference_mode():
        hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state

    for row, length in enumerate(map(len, tokens.ids)):
        own = torch.nn.functional.normalize(hidden[row, length - 1], dim=-1)
        assert torch.equal(model.pool(hidden, mask)[row], own)


def test_an_adapter_saved_and_merged_gives_the_same_vectors(base, tokens, tmp_path):
    torch.manual_seed(0)
    folder = Path(base.path)
    tuned = Classifier(load_encoder(folder, base.architecture), LOSSES, 3)
    with torch.no_grad():
        for name, tensor in tuned.trained().items():
            if "lora_B" in name:
                tensor.normal_(std=0.05)
    tuned.eval().save(tmp_path)

    merged = merge_adapter(load_encoder(folder, base.architecture), tmp_path)

    before = embed(tuned.encoder, tokens, this_process(tmp_path))
    after = embed(merged, tokens, this_process(tmp_path))
    assert after == pytest.approx(before, abs=1e-5)


def test_the_head_is_saved_and_answers_as_in_training(base, tmp_path):
    spec = classify_spec(tmp_path, base_model=base, hyperparameters=LOSSES)
    trained = train_classifier(spec, this_process(tmp_path))
    artifact = Artifact(run_files.ARTIFACT, trained.artifact.sha256)
    rows = tickets(15, seed=2, prefix="d")
    asked = PredictSpec(
        labels=spec.labels,
        items=write_rows(tmp_path, "items.jsonl", rows),
        artifact=artifact,
        base_model=base,
    )

    predict(asked, this_process(tmp_path))

    card = open_artifact(tmp_path / run_files.ARTIFACT, artifact, spec.labels)
    answers = predictions(tmp_path)
    right = [a.label == row["label"] for a, row in zip(answers, rows, strict=True)]
    assert card.encoding.pooling == "last token, length 1"
    assert np.mean(right) == pytest.approx(trained.best.dev_accuracy)


def test_training_lowers_the_loss_and_moves_the_adapter(base, tmp_path):
    settings = Hyperparameters(epochs=4, batch=16, lr=3e-3, dropout=0.0)
    spec = classify_spec(tmp_path, base_model=base, hyperparameters=settings)

    history = train_classifier(spec, this_process(tmp_path)).history

    losses = [record.train_loss for record in history if record.train_loss is not None]
    assert losses[-1] < losses[0]


def test_a_model_read_the_other_way_is_refused(base, tmp_path):
    spec = classify_spec(tmp_path, base_model=base, hyperparameters=LOSSES)
    trained = train_classifier(spec, this_process(tmp_path))
    other = BaseModelFiles(base.path, base.weights_sha256, Architecture.ENCODER)
    asked = PredictSpec(
        labels=spec.labels,
        items=write_rows(tmp_path, "items.jsonl", tickets(3, seed=2, prefix="d")),
        artifact=Artifact(run_files.ARTIFACT, trained.artifact.sha256),
        base_model=other,
    )

    with pytest.raises(BadInput) as refusal:
        predict(asked, this_process(tmp_path))

    assert refusal.value.code == "base_model_differs"
