"""Evaluations and comparisons over HTTP."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from evaluation.models import Evaluation
from evaluation.services import reporting
from tests.evaluation import worlds
from training.models import ModelVersion

pytestmark = pytest.mark.django_db

ROOT = "/api/v1/projects/noc"
COMPARISON = f"{ROOT}/comparison/?dataset=triage"
EVALUATIONS = f"{ROOT}/evaluations/"


@pytest.mark.parametrize(
    ("who", "read", "write"),
    [
        ("alice", 200, 202),
        ("bob", 403, 403),
        ("carol", 403, 403),
        ("dana", 403, 403),
        ("erin", 200, 202),
        ("frank", 403, 403),
        ("grace", 200, 403),
        ("mallory", 404, 404),
    ],
)
def test_who_may_read_and_who_may_queue(
    request, browser_of, models, dataset, who, read, write
):
    browser = browser_of(request.getfixturevalue(who))
    model = worlds.trained(dataset, "majority", "new")
    one = Evaluation.objects.first()
    asked = {"model": model.name, "dataset": "triage"}

    assert browser.get(COMPARISON).status_code == read
    assert browser.get(EVALUATIONS).status_code == read
    assert browser.get(f"{EVALUATIONS}{one.pk}/").status_code == read
    answer = browser.post(EVALUATIONS, asked, content_type="application/json")
    assert answer.status_code == write
    assert Evaluation.objects.filter(model_version=model).exists() == (write == 202)


def test_a_stranger_gets_nothing(client, models):
    assert client.get(COMPARISON).status_code in (401, 403)


def test_the_comparison_is_that_of_the_service(models, dataset, grace, browser_of):
    answer = browser_of(grace).get(COMPARISON)

    expected = reporting.compare(models=models, dataset=dataset).as_dict()
    assert answer.json() == expected


def test_models_may_be_chosen(models, grace, browser_of):
    chosen = "".join(f"&model={model.name}" for model in models[1:3])

    answer = browser_of(grace).get(COMPARISON + chosen)

    assert list(answer.json()["systems"]) == [models[1].name, models[2].name]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?dataset=none", "no_such_dataset"),
        ("", "no_such_dataset"),
        ("?dataset=triage&model=none", "model_unknown"),
        ("?dataset=triage&model=idle", "not_evaluated"),
    ],
)
def test_a_refusal_is_400_with_its_code(
    models, dataset, grace, browser_of, query, code
):
    worlds.trained(dataset, "majority", "idle")

    answer = browser_of(grace).get(f"{ROOT}/comparison/{query}")

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code


def test_a_dataset_without_results_is_a_refusal(dataset, grace, browser_of):
    answer = browser_of(grace).get(COMPARISON)

    assert answer.json()["error"]["code"] == "no_models"


def test_queueing_the_same_twice_gives_the_one_that_stands(dataset, erin, browser_of):
    worlds.trained(dataset, "majority", "new")
    browser = browser_of(erin)
    asked = {"model": "new", "dataset": "triage@1", "split": "CALIBRATION"}

    first, second = (
        browser.post(EVALUATIONS, asked, content_type="application/json")
        for _ in range(2)
    )

    assert first.json()["id"] == second.json()["id"]
    assert first.json()["status"] == "RUNNING"
    assert Evaluation.objects.get().created_by == erin


def test_the_training_split_cannot_be_scored(dataset, erin, browser_of):
    worlds.trained(dataset, "majority", "new")
    asked = {"model": "new", "dataset": "triage", "split": "TRAIN"}

    answer = browser_of(erin).post(EVALUATIONS, asked, content_type="application/json")

    assert answer.status_code == 400
    assert "split" in answer.json()


def test_the_list_is_short_and_one_evaluation_is_whole(models, grace, browser_of):
    browser = browser_of(grace)

    rows = browser.get(EVALUATIONS).json()["results"]
    whole = browser.get(f"{EVALUATIONS}{rows[0]['id']}/").json()

    assert [row["model"] for row in rows] == [m.name for m in reversed(models)]
    assert "report" not in rows[0]
    assert whole["report"]["accuracy"]["n"] == 18
    assert browser.get(f"{EVALUATIONS}999/").status_code == 404


def test_an_evaluation_of_another_project_is_not_found(models, mallory, browser_of):
    other = f"/api/v1/projects/elsewhere/evaluations/{Evaluation.objects.first().pk}/"

    assert browser_of(mallory).get(other).status_code == 404


def test_the_list_takes_as_many_queries_for_one_row_as_for_many(
    models, grace, browser_of
):
    browser = browser_of(grace)
    with CaptureQueriesContext(connection) as many:
        browser.get(EVALUATIONS)
    keep = Evaluation.objects.first().pk
    Evaluation.objects.exclude(pk=keep).delete()

    with CaptureQueriesContext(connection) as one:
        browser.get(EVALUATIONS)

    assert ModelVersion.objects.count() == 4
    assert len(one) == len(many)


def test_reading_changes_nothing(models, grace, browser_of):
    before = list(Evaluation.objects.values())
    browser = browser_of(grace)

    browser.get(COMPARISON)
    browser.get(EVALUATIONS)

    assert list(Evaluation.objects.values()) == before
