"""Levels from a model that writes: by one reading, as by reading each answer whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from tests.training import generative_runs, tiny_models
from tests.training.generative_runs import WORDING, answers, settings, spec_of
from tests.training.ml_runs import LABELS, this_process, write_rows
from training.domain import run_files
from training.domain.job_spec import Artifact, Device, PredictSpec, Tuning
from training.domain.level_questions import ask
from training.ml.causal import load_causal
from training.ml.outcomes import BadInput
from training.ml.predict import predict
from training.ml.sequences import read_model
from training.ml.sft import train_sft
from training.ml.writing import Writer

ROWS = answers(30)


@pytest.fixture(scope="module", params=list(tiny_models.CHATS))
def base(request, tmp_path_factory):
    return generative_runs.base(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="module", params=[Tuning.LORA, Tuning.FULL])
def tuned(request, tmp_path_factory):
    """A model that knows 30 tickets by heart; its base, folder and artifact."""
    folder = tmp_path_factory.mktemp("tuned")
    model = generative_runs.base(folder / "base")
    chosen = settings(epochs=15, dropout=0.0, batch=10, r=64, alpha=64)
    spec = spec_of(
        folder,
        model,
        tuning=request.param,
        hyperparameters=chosen,
        train=ROWS,
        checkpoint_steps=1000,
    )
    digest = train_sft(spec, this_process(folder)).artifact
    return model, Artifact(str(folder / digest.path), digest.sha256)


def asked(tmp_path, tuned, rows=ROWS, **changes) -> list[run_files.Prediction]:
    model, artifact = tuned
    spec = PredictSpec(
        labels=LABELS,
        items=write_rows(tmp_path, "items.jsonl", rows),
        artifact=artifact,
        base_model=model,
        wording=WORDING,
        threads=1,
    )
    predict(replace(spec, **changes), this_process(tmp_path))
    lines = (tmp_path / run_files.PREDICTIONS).read_text().splitlines()
    return [run_files.read_prediction(line) for line in lines]


def test_scores_are_those_of_every_answer_read_whole(base):
    folder = Path(base.path)
    model = load_causal(folder, Tuning.LORA, Device.CPU).eval()
    question = ask(read_model(folder), WORDING, "fibre cut", max_length=600)

    scores = Writer(model, "cpu").scores(question)

    whole = []
    for end in question.ends:
        ids = torch.tensor([[*question.prefix, *end]])
        with torch.inference_mode():
            logits = functional.log_softmax(model(ids).logits[0].float(), dim=-1)
        places = range(len(question.prefix) - 1, ids.shape[1] - 1)
        whole.append(sum(float(logits[at, ids[0, at + 1]]) for at in places))
    assert scores == pytest.approx(whole, abs=1e-4)


def test_a_tuned_model_names_the_levels_that_it_learned(tuned, tmp_path):
    predictions = asked(tmp_path, tuned)

    assert [one.id for one in predictions] == [row["id"] for row in ROWS]
    assert [one.label for one in predictions] == [row["label"] for row in ROWS]
    for one in predictions:
        assert sum(one.probabilities.values()) == pytest.approx(1)
        assert max(one.probabilities, key=one.probabilities.get) == one.label
    assert np.mean([max(p.probabilities.values()) for p in predictions]) > 0.8


def test_a_long_ticket_is_cut_and_counted(tuned, tmp_path):
    rows = [{"id": "long", "text": "core router down " * 400}, *ROWS[:2]]
    model, artifact = tuned
    spec = PredictSpec(
        labels=LABELS,
        items=write_rows(tmp_path, "items.jsonl", rows),
        artifact=artifact,
        base_model=model,
        wording=WORDING,
        threads=1,
    )

    _, count, cut = predict(spec, this_process(tmp_path))

    assert (count, cut) == (3, 1)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"wording": None}, "wording_missing"),
        ({"base_model": None}, "base_model_missing"),
    ],
)
def test_a_model_that_cannot_be_asked_as_it_was_trained_is_refused(
    tuned, tmp_path, changes, code
):
    with pytest.raises(BadInput) as refusal:
        asked(tmp_path, tuned, **changes)

    assert refusal.value.code == code


def test_another_template_in_the_folder_is_refused(tmp_path):
    model = generative_runs.base(tmp_path / "base")
    spec = spec_of(tmp_path, model)
    digest = train_sft(spec, this_process(tmp_path)).artifact
    artifact = Artifact(str(tmp_path / digest.path), digest.sha256)
    template = tmp_path / "base" / "chat_template.jinja"
    template.write_text(template.read_text() + "\n{# changed #}")
    (tmp_path / "again").mkdir()

    with pytest.raises(BadInput) as refusal:
        asked(tmp_path / "again", (model, artifact))

    assert refusal.value.code == "template_changed"


def test_a_base_is_asked_as_it_is(base, tmp_path):
    rows = ROWS[:4]

    predictions = asked(tmp_path, (base, None), rows)

    model = load_causal(Path(base.path), Tuning.NONE, Device.CPU).eval()
    tokens = read_model(Path(base.path))
    for row, one in zip(rows, predictions, strict=True):
        scores = Writer(model, "cpu").scores(
            ask(tokens, WORDING, row["text"], max_length=256)
        )
        shares = np.exp(scores - np.logaddexp.reduce(scores))
        assert list(one.probabilities.values()) == pytest.approx(shares, abs=1e-5)
