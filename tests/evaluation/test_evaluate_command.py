"""`manage.py evaluate`: with a pretended child, and the whole way with the real one."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from evaluation.models import Evaluation
from evaluation.services import evaluating
from netft_site.base.refusals import Refused
from tests.evaluation import worlds
from training.services import base_models, completing, runs

pytestmark = pytest.mark.django_db


def evaluate(capsys, *arguments: str) -> dict:
    call_command("evaluate", "--json", *arguments)
    return json.loads(capsys.readouterr().out)


def test_without_wait_an_evaluation_is_queued_and_described(dataset, capsys):
    model = worlds.trained(dataset, "tfidf-lr", "words")

    answer = evaluate(capsys, "--model=words", "--dataset=triage")

    evaluation = Evaluation.objects.get()
    assert answer == {
        "evaluation": evaluation.pk,
        "job": evaluation.job_id,
        "model": model.name,
        "dataset": "triage@1",
        "split": "TEST",
        "status": "RUNNING",
        "gold_sha256": evaluation.gold_sha256,
        "report": {},
    }


def test_people_get_a_table_of_the_figures(dataset, capsys):
    worlds.scored(
        worlds.trained(dataset, "tfidf-lr", "words"), dataset, worlds.right(1)
    )

    call_command("evaluate", "--model=words", "--dataset=triage")

    shown = capsys.readouterr().out
    assert "words on TEST of triage@1: done" in shown
    assert "macro f1" in shown
    assert "1.000" in shown


def test_an_evaluation_that_failed_is_a_refusal(dataset, capsys, monkeypatch):
    model = worlds.trained(dataset, "tfidf-lr", "words")
    evaluation = evaluating.start(model=model, dataset=dataset)
    worlds.end(evaluation.job, "FAILED", "LOST", "The process was lost.")

    with pytest.raises(Refused) as refusal:
        evaluate(capsys, "--model=words", "--dataset=triage", "--wait")

    assert refusal.value.code == "evaluation_failed"
    assert "The process was lost." in refusal.value.message


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--model=none", "--dataset=triage"), "model_unknown"),
        (("--model=words", "--dataset=none"), "no_such_dataset"),
        (("--model=words", "--dataset=triage@7"), "no_such_dataset"),
    ],
)
def test_what_does_not_exist_is_refused_in_words(dataset, capsys, arguments, code):
    worlds.trained(dataset, "tfidf-lr", "words")

    with pytest.raises(Refused) as refusal:
        evaluate(capsys, *arguments)

    assert refusal.value.code == code
    assert json.loads(capsys.readouterr().out)["error"]["code"] == code


def test_the_training_split_is_a_wrong_call(dataset):
    with pytest.raises(CommandError):
        call_command("evaluate", "--model=m", "--dataset=triage", "--split=train")


@pytest.mark.slow
def test_real_baselines_are_trained_scored_and_compared(dataset, capsys):
    for base in ("majority", "tfidf-lr"):
        base_model = base_models.resolve_base_model(base)
        run = runs.queue(dataset=dataset, base_model=base_model)
        completing.wait_for_run(run=run)

    answers = [
        evaluate(capsys, f"--model=triage-v1-{base}-1", "--dataset=triage", "--wait")
        for base in ("majority", "tfidf-lr")
    ]
    call_command(
        "report",
        "triage-v1-majority-1",
        "triage-v1-tfidf-lr-1",
        "--dataset=triage",
        "--format=json",
    )

    report = json.loads(capsys.readouterr().out)
    assert [answer["status"] for answer in answers] == ["DONE", "DONE"]
    majority, words = (answer["report"]["accuracy"]["value"] for answer in answers)
    assert majority < words > 0.5
    assert report["systems"]["triage-v1-tfidf-lr-1"]["accuracy"]["value"] == words
    assert report["pairs"][0]["wins"] > report["pairs"][0]["losses"]
    assert evaluating.sweep(now=timezone.now()) == 0
