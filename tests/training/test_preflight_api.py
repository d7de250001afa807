"""The pre-flight over HTTP, and what it costs the database."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from tests.training.frozen import frozen_dataset
from tests.training.looked import look, withhold
from training.services import base_models

pytestmark = pytest.mark.django_db


@pytest.fixture
def encoder():
    return base_models.resolve_base_model("all-minilm-l6-v2")


def test_the_api_answers_with_the_same_report(project, dataset, encoder, erin):
    client = APIClient()
    client.force_authenticate(erin)
    body = {"dataset": "triage", "base_model": encoder.name}

    told = client.post("/api/v1/projects/noc/preflights/", body, format="json")
    wrong = {**body, "hyperparameters": {"lr": "fast"}}
    refused = client.post("/api/v1/projects/noc/preflights/", wrong, format="json")

    assert told.status_code == refused.status_code == 200
    expected = look(dataset, encoder).as_dict()
    assert told.data["tokens"] == expected["tokens"]
    assert told.data["may_start"] is True
    assert refused.data["may_start"] is False
    assert refused.data["checks"][0]["code"] == "hyperparameter"


@pytest.mark.parametrize(
    ("who", "code"), [("alice", 200), ("grace", 403), ("bob", 403), ("mallory", 404)]
)
def test_who_may_look_ahead_by_the_api(dataset, request, who, code):
    client = APIClient()
    client.force_authenticate(request.getfixturevalue(who))
    body = {"dataset": "triage", "base_model": "majority"}

    answer = client.post("/api/v1/projects/noc/preflights/", body, format="json")

    assert answer.status_code == code


def test_a_launch_by_the_api_is_refused_with_the_code_of_the_check(dataset, erin):
    withhold(dataset)
    client = APIClient()
    client.force_authenticate(erin)

    answer = client.post(
        "/api/v1/projects/noc/runs/",
        {"dataset": "triage", "base_model": "majority"},
        format="json",
    )

    assert answer.status_code == 400
    assert answer.data["error"]["code"] == "record_withheld"


def test_a_look_takes_as_many_queries_whatever_the_dataset_holds(project, encoder):
    small = frozen_dataset(project, name="small")
    large = frozen_dataset(project, name="large", TRAIN=900, TEST=300)
    look(small, encoder)

    with CaptureQueriesContext(connection) as first:
        look(small, encoder)
    with CaptureQueriesContext(connection) as second:
        look(large, encoder)

    assert len(first) == len(second) <= 4
