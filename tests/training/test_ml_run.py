"""The training process from outside: started, read, refused. Real weights, few rows."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from tests.training.ml_runs import (
    ENCODER,
    LABELS,
    MARKER,
    baseline_spec,
    classify_spec,
    error,
    events,
    predictions,
    result,
    run_to_end,
    step_losses,
    tickets,
    write_rows,
    write_run,
)
from training.domain import run_files
from training.domain.job_spec import (
    Artifact,
    BaselineMethod,
    BaseModelFiles,
    PredictSpec,
    write_spec,
)
from training.domain.run_files import EventKind, ExitClass, Phase

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    """A finished fine-tune."""
    folder = tmp_path_factory.mktemp("tuned")
    write_run(folder, classify_spec(folder))
    assert run_to_end(folder) == 0, (folder / "output.log").read_text()
    return folder


def predict(folder, trained, *, base_model):
    """Run a PREDICT job on the rows of DEV; returns its exit code."""
    folder.mkdir(exist_ok=True)
    items = tickets(15, seed=2, prefix="d")
    spec = PredictSpec(
        labels=LABELS,
        items=write_rows(folder, "items.jsonl", items),
        artifact=Artifact(
            str(trained / run_files.ARTIFACT), result(trained).artifact.sha256
        ),
        base_model=base_model,
        batch=4,
        threads=1,
    )
    write_run(folder, spec)
    return run_to_end(folder)


def test_a_fine_tune_learns_and_leaves_its_best_epoch(tuned):
    report = result(tuned)

    assert [record.epoch for record in report.history] == [0, 1, 2]
    assert report.history[2].train_loss < report.history[1].train_loss
    assert report.best in report.history
    assert report.best.dev_macro_f1 == max(r.dev_macro_f1 for r in report.history)
    assert report.rows == {"train": 36, "dev": 15}
    assert report.settled["max_length"] == 64
    assert report.settled["dropout"] == 0.05


def test_a_run_tells_its_phases_metrics_and_progress(tuned):
    phases = [e.data["phase"] for e in events(tuned, EventKind.STATE)]
    progress = [
        e.data for e in events(tuned, EventKind.PROGRESS) if e.data["unit"] == "steps"
    ]
    sequence = [e.seq for e in events(tuned)]

    assert phases == [
        Phase.VERIFYING,
        Phase.LOADING,
        Phase.EMBEDDING,
        Phase.EMBEDDING,
        Phase.TRAINING,
        Phase.SAVING,
        Phase.DONE,
    ]
    assert sorted(step_losses(tuned)) == list(range(1, 19))
    assert (progress[-1]["done"], progress[-1]["total"]) == (18, 18)
    assert sequence == list(range(1, len(sequence) + 1))


def test_the_artifact_is_an_adapter_a_head_and_their_manifest(tuned):
    names = {path.name for path in (tuned / run_files.ARTIFACT).iterdir()}

    assert names == {
        "adapter_config.json",
        "adapter_model.safetensors",
        "head.safetensors",
        "manifest.json",
        "model.json",
    }


def test_predictions_of_a_fine_tune_give_the_figures_of_its_training(tuned, tmp_path):
    truth = {row["id"]: row["label"] for row in tickets(15, seed=2, prefix="d")}

    code = predict(tmp_path, tuned, base_model=ENCODER)

    answers = predictions(tmp_path)
    assert code == 0
    assert [answer.id for answer in answers] == list(truth)
    right = [answer.label == truth[answer.id] for answer in answers]
    losses = [-np.log(a.probabilities[truth[a.id]]) for a in answers]
    assert np.mean(right) == pytest.approx(result(tuned).best.dev_accuracy)
    assert np.mean(losses) == pytest.approx(result(tuned).best.dev_loss, abs=1e-5)


def test_the_same_spec_gives_the_same_artifact(tuned, tmp_path):
    write_run(tmp_path, classify_spec(tmp_path, attempt=4, fence=2))

    run_to_end(tmp_path)

    assert result(tmp_path).artifact == result(tuned).artifact


def test_a_finished_run_is_left_alone(tuned):
    before = {
        p: p.stat().st_mtime_ns for p in tuned.rglob("*") if p.name != "output.log"
    }

    code = run_to_end(tuned)

    after = {
        p: p.stat().st_mtime_ns for p in tuned.rglob("*") if p.name != "output.log"
    }
    assert code == 0
    assert after == before


def test_a_run_whose_fence_has_moved_on_writes_nothing(tmp_path):
    write_run(tmp_path, classify_spec(tmp_path, attempt=1, fence=1))
    (tmp_path / run_files.FENCE).write_text("2\n")

    code = run_to_end(tmp_path)

    assert code == run_files.STALE_EXIT_CODE
    assert not (tmp_path / run_files.ERROR).exists()
    assert not (tmp_path / run_files.EVENTS).exists()


def test_no_ticket_text_leaves_the_data_files(tuned):
    told = [
        path
        for path in tuned.rglob("*")
        if path.is_file()
        and path.suffix != ".safetensors"
        and MARKER in path.read_text()
    ]

    assert {path.name for path in told} == {"train.jsonl", "dev.jsonl"}


def test_tampered_weights_are_refused(tmp_path):
    model = tmp_path / "model"
    shutil.copytree(ENCODER.path, model)
    with (model / "model.safetensors").open("r+b") as stream:
        stream.seek(-1, 2)
        stream.write(b"\x01")
    base = BaseModelFiles(str(model), ENCODER.weights_sha256)
    write_run(tmp_path, classify_spec(tmp_path, base_model=base))

    code = run_to_end(tmp_path)

    assert code == 65
    assert (error(tmp_path).exit_class, error(tmp_path).code) == (
        ExitClass.DATA,
        "weights_changed",
    )
    assert not (tmp_path / run_files.ARTIFACT).exists()


def test_a_spec_without_dev_is_refused_in_words(tmp_path):
    spec = json.loads(write_spec(classify_spec(tmp_path)))
    del spec["dev"]
    (tmp_path / run_files.SPEC).write_text(json.dumps(spec))

    code = run_to_end(tmp_path)

    assert code == 65
    assert error(tmp_path).code == "spec_invalid"
    assert "missing key dev" in error(tmp_path).message


def test_a_label_outside_the_schema_is_refused_without_quoting_the_row(tmp_path):
    rows = [{"id": "x", "text": MARKER, "label": "purple"}]
    dev = write_rows(tmp_path, "other.jsonl", rows)
    write_run(tmp_path, classify_spec(tmp_path, dev=dev))

    code = run_to_end(tmp_path)

    refusal = error(tmp_path)
    assert code == 65
    assert (refusal.exit_class, refusal.code) == (ExitClass.DATA, "label_unknown")
    assert (refusal.message, refusal.has_checkpoint) == (
        "DEV: line 1 has a label outside the schema.",
        False,
    )
    assert MARKER not in (tmp_path / "output.log").read_text()


def test_a_baseline_answers_by_the_same_protocol(tmp_path):
    write_run(tmp_path, baseline_spec(tmp_path, BaselineMethod.MAJORITY))
    folder = tmp_path / "predict"

    trained = run_to_end(tmp_path)
    predicted = predict(folder, tmp_path, base_model=None)

    assert (trained, predicted) == (0, 0)
    assert {answer.label for answer in predictions(folder)} == {"critical"}
    assert result(tmp_path).best.dev_accuracy == pytest.approx(1 / 3)
