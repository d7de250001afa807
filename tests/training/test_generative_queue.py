"""Asking for a model that writes: by service, command, form and API, to the model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from netft_site.base.refusals import Refused
from tests.training import tiny_models
from tests.training.frozen import frozen_dataset
from tests.training.pages import text_of
from training.domain.job_spec import read_spec
from training.domain.strict_json import dump
from training.launchers.local import environment
from training.models import ModelVersion, TrainingRun
from training.services import base_models, registering, runs

pytestmark = pytest.mark.django_db
PAIR = {
    "task": "preference",
    "label": "",
    "answer": "Call the site.",
    "rejected": "Wait and see.",
}


@pytest.fixture
def model(tmp_path, erin):
    """A tiny causal model, registered and approved."""
    folder = tiny_models.chat_model(tmp_path / "tiny", "qwen2")
    return approved(folder, "tiny", erin)


def approved(folder, name, user):
    base = registering.register_local(name=name, folder=folder, licence="Apache-2.0")
    return registering.approve_licence(
        base=base, by=user, note="Anything goes.", now=timezone.now()
    )


@pytest.fixture
def pairs(project):
    """A dataset of preferences alone."""
    extra = {"TRAIN": [PAIR] * 24, "DEV": [PAIR] * 12}
    return frozen_dataset(project, name="pairs", tasks=("preference",), extra=extra)


def spec_of(run):
    return read_spec(dump(run.job.spec))


def code_of(**asked) -> str:
    with pytest.raises(Refused) as refusal:
        runs.queue(**asked)
    assert not TrainingRun.objects.exists()
    return refusal.value.code


def test_a_run_that_writes_takes_the_words_of_its_dataset(project, model):
    dataset = frozen_dataset(project, tasks=("severity", "triage"))

    run = runs.queue(
        dataset=dataset,
        base_model=model,
        objective="sft",
        hyperparameters={"epochs": 1, "packing": "no"},
    )

    spec = spec_of(run)
    assert (run.objective, run.tuning, run.writes) == ("SFT", "LORA", True)
    assert spec.wording.versions == {"severity": "1", "triage": "1"}
    assert [level["key"] for level in spec.wording.levels] == ["critical", "low"]
    assert spec.base_model.template_sha256 == model.template_sha256 != ""
    assert (spec.hyperparameters.packing, spec.hyperparameters.lr) == ("no", "auto")


def test_a_causal_model_still_judges_unless_asked_to_write(dataset, model):
    run = runs.queue(dataset=dataset, base_model=model)

    assert (run.objective, run.tuning) == ("CLASSIFY", "LORA")
    assert spec_of(run).wording is None


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"objective": "sft", "tuning": "none"}, "objective_unknown"),
        ({"objective": "classify", "tuning": "full"}, "objective_unknown"),
        ({"objective": "sft", "tuning": "qlora"}, "quantization_unavailable"),
        ({"objective": "dpo"}, "tasks_missing"),
        (
            {"objective": "sft", "hyperparameters": {"head_lr": "1e-3"}},
            "hyperparameter",
        ),
    ],
)
def test_what_cannot_be_trained_is_refused_before_it_is_queued(
    dataset, model, asked, code
):
    assert code_of(dataset=dataset, base_model=model, **asked) == code


def test_an_encoder_cannot_write(dataset):
    base = base_models.resolve_base_model("all-minilm-l6-v2")

    assert code_of(dataset=dataset, base_model=base, objective="sft") == (
        "objective_unknown"
    )


def test_sft_needs_exchanges(pairs, project, model):
    documents = frozen_dataset(project, name="docs", tasks=("domain_text",))

    for dataset in (pairs, documents):
        assert code_of(dataset=dataset, base_model=model, objective="sft") == (
            "tasks_missing"
        )


def test_a_model_without_a_template_cannot_be_taught_to_write(dataset, tmp_path, erin):
    folder = tiny_models.chat_model(tmp_path / "bare", "llama")
    (folder / "chat_template.jinja").unlink()
    base = approved(folder, "bare", erin)

    assert code_of(dataset=dataset, base_model=base, objective="sft") == "no_template"


@pytest.mark.parametrize(
    ("device", "seen"), [("cpu", ""), ("cpu:2", ""), ("cuda", "0"), ("cuda:1", "1")]
)
def test_a_process_sees_the_gpu_of_its_device_alone(device, seen):
    found = environment(threads=None, device=device)

    assert found["CUDA_VISIBLE_DEVICES"] == seen


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "objective", "tuning"),
    [("triage", "sft", "full"), ("pairs", "dpo", "lora")],
)
def test_a_command_leaves_a_model_with_its_template(
    project, dataset, pairs, model, name, objective, tuning, capsys
):
    call_command(
        "train",
        f"--dataset={name}",
        "--base-model=tiny",
        f"--objective={objective}",
        f"--tuning={tuning}",
        "--set=epochs=1",
        "--set=lr=1e-3",
        "--wait",
        "--json",
    )

    answer = json.loads(capsys.readouterr().out)
    made = ModelVersion.objects.get(name=answer["model"])
    names = set(made.run.job.metrics.values_list("name", flat=True))
    assert answer["model"] == f"{name}-v1-{objective}-{tuning}-1"
    assert made.template_sha256 == model.template_sha256
    assert answer["metrics"]["best_dev_macro_f1"] is None
    assert answer["metrics"]["best_dev_loss"] > 0
    assert {"loss", "dev_loss", "tokens_per_second", "grad_norm"} <= names
    weights = {"lora": "adapter_model.safetensors", "full": "model.safetensors"}
    assert (Path(made.artifact_path) / weights[tuning]).is_file()


@pytest.mark.slow
def test_the_page_of_a_run_that_writes_shows_its_loss(
    dataset, model, erin, browser_of, capsys
):
    call_command("train", "--dataset=triage", "--base-model=tiny", "--objective=sft",
                 "--set=epochs=1", "--wait")  # fmt: skip

    run = TrainingRun.objects.get()
    page = reverse("admin:training_trainingrun_page", args=[run.pk])
    shown = text_of(browser_of(erin).get(page))
    assert "Best DEV loss" in shown
    assert "Tokens right" in shown
    assert "Answers (SFT) with LoRA" in shown
    assert "DEV loss" in capsys.readouterr().out
    listed = browser_of(erin).get(reverse("admin:training_trainingrun_changelist"))
    assert "loss " in text_of(listed)


def test_the_form_queues_a_run_that_writes_without_baselines(
    dataset, model, erin, browser_of
):
    place = reverse("admin:training_trainingrun_launch", args=["noc"])
    client = browser_of(erin)
    asked = {
        "dataset": dataset.pk,
        "base_model": "tiny",
        "seed": "0",
        "objective": "SFT",
        "tuning": "FULL",
        "baselines": "on",
        "set-token_budget": "4096",
    }

    shown = text_of(client.get(place))
    answer = client.post(place, asked)

    run = TrainingRun.objects.get()
    assert "To write answers (SFT)" in shown
    assert answer.status_code == 302
    assert (run.objective, run.tuning) == ("SFT", "FULL")
    assert run.hyperparameters["token_budget"] == 4096


def test_the_form_refuses_a_setting_of_another_kind(dataset, model, erin, browser_of):
    place = reverse("admin:training_trainingrun_launch", args=["noc"])
    asked = {
        "dataset": dataset.pk,
        "base_model": "tiny",
        "seed": "0",
        "objective": "SFT",
        "set-head_lr": "1e-3",
    }

    answer = browser_of(erin).post(place, asked)

    assert answer.status_code == 422
    assert "head_lr" in text_of(answer)
    assert not TrainingRun.objects.exists()


def test_the_api_queues_a_run_that_writes(pairs, model, erin):
    client = APIClient()
    client.force_authenticate(erin)

    answer = client.post(
        "/api/v1/projects/noc/runs/",
        {"dataset": "pairs", "base_model": "tiny", "objective": "dpo"},
        format="json",
    )

    assert answer.status_code == 202
    assert (answer.data["objective"], answer.data["tuning"]) == ("DPO", "LORA")
