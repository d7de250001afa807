"""Records over HTTP: who may, what comes back, what never does."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from annotation.models import ImportBatch, Record
from annotation.services import tokens
from tests.factories import RecordFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/projects/noc/records/"


@pytest.fixture
def api(frank):
    """A client that sends the integration's token."""
    _, secret = tokens.issue(
        user=frank, name="itsm", now=timezone.now(), lifetime=timedelta(days=1)
    )
    return Client(headers={"authorization": f"Bearer {secret}"})


def send(client: Client, payload: object, url: str = URL):
    content = payload if isinstance(payload, str) else json.dumps(payload)
    return client.post(url, content, content_type="application/json")


def test_one_record_is_added_once(api, project):
    ticket = {"external_id": "INC1", "title": "Link down", "body": "since 10:00"}

    first = send(api, ticket)
    again = send(api, ticket)
    other = send(api, ticket | {"body": "changed"})

    record = Record.objects.get()
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 400)
    assert first.json() == {
        "status": "imported",
        "external_id": "INC1",
        "id": record.pk,
        "field": "",
        "reason": "",
    }
    assert again.json()["status"] == "duplicate"
    assert again.json()["id"] == record.pk
    assert other.json()["field"] == "external_id"
    assert not ImportBatch.objects.exists()


def test_a_list_is_answered_row_by_row_and_noted_as_an_import(api, project, frank):
    rows = [
        {"external_id": "A", "body": "ask jane.doe@example.org"},
        {"external_id": "B", "opened_at": "soon", "body": "x"},
        {"external_id": "C", "body": "broken \ufffd"},
    ]

    answer = send(api, rows, f"{URL}?kind=LOG&origin=SYNTHETIC")

    body = answer.json()
    assert answer.status_code == 200
    assert [one["status"] for one in body["results"]] == [
        "imported",
        "rejected",
        "held",
    ]
    assert body["counts"] == {"imported": 1, "duplicate": 0, "held": 1, "rejected": 1}
    assert body["results"][1]["field"] == "opened_at"
    record = Record.objects.get(external_id="A")
    assert "jane.doe" not in record.body
    assert (record.kind, record.origin) == ("LOG", "SYNTHETIC")
    assert ImportBatch.objects.get().created_by == frank


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ([], "bad_count"),
        ([{"body": "x"}] * 1001, "bad_count"),
        (["text"], "not_an_object"),
        ({"colour": "red"}, "unknown_field"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused_whole(api, project, payload, code):
    answer = send(api, payload)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code
    assert not Record.objects.exists()


def test_a_refusal_never_repeats_what_was_sent(api, project):
    answer = send(api, {"the password is canary-4711": 1})

    assert answer.status_code == 400
    assert b"canary" not in answer.content


@pytest.mark.parametrize("body", ["[" * 100_000, "{", '{"body": NaN}'])
def test_broken_json_is_refused(api, project, body):
    answer = send(api, body)

    assert answer.status_code == 400


def test_a_call_that_is_too_large_is_refused_unread(api, project, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

    answer = send(api, {"body": "x" * 2000})

    assert answer.json()["error"]["code"] == "too_large"


@pytest.mark.parametrize(
    ("name", "may_read", "may_add"),
    [
        ("alice", 200, 201),
        ("bob", 200, 403),
        ("erin", 200, 403),
        ("frank", 200, 201),
        ("grace", 200, 403),
        ("mallory", 404, 404),
    ],
)
def test_who_may_read_and_add(
    request, browser_of, project, name: str, may_read: int, may_add: int
):
    browser = browser_of(request.getfixturevalue(name))

    assert browser.get(URL).status_code == may_read
    assert send(browser, {"body": "x"}).status_code == may_add


def test_strangers_get_401(client, project):
    assert client.get(URL).status_code == 401
    assert send(client, {"body": "x"}).status_code == 401


def test_later_facts_are_for_those_who_may_see_verdicts(
    browser_of, project, alice, bob
):
    record = RecordFactory(project=project, resolution="new optic", thread=[{}])
    url = f"{URL}{record.pk}/"

    lead = browser_of(alice).get(url).json()
    labeler = browser_of(bob).get(url).json()

    assert lead["resolution"] == "new optic"
    assert "resolution" not in labeler
    assert "thread" not in labeler
    assert labeler["body"] == record.body


def test_lists_are_filtered_and_paged_by_cursor(browser_of, project, alice):
    for n in range(5):
        RecordFactory(project=project, state="SETTLED" if n == 0 else "OPEN")
    RecordFactory()
    browser = browser_of(alice)

    first = browser.get(f"{URL}?state=OPEN&page_size=3").json()
    second = browser.get(first["next"]).json()

    ids = [one["id"] for one in first["results"] + second["results"]]
    assert len(ids) == 4
    assert ids == sorted(ids)
    assert second["next"] is None


def test_a_record_of_another_project_is_not_found(browser_of, project, alice):
    elsewhere = RecordFactory()

    assert browser_of(alice).get(f"{URL}{elsewhere.pk}/").status_code == 404


@pytest.mark.parametrize("count", [1, 20])
def test_a_list_costs_the_same_queries_at_any_length(
    browser_of, project, alice, django_assert_num_queries, count
):
    RecordFactory.create_batch(count, project=project)
    browser = browser_of(alice)
    browser.get(URL)

    with django_assert_num_queries(4):
        browser.get(URL)


@pytest.mark.parametrize("count", [1, 20])
def test_adding_costs_the_same_queries_at_any_length(
    api, project, django_assert_num_queries, count
):
    rows = [{"external_id": f"T{n}", "body": f"text {n}"} for n in range(count)]
    # SQLite keeps its text index by statements of our own, PostgreSQL by itself.
    cost = 20 if connection.vendor == "postgresql" else 24

    with django_assert_num_queries(cost):
        send(api, rows)


def test_the_schema_describes_the_records(browser_of, alice):
    schema = browser_of(alice).get("/api/v1/schema/?format=json").json()

    paths = schema["paths"]["/api/v1/projects/{project}/records/"]
    assert set(paths) == {"get", "post"}
    body = paths["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert "RecordOrRecords" in json.dumps(body)
