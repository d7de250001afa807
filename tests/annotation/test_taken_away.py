"""A record that leaves the queue while somebody sits at it: its text is not shown."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annotation.models import Claim, Project, Record, Review
from annotation.services import drafting
from tests.annotation.desk_seats import DESK, caller, seat, seated
from tests.factories import RecordFactory

pytestmark = pytest.mark.django_db
TEXT = ("Uplink down", "The optic is dark.", "Optic replaced.")


@pytest.fixture
def record(project) -> Record:
    title, body, resolution = TEXT
    return RecordFactory(project=project, title=title, body=body, resolution=resolution)


def _shows_text(reply) -> bool:
    return any(words in reply.content.decode() for words in TEXT)


@pytest.mark.parametrize("state", ["EXCLUDED", "REFERENCE"])
def test_neither_door_shows_a_record_that_left_the_queue(
    record, bob, browser_of, state
):
    browser = seated(browser_of, bob)
    before = caller(bob)("GET", "api-desk")
    Record.objects.update(state=state)

    page, told = browser.get(DESK), caller(bob)("GET", "api-desk")

    assert (_shows_text(before), before.json()["taken_away"]) == (True, False)
    assert not _shows_text(page)
    assert f"{record.external_id} was taken out of the queue" in page.content.decode()
    assert not _shows_text(told)
    assert (told.json()["seat"], told.json()["taken_away"]) == (None, True)


@pytest.mark.parametrize("action", ["submit", "reveal"])
def test_a_form_that_is_refused_comes_back_without_the_text_and_is_kept(
    record, bob, browser_of, action
):
    browser = seated(browser_of, bob)
    claim = Claim.objects.get()
    Record.objects.update(state="EXCLUDED")

    # Without a severity.
    sent = {"action": action, "claim": claim.pk, "response": "Reseat it."}
    page = browser.post(DESK, sent)

    assert page.status_code == 422
    assert not _shows_text(page)
    assert f"{record.external_id} was taken out of the queue" in page.content.decode()
    typed = drafting.load(claim=Claim.objects.get())
    assert typed.fields["response"] == "Reseat it."


def test_what_came_later_is_not_revealed_any_more(record, project, bob):
    claim = seat(project, bob.reviewer)
    Record.objects.update(state="EXCLUDED")

    reply = caller(bob)("POST", "api-desk-reveal", {"severity": "low"}, seat=claim.pk)

    assert reply.status_code == 400
    assert reply.json()["error"]["code"] == "taken_away"
    assert not _shows_text(reply)
    claim.refresh_from_db()
    assert claim.revealed_at is None


def test_a_skip_sent_to_a_closed_project_leaves_the_draft_as_it_was(
    record, project, bob, browser_of
):
    browser = seated(browser_of, bob)
    drafting.save(
        claim=Claim.objects.get(),
        fields={"response": "Reseat it."},
        version=0,
        now=Claim.objects.get().opened_at,
    )
    Project.objects.update(is_active=False)

    sent = {"action": "skip", "claim": Claim.objects.get().pk, "reason": "no context"}
    page = browser.post(DESK, sent)

    assert page.status_code == 409
    typed = drafting.load(claim=Claim.objects.get()).fields
    assert (typed["response"], typed["reason"]) == ("Reseat it.", "no context")
    assert not Review.objects.exists()


def test_a_skip_sent_to_a_closed_project_by_the_api_leaves_the_draft_as_it_was(
    project, bob
):
    RecordFactory(project=project)
    call = caller(bob)
    claim = call("POST", "api-desk-next", {}).json()["seat"]["claim"]
    typed = {"severity": "high", "response": "Reseat the optic."}
    call("PUT", "api-desk-draft", {"version": 0, "fields": typed}, seat=claim)
    Project.objects.update(is_active=False)

    sent = {"claim": claim, "status": "SKIPPED", "reason": "no time"}
    reply = call("POST", "api-desk-answers", sent)

    assert (reply.status_code, reply.json()["version"]) == (409, 2)
    kept = drafting.load(claim=Claim.objects.get()).fields
    assert {**typed, "reason": "no time"}.items() <= kept.items()


def test_a_seat_at_a_record_that_left_the_queue_is_not_kept(
    record, project, bob, browser_of
):
    claim = seat(project, bob.reviewer)
    before = caller(bob)("POST", "api-desk-seat", seat=claim.pk)
    Record.objects.update(state="EXCLUDED")

    told = caller(bob)("POST", "api-desk-seat", seat=claim.pk)
    page = reverse("admin:annotation_desk_heartbeat", args=[project.slug, claim.pk])
    beat = browser_of(bob).post(page)

    assert before.status_code == 200
    for reply in (told, beat):
        assert reply.status_code == 410
        assert reply.json() == {"expires_at": None, "taken_away": True}
    assert Claim.objects.get().state == "OPEN"
