from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from django.utils import timezone

from netft_site.base.refusals import Refused
from tests.factories import DatasetFactory, ModelVersionFactory, ProjectFactory
from tests.training.frozen import frozen_dataset
from tests.training.supervised import acting, finished, until_over
from training.domain.job_spec import read_spec
from training.domain.overfitting import verdict
from training.domain.run_files import EpochRecord
from training.domain.strict_json import dump
from training.models import ModelVersion, TrainingRun
from training.services import base_models, completing, jobs, runs

pytestmark = pytest.mark.django_db


@pytest.fixture
def encoder():
    return base_models.resolve_base_model("all-minilm-l6-v2")


def test_a_queued_run_asks_for_exactly_what_was_chosen(dataset, encoder, erin):
    run = runs.queue(
        dataset=dataset,
        base_model=encoder,
        hyperparameters={"lr": "1e-4", "epochs": 3},
        seed=5,
        user=erin,
    )

    spec = read_spec(dump(run.job.spec))
    assert (run.objective, run.tuning, run.created_by) == ("CLASSIFY", "LORA", erin)
    assert spec.labels == ("critical", "low")
    assert (spec.seed, spec.hyperparameters.lr) == (5, 1e-4)
    assert spec.train.sha256 == dataset.manifest["splits"]["TRAIN"]["sha256"]
    assert Path(spec.dev.path).name == "dev.jsonl"
    assert run.hyperparameters["epochs"] == 3
    assert run.job.state == "QUEUED"


def test_the_three_baselines_are_runs_of_their_own(dataset):
    queued = runs.queue_baselines(dataset=dataset)

    assert [run.method for run in queued] == ["majority", "tfidf_lr", "embedding_lr"]
    assert {run.objective for run in queued} == {"BASELINE"}
    with_encoder = [read_spec(dump(r.job.spec)).base_model is not None for r in queued]
    assert with_encoder == [False, False, True]


@pytest.mark.parametrize("state", ["queued", "finished"])
def test_the_same_run_asked_for_again_is_the_one_there_is(dataset, encoder, state):
    first = runs.queue(dataset=dataset, base_model=encoder)
    if state == "finished":
        finished(first)

    again = runs.queue(dataset=dataset, base_model=encoder)
    other_seed = runs.queue(dataset=dataset, base_model=encoder, seed=1)
    forced = runs.queue(dataset=dataset, base_model=encoder, force=True)

    assert again.pk == first.pk
    assert len({first.pk, other_seed.pk, forced.pk}) == 3
    assert forced.fingerprint == first.fingerprint != other_seed.fingerprint


def test_a_run_that_failed_is_not_offered_again(dataset, encoder):
    first = runs.queue(dataset=dataset, base_model=encoder)
    finished(first, "refuse")

    again = runs.queue(dataset=dataset, base_model=encoder)

    assert again.pk != first.pk


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"objective": "baseline"}, "objective_unknown"),
        ({"tuning": "full"}, "objective_unknown"),
        ({"hyperparameters": {"lr": "fast"}}, "hyperparameter"),
        ({"hyperparameters": {"speed": "1"}}, "hyperparameter"),
        ({"seed": -1}, "hyperparameter"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_anything_is_queued(
    dataset, encoder, changes, code
):
    with pytest.raises(Refused) as refusal:
        runs.queue(dataset=dataset, base_model=encoder, **changes)

    assert refusal.value.code == code
    assert not TrainingRun.objects.exists()


def test_a_dataset_that_is_not_frozen_is_refused(project, encoder):
    draft = DatasetFactory(project=project, status="BUILDING")

    with pytest.raises(Refused) as refusal:
        runs.queue(dataset=draft, base_model=encoder)

    assert refusal.value.code == "dataset_not_frozen"


def test_a_dataset_without_dev_is_refused(project, encoder):
    dataset = frozen_dataset(project, DEV=0)

    with pytest.raises(Refused) as refusal:
        runs.queue(dataset=dataset, base_model=encoder)

    assert refusal.value.code == "split_empty"
    assert "DEV" in refusal.value.message


def test_a_run_that_succeeds_leaves_a_model_in_the_store(dataset, encoder, settings):
    run = finished(runs.queue(dataset=dataset, base_model=encoder))

    model = run.model_version
    folder = Path(model.artifact_path)
    assert model.name == "triage-v1-lora-1"
    assert folder == settings.DATA_DIR / "artifacts" / model.artifact_sha256
    assert (folder / "manifest.json").is_file()
    assert not (Path(run.job.run_dir) / "artifact").exists()
    assert run.overfitting.startswith("Still improving")


def test_models_of_one_dataset_are_numbered(dataset, encoder):
    names = [
        finished(
            runs.queue(dataset=dataset, base_model=encoder, seed=seed)
        ).model_version.name
        for seed in range(2)
    ]
    baseline = finished(runs.queue_baselines(dataset=dataset)[1])

    assert names == ["triage-v1-lora-1", "triage-v1-lora-2"]
    assert baseline.model_version.name == "triage-v1-tfidf-lr-1"


def test_completing_twice_makes_one_model(dataset, encoder):
    run = finished(runs.queue(dataset=dataset, base_model=encoder))

    completing.complete_finished_runs()
    again = completing.complete_run(run=run)

    assert again.pk == run.model_version.pk
    assert ModelVersion.objects.count() == 1


def test_a_crash_between_the_job_and_its_model_is_made_good(dataset, encoder, settings):
    run = runs.queue(dataset=dataset, base_model=encoder)
    job = until_over(run.job, "finish")
    # The artifact has moved, the row has not been written.
    sha256 = job.result["artifact"]["sha256"]
    (settings.DATA_DIR / "artifacts").mkdir()
    shutil.move(
        Path(job.run_dir) / "artifact", settings.DATA_DIR / "artifacts" / sha256
    )

    completing.reconcile(now=timezone.now(), launcher=acting("finish"))

    assert ModelVersion.objects.get(run=run).artifact_sha256 == sha256


def test_a_damaged_artifact_becomes_no_model(dataset, encoder):
    run = runs.queue(dataset=dataset, base_model=encoder)
    job = until_over(run.job, "finish")
    (Path(job.run_dir) / "artifact" / "model.json").write_text("{}")

    made = completing.complete_finished_runs()

    job.refresh_from_db()
    assert made == 0
    assert "artifact" in job.message
    assert not ModelVersion.objects.exists()


def test_equal_artifacts_are_stored_once(dataset, encoder, settings):
    one = finished(runs.queue(dataset=dataset, base_model=encoder))
    two = finished(runs.queue(dataset=dataset, base_model=encoder, force=True))

    assert one.model_version.artifact_sha256 == two.model_version.artifact_sha256
    assert len(list((settings.DATA_DIR / "artifacts").iterdir())) == 1


def test_a_model_is_found_by_its_name_and_its_project():
    one = ModelVersionFactory(name="same")
    other = ModelVersionFactory(name="same")
    lone = ModelVersionFactory(name="lone")

    found = runs.resolve_model("lone")
    exact = runs.resolve_model(f"{other.project.slug}/same")

    assert (found, exact) == (lone, other)
    assert one != exact
    for reference, code in [("same", "model_ambiguous"), ("none", "model_unknown")]:
        with pytest.raises(Refused) as refusal:
            runs.resolve_model(reference)
        assert refusal.value.code == code


def test_runs_are_seen_by_members_only(dataset, encoder, erin, mallory):
    run = runs.queue(dataset=dataset, base_model=encoder)

    assert list(TrainingRun.objects.visible_to(erin)) == [run]
    assert not TrainingRun.objects.visible_to(mallory)
    assert ProjectFactory().runs.count() == 0


def epochs(*losses: tuple[float | None, float], f1: tuple[float, ...]) -> list:
    return [
        EpochRecord(n, 10 * n, train, dev, 0.5, f1[n])
        for n, (train, dev) in enumerate(losses)
    ]


@pytest.mark.parametrize(
    ("history", "words"),
    [
        (epochs((None, 1.0), f1=(0.5,)), ""),
        (
            epochs((None, 1.0), (0.9, 1.1), f1=(0.6, 0.5)),
            "did not beat the frozen encoder",
        ),
        (
            epochs((None, 1.0), (0.8, 0.7), (0.3, 0.9), f1=(0.5, 0.7, 0.6)),
            "Overfitting after epoch 1: the loss on DEV rose 29%",
        ),
        (
            epochs((None, 1.0), (0.8, 0.8), (0.6, 0.7), f1=(0.5, 0.6, 0.7)),
            "Still improving",
        ),
        (
            epochs((None, 1.0), (0.8, 0.7), (0.6, 0.71), f1=(0.5, 0.7, 0.6)),
            "No sign of overfitting. Epoch 1",
        ),
        (
            epochs((None, 1.0), (0.8, 0.7), (0.9, 0.9), f1=(0.5, 0.7, 0.6)),
            "No sign of overfitting",
        ),
    ],
)
def test_the_losses_are_judged_in_words(history, words):
    best = max(history, key=lambda record: record.dev_macro_f1)

    said = verdict(history, best)

    assert words in said
    assert bool(said) == bool(words)


def test_waiting_for_a_run_gives_it_its_model(dataset, encoder):
    run = runs.queue(dataset=dataset, base_model=encoder)

    over = completing.wait_for_run(run=run, launcher=acting("finish"))

    assert over.job.state == "SUCCEEDED"
    assert over.model_version.name == "triage-v1-lora-1"
    assert jobs.reconcile_jobs(now=timezone.now(), launcher=acting("finish")) == 0
