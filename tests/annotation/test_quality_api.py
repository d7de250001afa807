"""Quality, progress, gold and people over HTTP."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from annotation.models import Gold
from annotation.services import tokens
from tests.annotation.quality_answers import answer, golds, many_decided
from tests.factories import (
    ClaimFactory,
    GoldFactory,
    ProjectFactory,
    RecordFactory,
    ReviewFactory,
    VerdictFactory,
)

pytestmark = pytest.mark.django_db
CAST = ["alice", "bob", "carol", "dana", "erin", "frank", "grace", "mallory"]
READERS = {"alice": 200, "erin": 200, "grace": 200, "mallory": 404}


@pytest.fixture
def api_of(client):
    """Return what calls a route with a token of somebody."""

    def sign(user):
        _, secret = tokens.issue(
            user=user, name="t", now=timezone.now(), lifetime=timedelta(days=1)
        )
        headers = {"authorization": f"Bearer {secret}"}

        def call(method: str, route: str, body: object = None, **names: object):
            url = reverse(route, kwargs={"project": "noc", **names})
            content = "" if body is None else json.dumps(body)
            return client.generic(
                method, url, content, "application/json", headers=headers
            )

        return call

    return sign


@pytest.mark.parametrize("name", CAST)
def test_who_may_call_what(request, project, carol, reviewer_of, api_of, name):
    call, own = api_of(request.getfixturevalue(name)), reviewer_of(carol).pk
    row = GoldFactory(record__project=project).pk
    members = {} if name != "mallory" else {"mallory": 404}
    lead = {"alice": 200, "mallory": 404}

    def status(*asked: object, **names: object) -> int:
        return call(*asked, **names).status_code

    assert status("GET", "api-reviewers") == READERS.get(name, 403)
    assert status("GET", "api-reviewer", reviewer=own) == READERS.get(name, 403)
    assert status("GET", "api-reviewer-quality", reviewer=own) == (
        READERS | {"carol": 200}
    ).get(name, 403)
    assert status("GET", "api-progress") == members.get(name, 200)
    assert status("GET", "api-gold") == READERS.get(name, 403)
    assert status("POST", "api-gold", {"records": []}) == (
        400 if name == "alice" else lead.get(name, 403)
    )
    assert status("POST", "api-gold-retire", gold_id=row) == lead.get(name, 403)
    assert status("PATCH", "api-reviewer", {"is_active": True}, reviewer=own) == (
        lead.get(name, 403)
    )


def test_quality_comes_with_intervals_and_names_for_leads_only(
    project, alice, bob, carol, reviewer_of, api_of
):
    many_decided(project, reviewer_of(carol), reviewer_of(bob), 40)
    key = reviewer_of(carol).pk

    led = api_of(alice)("GET", "api-reviewer-quality", reviewer=key).json()
    own = api_of(carol)("GET", "api-reviewer-quality", reviewer=key)

    assert led["agreement"]["value"] == 0.5
    assert set(led["agreement"]) == {"value", "ci", "n", "method", "reference"}
    assert led["bias"]["value"] == 0.5
    assert [one["name"] for one in led["peers"]] == ["bob"]
    assert led["examples"][0]["peers"] == [{"severity": "medium", "reviewer": "bob"}]
    assert led["confusion"]["counts"][1] == [0, 20, 0, 0]
    assert own.json()["peers"] == []
    assert "bob" not in own.content.decode()


def test_progress_tells_the_forecast_and_ones_own_work(
    project, bob, carol, reviewer_of, api_of
):
    RecordFactory.create_batch(10, project=project, reviews_wanted=2)
    for day in range(1, 8):
        record = RecordFactory(project=project, state="SETTLED")
        at = timezone.now() - timedelta(days=day)
        answer(record, reviewer_of(bob), "high", at, seconds_spent=30)

    found = api_of(carol)("GET", "api-progress").json()

    assert found["answers"] == {"wanted": 30, "given": 10, "remaining": 20}
    assert [one["name"] for one in found["people"]] == ["carol", "the others"]
    assert found["forecast"]["per_day"] == 1
    assert found["forecast"]["working_days"] == 7
    assert found["forecast"]["done_on"]["earliest"]
    assert found["seconds"]["value"] == 30


def test_gold_is_added_listed_retired_and_restored(project, alice, api_of):
    record = VerdictFactory(record__project=project).record
    call = api_of(alice)

    made = call("POST", "api-gold", {"records": [record.pk], "reason": "A clear case."})
    again = call("POST", "api-gold", {"records": [record.pk]})

    assert (made.status_code, again.status_code) == (201, 400)
    assert again.json()["error"]["code"] == "not_known"
    [row] = call("GET", "api-gold").json()["results"]
    assert (row["external_id"], row["severity"]) == (record.external_id, "high")
    assert row["right"]["reason"] == "No gold record was answered."
    assert not call("POST", "api-gold-retire", gold_id=row["id"]).json()["is_active"]
    assert not Gold.objects.get().is_active
    assert call("POST", "api-gold-restore", gold_id=row["id"]).json()["is_active"]


def test_gold_of_another_project_is_not_found(alice, api_of):
    foreign = GoldFactory(record__project=ProjectFactory())

    answer = api_of(alice)("POST", "api-gold-retire", gold_id=foreign.pk)

    assert answer.status_code == 404


def test_deactivating_returns_the_seats(project, alice, carol, reviewer_of, api_of):
    seat = ClaimFactory(record__project=project, reviewer=reviewer_of(carol))
    call, key = api_of(alice), reviewer_of(carol).pk

    off = call("PATCH", "api-reviewer", {"is_active": False}, reviewer=key).json()
    seat.refresh_from_db()
    on = call("PATCH", "api-reviewer", {"is_active": True}, reviewer=key).json()

    assert (off["is_active"], off["seats_returned"]) == (False, 1)
    assert seat.state == "RELEASED"
    assert (on["is_active"], on["seats_returned"]) == (True, 0)
    own = reviewer_of(alice).pk
    refused = call("PATCH", "api-reviewer", {"is_active": False}, reviewer=own)
    assert refused.json()["error"]["code"] == "yourself"
    bad = call("PATCH", "api-reviewer", {"is_active": "maybe"}, reviewer=key)
    assert bad.status_code == 400


def test_who_only_answered_here_is_listed_and_not_switched_off(
    project, alice, mallory, reviewer_of, api_of
):
    ReviewFactory(record__project=project, reviewer=reviewer_of(mallory))
    call, key = api_of(alice), reviewer_of(mallory).pk

    names = [one["name"] for one in call("GET", "api-reviewers").json()]
    off = call("PATCH", "api-reviewer", {"is_active": False}, reviewer=key)

    assert names == ["alice", "mallory"]
    assert off.status_code == 404
    assert reviewer_of(mallory).is_active


@pytest.mark.parametrize("count", [1, 20])
def test_lists_cost_the_same_for_few_and_many(
    project, alice, bob, reviewer_of, api_of, django_assert_max_num_queries, count
):
    golds(project, reviewer_of(bob), 1, count, timezone.now())
    call = api_of(alice)

    for route in ("api-gold", "api-reviewers", "api-progress"):
        with django_assert_max_num_queries(15):
            assert call("GET", route).status_code == 200


@pytest.mark.parametrize("number", [10**30, 2**62 + 1, 0])
def test_a_number_that_no_record_can_have_is_a_clear_400(
    project, alice, browser_of, number
):
    answer = browser_of(alice).post(
        "/api/v1/projects/noc/gold/",
        {"records": [number], "reason": "x"},
        content_type="application/json",
    )

    assert answer.status_code == 400
    assert "records" in answer.json()
