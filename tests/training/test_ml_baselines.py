"""Every kind of model, trained and asked in this process: figures must agree."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from netft_site.base.files import sha256_of
from tests.training.ml_runs import (
    ENCODER,
    LABELS,
    MARKER,
    baseline_spec,
    classify_spec,
    this_process,
    tickets,
    write_rows,
)
from training.domain import run_files
from training.domain.hyperparameters import BaselineHyperparameters, Hyperparameters
from training.domain.job_spec import (
    Artifact,
    BaselineMethod,
    BaseModelFiles,
    DataFile,
    PredictSpec,
)
from training.ml.baselines import train_baseline
from training.ml.classify import train_classifier
from training.ml.outcomes import BadInput
from training.ml.predict import predict

TUNED = "lora"
METHODS = [TUNED, *BaselineMethod]
TRUTH = {row["id"]: row["label"] for row in tickets(15, seed=2, prefix="d")}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """One trained model of each method: (folder, what training reported)."""
    models = {}
    for method in METHODS:
        folder = tmp_path_factory.mktemp(method)
        if method == TUNED:
            spec = classify_spec(folder)
            models[method] = folder, train_classifier(spec, this_process(folder))
        else:
            spec = baseline_spec(folder, method)
            models[method] = folder, train_baseline(spec, this_process(folder))
    return models


def ask(tmp_path, model, *, rows=None, **changes):
    """Predict; returns the answers in the order of the file."""
    folder, report = model
    rows = tickets(15, seed=2, prefix="d") if rows is None else rows
    needs_base = "max_length" in report.settled and (folder / "artifact").exists()
    heads = (folder / run_files.ARTIFACT / "head.safetensors").exists()
    values = {
        "labels": LABELS,
        "items": write_rows(tmp_path, "items.jsonl", rows),
        "artifact": Artifact(str(folder / run_files.ARTIFACT), report.artifact.sha256),
        "base_model": ENCODER if needs_base and heads else None,
        "batch": 4,
        "threads": 1,
    }
    predict(PredictSpec(**{**values, **changes}), this_process(tmp_path))
    lines = (tmp_path / run_files.PREDICTIONS).read_text().splitlines()
    return [run_files.read_prediction(line) for line in lines]


@pytest.mark.parametrize("method", METHODS)
def test_answers_give_the_figures_of_the_training(trained, method, tmp_path):
    report = trained[method][1]

    answers = ask(tmp_path, trained[method])

    assert [answer.id for answer in answers] == list(TRUTH)
    assert all(sum(a.probabilities.values()) == pytest.approx(1) for a in answers)
    assert all(a.label == max(LABELS, key=a.probabilities.get) for a in answers)
    right = [answer.label == TRUTH[answer.id] for answer in answers]
    losses = [-np.log(a.probabilities[TRUTH[a.id]]) for a in answers]
    assert np.mean(right) == pytest.approx(report.best.dev_accuracy)
    assert np.mean(losses) == pytest.approx(report.best.dev_loss, abs=1e-5)


def test_step_0_of_a_fine_tune_is_the_frozen_baseline(trained):
    first = trained[TUNED][1].history[0]
    frozen = trained[BaselineMethod.EMBEDDING_LR][1].best

    assert first == frozen


def test_a_batch_does_not_change_an_answer(trained, tmp_path):
    one = ask(tmp_path, trained[TUNED], batch=1)
    many = ask(tmp_path, trained[TUNED], batch=15)

    for a, b in zip(one, many, strict=True):
        assert a.probabilities == pytest.approx(b.probabilities, abs=1e-5)


def test_copies_of_a_ticket_move_the_baselines(tmp_path):
    rows = tickets(36, seed=1, prefix="t")
    copied = [row for row in rows for _ in range(4 if row["label"] == "low" else 1)]
    train = write_rows(tmp_path, "copied.jsonl", copied)

    spec = baseline_spec(tmp_path, BaselineMethod.MAJORITY, train=train)
    report = train_baseline(spec, this_process(tmp_path))
    answers = ask(tmp_path, (tmp_path, report))

    assert report.rows["train"] == 72
    assert answers[0].label == "low"
    assert answers[0].probabilities["low"] == pytest.approx(48 / 72)


def test_copies_of_a_ticket_do_not_make_its_words_frequent(tmp_path):
    rows = tickets(36, seed=1, prefix="t")
    lone = {"id": "lone", "text": "quokka on the antenna", "label": "low"}
    train = write_rows(tmp_path, "copied.jsonl", [*rows, *[lone] * 3])
    settings = BaselineHyperparameters(min_df=2, ngrams=1)

    spec = baseline_spec(
        tmp_path, BaselineMethod.TFIDF_LR, train=train, hyperparameters=settings
    )
    train_baseline(spec, this_process(tmp_path))

    words = (tmp_path / run_files.ARTIFACT / "vocabulary.json").read_text()
    assert '"router"' in words
    assert "quokka" not in words


def refused(train, spec, folder):
    with pytest.raises(BadInput) as refusal:
        train(spec, this_process(folder))
    assert MARKER not in str(refusal.value)
    return refusal.value.code


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([], "split_empty"),
        ([{"id": "t1", "text": MARKER, "label": "low"}], "splits_overlap"),
    ],
)
def test_a_dev_split_that_cannot_judge_is_refused(tmp_path, rows, code):
    dev = write_rows(tmp_path, "other.jsonl", rows)
    spec = baseline_spec(tmp_path, BaselineMethod.MAJORITY, dev=dev)

    assert refused(train_baseline, spec, tmp_path) == code


def test_data_that_changed_or_went_missing_is_refused(tmp_path):
    spec = baseline_spec(tmp_path, BaselineMethod.MAJORITY)
    gone = baseline_spec(
        tmp_path, BaselineMethod.MAJORITY, train=DataFile("gone.jsonl", "a" * 64)
    )
    write_rows(tmp_path, "train.jsonl", tickets(37, seed=1, prefix="t"))

    assert refused(train_baseline, spec, tmp_path) == "data_changed"
    assert refused(train_baseline, gone, tmp_path) == "data_missing"


@pytest.mark.parametrize("method", [TUNED, "tfidf_lr", "embedding_lr"])
def test_a_single_class_cannot_be_learned(tmp_path, method):
    rows = [row for row in tickets(36, seed=1, prefix="t") if row["label"] == "low"]
    train = write_rows(tmp_path, "low.jsonl", rows)
    if method == TUNED:
        code = refused(train_classifier, classify_spec(tmp_path, train=train), tmp_path)
    else:
        spec = baseline_spec(tmp_path, BaselineMethod(method), train=train)
        code = refused(train_baseline, spec, tmp_path)

    assert code == "one_class"


def test_words_that_hardly_recur_leave_no_vocabulary(tmp_path):
    settings = BaselineHyperparameters(min_df=20)
    rows = tickets(9, seed=1, prefix="t")
    spec = baseline_spec(
        tmp_path,
        BaselineMethod.TFIDF_LR,
        train=write_rows(tmp_path, "few.jsonl", rows),
        hyperparameters=settings,
    )

    assert refused(train_baseline, spec, tmp_path) == "no_vocabulary"


def test_an_encoder_that_gives_no_numbers_is_refused(tmp_path):
    model = tmp_path / "model"
    shutil.copytree(ENCODER.path, model)
    weights = load_file(model / "model.safetensors")
    weights["encoder.layer.5.output.LayerNorm.weight"][:] = np.inf
    save_file(weights, model / "model.safetensors")
    base = BaseModelFiles(str(model), sha256_of(model / "model.safetensors"))
    spec = classify_spec(tmp_path, base_model=base)

    assert refused(train_classifier, spec, tmp_path) == "base_model_not_finite"


def test_a_text_longer_than_asked_for_is_cut_and_counted(tmp_path):
    rows = tickets(36, seed=1, prefix="t")
    rows[0]["text"] += " again" * 40
    settings = Hyperparameters(epochs=1, batch=16, max_length=32)
    spec = classify_spec(
        tmp_path,
        train=write_rows(tmp_path, "long.jsonl", rows),
        hyperparameters=settings,
    )

    report = train_classifier(spec, this_process(tmp_path))

    assert report.truncated == {"train": 1, "dev": 0}
    assert report.settled["max_length"] == 32


def prediction_refused(tmp_path, model, **changes):
    with pytest.raises(BadInput) as refusal:
        ask(tmp_path, model, **changes)
    assert not (tmp_path / run_files.PREDICTIONS).exists()
    return refusal.value.code


def test_a_changed_or_missing_artifact_is_refused(trained, tmp_path):
    folder, report = trained[TUNED]
    copy = tmp_path / "copy"
    shutil.copytree(folder / run_files.ARTIFACT, copy)
    with (copy / "head.safetensors").open("r+b") as stream:
        stream.seek(-1, 2)
        stream.write(b"\x01")

    changed = Artifact(str(copy), report.artifact.sha256)
    gone = Artifact(str(tmp_path / "gone"), report.artifact.sha256)

    assert prediction_refused(tmp_path, trained[TUNED], artifact=changed) == (
        "artifact_changed"
    )
    assert prediction_refused(tmp_path, trained[TUNED], artifact=gone) == (
        "artifact_missing"
    )


def test_other_labels_another_tokenizer_or_no_base_model_are_refused(trained, tmp_path):
    model = tmp_path / "model"
    shutil.copytree(ENCODER.path, model)
    tokenizer = model / "tokenizer.json"
    tokenizer.write_text(
        tokenizer.read_text().replace('"lowercase":true', '"lowercase":false', 1)
    )
    other = BaseModelFiles(str(model), ENCODER.weights_sha256)
    turned = tuple(reversed(LABELS))

    assert (
        prediction_refused(tmp_path, trained[TUNED], labels=turned) == "labels_differ"
    )
    assert (
        prediction_refused(tmp_path, trained[TUNED], base_model=other)
        == "base_model_differs"
    )
    assert (
        prediction_refused(tmp_path, trained[TUNED], base_model=None)
        == "base_model_missing"
    )


def test_no_item_is_an_empty_answer_and_a_repeated_one_is_refused(trained, tmp_path):
    twice = [{"id": "x", "text": MARKER}] * 2

    assert prediction_refused(tmp_path, trained[TUNED], rows=twice) == "id_repeated"
    assert ask(tmp_path, trained[TUNED], rows=[]) == []
