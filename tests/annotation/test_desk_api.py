"""The label desk over HTTP: who may, the whole way of an answer, and bad luck."""

from __future__ import annotations

import pytest

from annotation.models import Claim, Draft, Project, Record, Review, ShiftNote
from tests.annotation.desk_seats import CAST, DESK, caller, seat, seated
from tests.factories import RecordFactory

pytestmark = pytest.mark.django_db
LABELERS = {"alice", "bob", "carol", "dana", "frank"}


@pytest.mark.parametrize("name", CAST)
def test_who_may_call_what(request, project, name):
    record = RecordFactory(project=project, thread=[{"text": "fixed"}])
    user = request.getfixturevalue(name)
    call, mallory = caller(user), name == "mallory"

    def expect(right: int) -> int:
        return 404 if mallory else right if name in LABELERS else 403

    def got(*asked: object, **names: object) -> int:
        return call(*asked, **names).status_code

    assert got("GET", "api-desk") == expect(200)
    assert got("POST", "api-desk-next", {}) == expect(200)
    held = Claim.objects.filter(record=record).first()
    mine = held.pk if held else 1
    at = {"seat": mine}
    draft = {"version": 0, "fields": {"response": "reseat"}}
    assert got("POST", "api-desk-seat", **at) == expect(200)
    assert got("GET", "api-desk-draft", **at) == expect(200)
    assert got("PUT", "api-desk-draft", draft, **at) == expect(200)
    assert got("POST", "api-desk-reveal", {"severity": "high"}, **at) == expect(200)
    answer = {"claim": mine, "severity": "high"}
    assert got("POST", "api-desk-answers", answer) == expect(201)
    assert got("POST", "api-desk-undo") == expect(200)
    assert got("POST", "api-desk-flag", {"reason": "a name"}, **at) == expect(200)
    assert got("DELETE", "api-desk-seat", **at) == expect(204)
    assert got("GET", "api-desk-shift") == expect(200)
    assert got("POST", "api-desk-shift", {"note": "bye"}) == expect(200)
    lead = 404 if mallory else 200 if name == "alice" else 403
    assert got("POST", "api-queue-pause", {"because": "move"}) == lead


def test_nobody_without_a_token_gets_in(project, client):
    assert client.get("/api/v1/projects/noc/desk/").status_code == 401


def test_a_record_goes_all_the_way(project, bob):
    first, second = RecordFactory.create_batch(2, project=project, resolution="Optic.")
    call = caller(bob)

    given = call("POST", "api-desk-next", {}).json()["seat"]
    at = {"seat": given["claim"]}
    typed = {"version": 0, "fields": {"severity": "high", "response": "Reseat."}}
    saved = call("PUT", "api-desk-draft", typed, **at).json()
    shown = call("POST", "api-desk-reveal", {"severity": "high"}, **at).json()["seat"]
    reply = call(
        "POST",
        "api-desk-answers",
        {"claim": given["claim"], "response": "Reseat.", "next": True},
    )
    back = call("POST", "api-desk-undo").json()
    gone = call("DELETE", "api-desk-seat", seat=back["seat"]["claim"])

    assert given["record"]["id"] == first.pk
    assert "resolution" not in given["record"]
    assert saved == {"version": 1}
    assert (shown["severity"], shown["record"]["resolution"]) == ("high", "Optic.")
    assert (reply.status_code, reply.json()["taken_away"]) == (201, False)
    assert Review.objects.get(pk=reply.json()["review"]).independent
    assert reply.json()["seat"]["record"]["id"] == second.pk
    assert back["record"] == back["seat"]["record"]["id"] == first.pk
    assert gone.status_code == 204
    assert not Claim.objects.filter(state="OPEN").exists()
    stored = Review.objects.get(status="SUBMITTED")
    assert (stored.severity, stored.source) == ("high", "API")


def test_a_double_submit_is_one_answer_and_another_is_409_with_both(project, bob):
    RecordFactory(project=project)
    call = caller(bob)
    sent = {"claim": seat(project, bob.reviewer).pk, "severity": "low"}

    replies = [call("POST", "api-desk-answers", sent) for _ in range(2)]
    other = call("POST", "api-desk-answers", {**sent, "severity": "high"})

    assert [reply.status_code for reply in replies] == [201, 201]
    assert replies[0].json() == replies[1].json()
    assert other.status_code == 409
    assert other.json()["error"]["code"] == "answered"
    assert other.json()["stored"]["severity"] == "low"
    assert other.json()["sent"]["severity"] == "high"
    assert Review.objects.count() == 1


def test_a_stale_draft_is_409_with_both(project, bob):
    RecordFactory(project=project)
    call, at = caller(bob), {"seat": seat(project, bob.reviewer).pk}
    one = {"version": 0, "fields": {"response": "one"}}
    call("PUT", "api-desk-draft", one, **at)

    stale = call("PUT", "api-desk-draft", {**one, "fields": {"response": "two"}}, **at)

    assert stale.status_code == 409
    assert stale.json()["error"]["code"] == "stale_draft"
    assert stale.json()["stored"]["fields"]["response"] == "one"
    assert stale.json()["stored"]["version"] == 1
    assert stale.json()["sent"]["fields"] == {"response": "two"}


def test_once_the_answer_is_in_no_draft_is_kept_for_it(project, bob):
    RecordFactory(project=project)
    call, claim = caller(bob), seat(project, bob.reviewer)
    call("POST", "api-desk-answers", {"claim": claim.pk, "severity": "low"})

    late = {"version": 0, "fields": {"response": "late"}}
    reply = call("PUT", "api-desk-draft", late, seat=claim.pk)

    assert reply.status_code == 410
    assert not Draft.objects.exists()


def test_a_seat_that_is_gone_is_410(project, bob):
    RecordFactory(project=project)
    call, claim = caller(bob), seat(project, bob.reviewer)

    kept = call("POST", "api-desk-seat", seat=claim.pk)
    call("DELETE", "api-desk-seat", seat=claim.pk)
    gone = call("POST", "api-desk-seat", seat=claim.pk)

    assert kept.json()["expires_at"]
    assert (gone.status_code, gone.json()) == (
        410,
        {"expires_at": None, "taken_away": False},
    )


def test_a_hand_over_note_is_sanitized_and_returns_the_seat(project, bob):
    RecordFactory(project=project)
    seat(project, bob.reviewer)
    call = caller(bob)

    told = call("POST", "api-desk-shift", {"note": "Ask at 10.20.30.40 first."}).json()
    [note] = call("GET", "api-desk-shift").json()

    assert told == {"seats_returned": 1}
    assert note["reviewer"] == "bob"
    assert "10.20.30.40" not in ShiftNote.objects.get().note
    assert note["note"].startswith("Ask at ")


def test_nobody_is_served_while_paused_and_who_sits_may_finish(project, alice, bob):
    RecordFactory.create_batch(2, project=project)
    call, claim = caller(bob), seat(project, bob.reviewer)

    paused = caller(alice)("POST", "api-queue-pause", {"because": "Guidelines first."})
    sent = {"claim": claim.pk, "severity": "low", "next": True}
    reply = call("POST", "api-desk-answers", sent)
    caller(alice)("POST", "api-queue-pause", {"because": ""})
    after = call("POST", "api-desk-next", {}).json()

    assert paused.json() == {"paused_because": "Guidelines first."}
    assert reply.status_code == 201
    assert reply.json()["seat"] is None
    assert reply.json()["queue"]["paused_because"] == "Guidelines first."
    assert after["seat"] is not None


def test_a_wish_narrows_what_comes(project, bob):
    RecordFactory(project=project, category="switching", priority=9)
    wireless = RecordFactory(project=project, category="wireless", vendor="aruba")
    call = caller(bob)

    wish = {"category": "wireless", "vendor": "aruba"}
    given = call("POST", "api-desk-next", wish).json()["seat"]
    sent = {"claim": given["claim"], "severity": "low", "next": True, "wish": wish}
    reply = call("POST", "api-desk-answers", sent).json()

    assert given["record"]["id"] == wireless.pk
    assert reply["seat"] is None
    assert (reply["queue"]["servable"], reply["queue"]["unwished"]) == (0, 1)


def test_a_closed_project_says_so_to_the_api_and_the_page_keeps_the_draft(
    project, bob, browser_of
):
    record = RecordFactory(project=project)
    browser, claim = seated(browser_of, bob), Claim.objects.get()
    Project.objects.update(is_active=False)

    sent = {"action": "submit", "claim": claim.pk, "severity": "low"}
    page = browser.post(DESK, {**sent, "response": "Reseat the optic."})

    assert caller(bob)("GET", "api-desk").status_code == 409
    assert page.status_code == 409
    assert "NOC was closed" in page.content.decode()
    assert f"{record.external_id} was not stored; it is kept" in page.content.decode()
    assert not Review.objects.exists()
    assert Draft.objects.get(record=record).reviewer == bob.reviewer


def test_an_answer_to_a_record_excluded_meanwhile_is_kept(project, bob, carol):
    record = RecordFactory(project=project)
    claim = seat(project, bob.reviewer)
    Record.objects.update(state="EXCLUDED")

    sent = {"claim": claim.pk, "severity": "low", "next": True}
    replies = [caller(bob)("POST", "api-desk-answers", sent) for _ in range(2)]

    for reply in replies:
        assert reply.status_code == 201
        assert (reply.json()["seat"], reply.json()["taken_away"]) == (None, True)
    assert Review.objects.get().record == record
    assert seat(project, carol.reviewer) is None
    record.refresh_from_db()
    assert record.state == "EXCLUDED"


def test_an_inactive_reviewer_is_turned_away(project, bob):
    bob.reviewer.is_active = False
    bob.reviewer.save()

    reply = caller(bob)("POST", "api-desk-next", {})

    assert reply.json()["error"]["code"] == "no_reviewer"


@pytest.mark.parametrize("rows", [2, 20])
def test_next_and_answer_cost_few_queries(
    project, bob, django_assert_max_num_queries, rows
):
    RecordFactory.create_batch(rows, project=project)
    call = caller(bob)
    call("GET", "api-desk")

    # Two of each are the savepoint that stands for the transaction in a test.
    with django_assert_max_num_queries(9):
        given = call("POST", "api-desk-next", {}).json()["seat"]
    answer = {"claim": given["claim"], "severity": "low"}
    with django_assert_max_num_queries(12):
        given = call("POST", "api-desk-answers", {**answer, "next": True}).json()
    answer = {"claim": given["seat"]["claim"], "severity": "low"}
    with django_assert_max_num_queries(8):
        call("POST", "api-desk-answers", answer)
