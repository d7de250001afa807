from __future__ import annotations

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from tests.factories import ModelVersionFactory, TrainingRunFactory
from tests.training.frozen import frozen_dataset
from tests.training.supervised import until_over
from training.models import Metric, TrainingRun
from training.services import completing

pytestmark = pytest.mark.django_db
RUNS = "/api/v1/projects/noc/runs/"


def client_of(user) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def asked(**changes) -> dict:
    return {"dataset": "triage", "base_model": "all-minilm-l6-v2", **changes}


def test_a_run_is_queued_watched_and_answered_with_its_model(dataset, erin):
    client = client_of(erin)

    made = client.post(RUNS, asked(hyperparameters={"epochs": 2, "lr": 1e-4}))
    until_over(TrainingRun.objects.get().job, "finish")
    completing.complete_finished_runs()
    seen = client.get(f"{RUNS}{made.data['run']}/")

    assert made.status_code == 202
    assert made.data["state"] == "QUEUED"
    assert made.data["hyperparameters"]["epochs"] == 2
    assert seen.data["state"] == "SUCCEEDED"
    assert seen.data["model"] == "triage-v1-lora-1"
    assert seen.data["curves"]["loss"] == [[1, 0.5]]
    assert TrainingRun.objects.get().created_by == erin


def test_the_same_run_posted_twice_is_one(dataset, erin):
    client = client_of(erin)

    one, two = client.post(RUNS, asked()), client.post(RUNS, asked())

    assert one.data["run"] == two.data["run"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (asked(dataset="none"), "no_such_dataset"),
        (asked(base_model="none"), "base_model_unknown"),
        (asked(hyperparameters={"lr": "fast"}), "hyperparameter"),
    ],
)
def test_a_refusal_is_400_with_its_code(dataset, erin, body, code):
    answer = client_of(erin).post(RUNS, body)

    assert answer.status_code == 400
    assert answer.data["error"]["code"] == code


def test_a_dataset_of_another_project_is_not_found(dataset, erin, mallory):
    frozen_dataset(mallory.memberships.get().project, name="secret")

    answer = client_of(erin).post(RUNS, asked(dataset="elsewhere/secret"))

    assert answer.data["error"]["code"] == "no_such_dataset"


def test_a_queued_run_is_cancelled_once(dataset, erin):
    client = client_of(erin)
    run = client.post(RUNS, asked()).data["run"]

    first = client.post(f"{RUNS}{run}/cancel/")
    second = client.post(f"{RUNS}{run}/cancel/")

    assert (first.status_code, first.data["state"]) == (202, "CANCELLED")
    assert second.status_code == 400
    assert second.data["error"]["code"] == "job_finished"


@pytest.mark.parametrize(
    ("who", "see", "train"),
    [
        ("alice", 200, 202),
        ("erin", 200, 202),
        ("grace", 200, 403),
        ("bob", 403, 403),
        ("frank", 403, 403),
        ("mallory", 404, 404),
    ],
)
def test_who_may_see_and_who_may_train(dataset, request, who, see, train):
    client = client_of(request.getfixturevalue(who))
    run = TrainingRunFactory(dataset=dataset, job__state="QUEUED")

    answers = [
        client.get(RUNS).status_code,
        client.get(f"{RUNS}{run.pk}/").status_code,
        client.post(RUNS, asked()).status_code,
        client.post(f"{RUNS}{run.pk}/cancel/").status_code,
    ]

    assert answers == [see, see, train, train]


def test_nobody_is_let_in_without_signing_in(dataset):
    assert APIClient().get(RUNS).status_code == 401


def test_a_run_of_another_project_is_not_found(dataset, erin):
    other = TrainingRunFactory()

    assert client_of(erin).get(f"{RUNS}{other.pk}/").status_code == 404


def test_pages_of_runs_lead_on(dataset, erin, django_assert_max_num_queries):
    made = [TrainingRunFactory(dataset=dataset).pk for _ in range(51)]

    with django_assert_max_num_queries(4):
        first = client_of(erin).get(RUNS).data
    second = client_of(erin).get(first["next"]).data

    ids = [run["run"] for run in [*first["results"], *second["results"]]]
    assert ids == made[::-1]
    assert second["next"] is None


def test_a_resumed_attempt_replaces_what_it_repeats(dataset, erin):
    run = TrainingRunFactory(dataset=dataset)
    for attempt, seq, step, value in [
        (1, 1, 10, 1.0),
        (1, 2, 20, 0.9),
        (1, 3, 30, 0.8),
        (2, 1, 20, 0.5),
    ]:
        Metric.objects.create(
            job=run.job,
            attempt=attempt,
            seq=seq,
            step=step,
            name="loss",
            value=value,
            at="2026-01-05T08:00Z",
        )

    seen = client_of(erin).get(f"{RUNS}{run.pk}/").data

    assert seen["curves"]["loss"] == [[10, 1.0], [20, 0.5]]


def test_models_are_listed_and_found_by_name(dataset, erin, mallory):
    model = ModelVersionFactory(name="triage-v1-lora-1", run__dataset=dataset)
    client = client_of(erin)

    listed = client.get(reverse("api-models", args=["noc"])).data["results"]
    found = client.get(reverse("api-model", args=["noc", model.name])).data
    missing = client.get(reverse("api-model", args=["noc", "none"])).status_code

    assert [row["name"] for row in listed] == ["triage-v1-lora-1"]
    assert found["dataset"] == "noc/triage@1"
    assert found["run"] == model.run_id
    assert missing == 404
    hidden = client_of(mallory).get(reverse("api-models", args=["noc"]))
    assert hidden.status_code == 404
