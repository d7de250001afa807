"""The whole way with the real training process on a tiny dataset."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from netft_site.base.files import sha256_of
from tests.training.frozen import frozen_dataset
from tests.training.supervised import has_ended
from tests.waiting import wait_until
from training.launchers.local import LocalLauncher
from training.models import ModelVersion
from training.services import base_models, completing, jobs, runs
from training.services.jobs.observing import handle_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def reconcile(job) -> None:
    completing.reconcile(now=timezone.now())
    job.refresh_from_db()


@pytest.mark.parametrize("base", ["tfidf-lr", "all-minilm-l6-v2"])
def test_every_base_trains_to_a_model_by_command(project, capsys, base):
    frozen_dataset(project)
    settings = (
        ["--set=epochs=2", "--set=max_length=16"] if base == "all-minilm-l6-v2" else []
    )

    call_command(
        "train",
        "--dataset=triage",
        f"--base-model={base}",
        *settings,
        "--wait",
        "--json",
    )

    answer = json.loads(capsys.readouterr().out)
    model = ModelVersion.objects.get(name=answer["model"])
    manifest = Path(model.artifact_path) / "manifest.json"
    assert (answer["state"], answer["exit_class"]) == ("SUCCEEDED", "OK")
    assert sha256_of(manifest) == answer["artifact_sha256"] == model.artifact_sha256
    assert 0 <= answer["metrics"]["best_dev_macro_f1"] <= 1
    if base == "all-minilm-l6-v2":
        assert answer["metrics"]["best_epoch"] in (0, 1, 2)
        names = set(model.run.job.metrics.values_list("name", flat=True))
        assert {"loss", "train_loss", "dev_loss", "dev_macro_f1"} <= names


def test_a_killed_fine_tune_resumes_from_its_checkpoint_and_ends(project):
    dataset = frozen_dataset(project, TRAIN=40)
    run = runs.queue(
        dataset=dataset,
        base_model=base_models.resolve_base_model("all-minilm-l6-v2"),
        hyperparameters={"epochs": 3, "patience": 3, "batch": 4, "max_length": 16},
    )
    job = run.job
    jobs.launch_job(job_id=job.pk, now=timezone.now())
    job.refresh_from_db()
    events = Path(job.run_dir) / "events.jsonl"

    wait_until(
        lambda: events.exists() and '"epoch": 1, "name"' in events.read_text(), 120
    )
    os.kill(job.pid, signal.SIGKILL)
    wait_until(lambda: has_ended(job.pid))
    reconcile(job)
    attempt, exit_class = job.attempt, job.exit_class
    over = completing.wait_for_run(run=run)

    assert (attempt, exit_class) == (2, "HOST_OOM")
    assert over.job.state == "SUCCEEDED"
    assert "resumed_from_step" in events.read_text()
    assert len(over.job.result["history"]) == 4
    assert over.model_version.name == "triage-v1-lora-1"


def test_a_cancelled_fine_tune_saves_and_leaves_within_its_grace(project):
    dataset = frozen_dataset(project, TRAIN=40)
    run = runs.queue(
        dataset=dataset,
        base_model=base_models.resolve_base_model("all-minilm-l6-v2"),
        hyperparameters={"epochs": 10, "patience": 10, "batch": 4, "max_length": 16},
    )
    job = run.job
    jobs.launch_job(job_id=job.pk, now=timezone.now())
    job.refresh_from_db()
    events = Path(job.run_dir) / "events.jsonl"
    wait_until(lambda: events.exists() and '"steps"' in events.read_text(), 120)

    asked_at = timezone.now()
    jobs.cancel_job(job_id=job.pk, user=None, now=asked_at)
    wait_until(lambda: not LocalLauncher().poll(handle_of(job)).alive, 60)
    reconcile(job)

    assert (job.state, job.exit_class) == ("CANCELLED", "CANCELLED")
    assert job.message == "Stopped on request."
    assert list((Path(job.run_dir) / "checkpoints").iterdir())
    assert (job.finished_at - asked_at).total_seconds() < 60
