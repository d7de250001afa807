"""The desk over HTTP: similar tickets, settings, and a project closed meanwhile."""

from __future__ import annotations

import json

import pytest

from annotation.models import Claim, Project, Review
from annotation.services import drafting
from tests.annotation.desk_seats import CAST, DESK, answer, caller, seat
from tests.factories import ProjectFactory, RecordFactory, VerdictFactory

pytestmark = pytest.mark.django_db
LABELERS = {"alice", "bob", "carol", "dana", "frank"}
OPTIC = {"title": "Uplink down", "body": "Optic is dark."}
SETTINGS = {"shortcuts": True, "saves_at_once": True}


def _typed(record, user) -> str:
    seats = Claim.objects.filter(record=record, reviewer__user=user)
    kept = [drafting.load(claim=claim).fields.get("response", "") for claim in seats]
    return "".join(kept)


@pytest.mark.parametrize("name", CAST)
def test_who_reads_similar_tickets_and_sets_the_keys(request, project, name):
    record = RecordFactory(project=project, **OPTIC)
    like = RecordFactory(project=project, state="SETTLED", **OPTIC)
    VerdictFactory(record=like, severity="medium")
    user = request.getfixturevalue(name)
    right = 404 if name == "mallory" else 200 if name in LABELERS else 403
    if right == 200:
        answer(seat(project, user.reviewer))
    call = caller(user)

    found = call("GET", "api-desk-similar", record=record.pk)
    saved = call("PUT", "api-desk-settings", SETTINGS)

    assert (found.status_code, saved.status_code) == (right, right)
    if right == 200:
        (row,) = found.json()
        assert set(row) == {"record", "title", "severity", "root_cause", "method"}
        assert (row["record"], row["severity"]) == (like.external_id, "medium")
        user.reviewer.refresh_from_db()
        assert user.reviewer.saves_at_once


def test_similar_tickets_come_after_the_answer_and_from_here_only(project, bob):
    record = RecordFactory(project=project)
    call = caller(bob)

    early = call("GET", "api-desk-similar", record=record.pk)
    Project.objects.update(shows_similar=False)
    off = call("GET", "api-desk-similar", record=record.pk)
    elsewhere = RecordFactory(project=ProjectFactory())

    assert (early.status_code, early.json()["error"]["code"]) == (400, "not_answered")
    assert (off.status_code, off.json()["error"]["code"]) == (400, "switched_off")
    assert call("GET", "api-desk-similar", record=elsewhere.pk).status_code == 404
    assert call("GET", "api-desk-similar", record=10**30).status_code == 404


@pytest.mark.parametrize("rows", [1, 20])
def test_similar_tickets_cost_few_queries(
    project, bob, django_assert_max_num_queries, rows
):
    record = RecordFactory(project=project, **OPTIC)
    for _ in range(rows):
        like = RecordFactory(project=project, state="SETTLED", **OPTIC)
        VerdictFactory(record=like)
    answer(seat(project, bob.reviewer))
    call = caller(bob)
    call("GET", "api-desk-similar", record=record.pk)

    with django_assert_max_num_queries(12):
        call("GET", "api-desk-similar", record=record.pk)


def test_ones_own_settings_can_be_read_back(project, bob):
    call = caller(bob)
    call("PUT", "api-desk-settings", SETTINGS)

    assert call("GET", "api-desk-settings").json() == SETTINGS


def test_saving_at_once_needs_the_shortcuts(project, bob):
    off = {"shortcuts": False, "saves_at_once": True}

    reply = caller(bob)("PUT", "api-desk-settings", off)
    odd = caller(bob)("PUT", "api-desk-settings", {"shortcuts": "perhaps"})

    assert reply.json() == {"shortcuts": False, "saves_at_once": False}
    assert odd.status_code == 400


def test_members_are_told_that_a_project_is_closed_and_strangers_nothing(
    project, alice, grace, mallory
):
    Project.objects.update(is_active=False)

    for route in ("api-records", "api-progress", "api-adjudication", "api-desk"):
        for member in (alice, grace):
            reply = caller(member)("GET", route)
            assert reply.status_code == 409
            assert reply.json()["error"]["code"] == "closed"
        assert caller(mallory)("GET", route).status_code == 404


def test_an_answer_to_a_closed_project_is_kept_as_a_draft(project, bob, carol):
    record = RecordFactory(project=project)
    claim = seat(project, bob.reviewer)
    Project.objects.update(is_active=False)
    sent = {"claim": claim.pk, "severity": "low", "response": "Reseat the optic."}

    reply = caller(bob)("POST", "api-desk-answers", sent)
    foreign = caller(carol)("POST", "api-desk-answers", sent)

    assert reply.status_code == foreign.status_code == 409
    assert (reply.json()["kept_as_draft"], reply.json()["version"]) == (True, 1)
    assert set(foreign.json()) == {"error"}
    assert _typed(record, bob) == "Reseat the optic."
    assert _typed(record, carol) == ""
    assert not Review.objects.exists()


@pytest.mark.parametrize("body", [[], "x", {"claim": "x"}, {"claim": 10**30}, None])
def test_an_odd_answer_to_a_closed_project_is_a_clear_409(project, bob, body):
    Project.objects.update(is_active=False)

    reply = caller(bob)("POST", "api-desk-answers", body)

    assert (reply.status_code, set(reply.json())) == (409, {"error"})


def test_a_draft_for_a_closed_project_is_kept_over_its_version(project, bob):
    record = RecordFactory(project=project)
    claim = seat(project, bob.reviewer)
    Project.objects.update(is_active=False)
    call, at = caller(bob), {"seat": claim.pk}

    def put(version: int, text: str):
        body = {"version": version, "fields": {"response": text}}
        return call("PUT", "api-desk-draft", body, **at)

    first, stale = put(0, "Reseat."), put(0, "Replace.")

    assert (first.status_code, first.json()["version"]) == (409, 1)
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "stale_draft")
    assert _typed(record, bob) == "Reseat."


def test_what_an_open_page_saves_for_a_closed_project_is_kept(
    project, bob, carol, mallory, browser_of
):
    record = RecordFactory(project=project)
    claim = seat(project, bob.reviewer)
    Project.objects.update(is_active=False)
    url = f"{DESK}seat/{claim.pk}/draft/"
    body = json.dumps({"version": 0, "fields": {"response": "Reseat."}})

    def save(user, sent=body):
        return browser_of(user).post(url, sent, content_type="application/json")

    kept, again = save(bob), save(bob, body.replace("Reseat", "Replace"))

    assert (kept.status_code, kept.json()["version"]) == (409, 1)
    assert kept.json()["error"]["code"] == "closed"
    assert again.json()["stored"]["version"] == 1
    assert save(carol).json()["version"] is None
    assert save(mallory).status_code == 404
    assert save(bob, "x").status_code == 400
    assert _typed(record, bob) == "Reseat."
