"""The label desk over HTTP: what is refused, with which words."""

from __future__ import annotations

import pytest

from annotation.models import Review, ShiftNote
from tests.annotation.desk_seats import caller, seat
from tests.factories import MembershipFactory, ProjectFactory, RecordFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("route", ["answers", "draft", "reveal", "flag"])
def test_somebody_elses_seat_is_refused(project, bob, carol, route):
    RecordFactory(project=project, resolution="Optic.")
    theirs = seat(project, carol.reviewer)

    assert _refused_at(caller(bob), route, theirs.pk) == "not_yours"
    assert not Review.objects.exists()


@pytest.mark.parametrize("route", ["answers", "draft", "reveal", "flag"])
def test_a_seat_in_another_project_is_none_here(project, bob, route):
    other = ProjectFactory()
    MembershipFactory(user=bob, project=other)
    RecordFactory(project=other, resolution="Optic.")
    there = seat(other, bob.reviewer)

    assert _refused_at(caller(bob), route, there.pk) == "not_yours"
    assert not Review.objects.exists()


@pytest.mark.parametrize("route", ["draft", "reveal", "flag"])
def test_a_seat_number_beyond_every_column_is_nobodys(project, bob, route):
    assert _refused_at(caller(bob), route, 10**30) == "not_yours"


def _refused_at(call, route: str, number: int) -> str:
    bodies = {
        "answers": {"claim": number, "severity": "low"},
        "draft": {"version": 0, "fields": {}},
        "reveal": {"severity": "low"},
        "flag": {"reason": "a name"},
    }
    method = "PUT" if route == "draft" else "POST"
    names = {} if route == "answers" else {"seat": number}
    reply = call(method, f"api-desk-{route}", bodies[route], **names)
    assert reply.status_code == 400
    return reply.json()["error"]["code"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"severity": "urgent"}, "unknown_level"),
        ({}, "unknown_level"),
        ({"severity": "low", "root_cause": "gremlins"}, "unknown_root_cause"),
        ({"severity": "low", "confidence": 9}, "bad_confidence"),
        ({"severity": "low", "response": "x" * 20_001}, "too_long"),
        ({"severity": "low", "status": "WITHDRAWN"}, "status"),
        ({"severity": "low", "seconds_spent": -1}, "seconds_spent"),
        ({"severity": "low", "wish": {"batch": "x"}}, "wish"),
    ],
)
def test_bad_answers_say_what_is_wrong_and_keep_the_seat(project, bob, body, told):
    RecordFactory(project=project)
    claim = seat(project, bob.reviewer)

    reply = caller(bob)("POST", "api-desk-answers", {"claim": claim.pk, **body})

    assert reply.status_code == 400
    found = reply.json()
    assert told in found or found["error"]["code"] == told
    claim.refresh_from_db()
    assert claim.state == "OPEN"


@pytest.mark.parametrize("body", [[], "x", {"category": "a\0b"}, {"batch": [1]}])
def test_an_odd_wish_is_a_clear_400(project, bob, body):
    assert caller(bob)("POST", "api-desk-next", body).status_code == 400


def test_the_note_of_a_secret_is_refused(project, bob):
    secret = "password rotated to: use Ab3dEf6hIj9k then. Later Ab3dEf6hIj9k failed."

    reply = caller(bob)("POST", "api-desk-shift", {"note": secret})

    assert reply.json()["error"]["code"] == "held_text"
    assert not ShiftNote.objects.exists()
