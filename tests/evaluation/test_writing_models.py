"""Models that write on the same scale: tuned with SFT, and their base as it is."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command
from django.utils import timezone

from evaluation.models import Evaluation
from evaluation.services import evaluating, lineup, untuned
from netft_site.base.refusals import Refused
from tests.factories import START, BaseModelFactory
from tests.training import tiny_models
from training.models import BaseModel, Dataset, TrainingRun
from training.services import base_folders, completing, jobs, runs

pytestmark = pytest.mark.django_db


@pytest.fixture
def base(tmp_path, db) -> BaseModel:
    """A tiny language model with a chat template, its licence approved."""
    folder = tmp_path / "tiny"
    tiny_models.chat_model(folder, "qwen2", positions=2048)
    facts = base_folders.read_facts(folder)
    return BaseModelFactory(
        name="tiny-qwen",
        architecture=BaseModel.Architecture.CAUSAL,
        source=BaseModel.Source.LOCAL,
        location=str(folder),
        weights_sha256=facts.weights_sha256,
        template_sha256=facts.shape.template_sha256,
        context_length=facts.shape.context_length,
        parameters=facts.parameters,
        licence="Apache-2.0",
        licence_approved_by="erin e",
        licence_approved_at=START,
        licence_note="May be tuned and used.",
    )


def scored(model, dataset: Dataset) -> Evaluation:
    evaluation = evaluating.start(model=model, dataset=dataset)
    return evaluating.wait_for(evaluation=evaluation)


@pytest.mark.slow
def test_a_base_and_what_was_tuned_from_it_answer_the_same_tickets(dataset, base):
    run = runs.queue(
        dataset=dataset,
        base_model=base,
        objective="sft",
        hyperparameters={"epochs": 1},
    )
    jobs.wait_for(job_id=run.job_id)
    completing.reconcile(now=timezone.now())
    run.job.refresh_from_db()
    assert run.job.state == "SUCCEEDED", run.job.message
    tuned = TrainingRun.objects.get(pk=run.pk).model_version
    as_it_is = untuned.untuned(base=base, project=dataset.project)

    found = [scored(model, dataset) for model in (as_it_is, tuned)]

    assert [one.status for one in found] == ["DONE", "DONE"], [
        one.failure for one in found
    ]
    assert len({one.gold_sha256 for one in found}) == 1
    for one in found:
        assert one.report["accuracy"]["ci"]
        given = one.predictions.values_list("probabilities", flat=True)
        assert all(sum(shares.values()) == pytest.approx(1) for shares in given)
    question, first, second = lineup.questions([as_it_is, tuned])[0]
    assert (first, second) == (as_it_is.name, tuned.name)
    assert question == "Tuned model against its base, untuned"


def test_a_base_is_one_model_of_a_project(project, base):
    first = untuned.model_of("tiny-qwen", project=project)

    assert untuned.model_of("tiny-qwen", project=project) == first
    assert first.run is None
    assert first.template_sha256 == base.template_sha256


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"architecture": "ENCODER"}, "not_causal"),
        ({"template_sha256": ""}, "no_template"),
        ({"licence_approved_by": ""}, "licence_unapproved"),
    ],
)
def test_a_base_that_cannot_be_asked_is_refused(project, base, values, code):
    BaseModel.objects.filter(pk=base.pk).update(**values)
    base.refresh_from_db()

    with pytest.raises(Refused) as refusal:
        untuned.untuned(base=base, project=project)

    assert refusal.value.code == code


def test_the_command_takes_the_name_of_a_base(dataset, base, capsys):
    call_command("evaluate", model="tiny-qwen", dataset=str(dataset), json=True)

    assert json.loads(capsys.readouterr().out)["model"] == "tiny-qwen"
