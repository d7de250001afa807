from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from netft_site.base.refusals import Refused
from tests.training.supervised import acting, until_over
from training.models import TrainingRun
from training.services import completing

pytestmark = pytest.mark.django_db


def train(capsys, *arguments: str) -> dict:
    call_command("train", "--json", *arguments)
    return json.loads(capsys.readouterr().out)


def test_without_wait_a_run_is_queued_and_described(dataset, capsys):
    answer = train(
        capsys,
        "--dataset=noc/triage",
        "--base-model=all-minilm-l6-v2",
        "--set=epochs=2",
        "--set",
        "lr=1e-4",
        "--seed=3",
    )

    run = TrainingRun.objects.get()
    assert answer["run"] == run.pk
    assert answer["job"] == run.job_id
    assert (answer["state"], answer["exit_class"]) == ("QUEUED", None)
    assert (answer["dataset"], answer["seed"]) == ("noc/triage@1", 3)
    assert (answer["model"], answer["metrics"], answer["seconds"]) == (None, None, None)
    assert answer["hyperparameters"]["epochs"] == 2
    assert answer["reused"] is False


def test_a_finished_run_is_answered_with_its_model_and_figures(dataset, capsys):
    asked = ("--dataset=triage", "--base-model=all-minilm-l6-v2")
    train(capsys, *asked)
    until_over(TrainingRun.objects.get().job, "finish")
    completing.complete_finished_runs()
    # The pretended run is over so soon that its time may be rounded to nothing.
    job = TrainingRun.objects.get().job
    job.started_at = job.finished_at - timedelta(seconds=2.5)
    job.save()

    answer = train(capsys, *asked, "--wait")

    assert answer["reused"] is True
    assert (answer["state"], answer["exit_class"]) == ("SUCCEEDED", "OK")
    assert answer["model"] == "triage-v1-lora-1"
    assert len(answer["artifact_sha256"]) == 64
    assert answer["metrics"]["best_dev_macro_f1"] == 0.7
    assert answer["metrics"]["epochs"] == 2
    assert answer["seconds"] == 2.5
    assert TrainingRun.objects.get().job.finished_at < timezone.now()


def test_people_get_a_table_instead(dataset, capsys):
    call_command("train", "--dataset=triage", "--base-model=majority")

    shown = capsys.readouterr().out

    assert "majority on noc/triage@1" in shown
    assert "QUEUED" in shown


def test_a_run_that_fails_is_a_refusal_with_its_code(dataset, capsys, monkeypatch):
    monkeypatch.setattr(
        "training.services.jobs.waiting.LocalLauncher", lambda: acting("refuse")
    )

    with pytest.raises(Refused) as refusal:
        train(capsys, "--dataset=triage", "--base-model=majority", "--wait")

    assert refusal.value.code == "run_failed"
    assert "DATA" in refusal.value.message
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "run_failed"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--dataset=none", "--base-model=majority"), "no_such_dataset"),
        (("--dataset=triage", "--base-model=gpt-9"), "base_model_unknown"),
        (
            ("--dataset=triage", "--base-model=majority", "--tuning=lora"),
            "objective_unknown",
        ),
        (
            ("--dataset=triage", "--base-model=majority", "--set=c=much"),
            "hyperparameter",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(dataset, capsys, arguments, code):
    with pytest.raises(Refused) as refusal:
        train(capsys, *arguments)

    assert refusal.value.code == code


@pytest.mark.parametrize("pair", ["epochs", "=3"])
def test_a_setting_without_key_or_value_is_a_wrong_call(dataset, capsys, pair):
    with pytest.raises(CommandError) as wrong:
        train(
            capsys,
            "--dataset=triage",
            "--base-model=all-minilm-l6-v2",
            f"--set={pair}",
        )

    assert wrong.value.returncode == 2
