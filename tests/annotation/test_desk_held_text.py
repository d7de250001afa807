"""Text that cannot be made safe stays in the form in which it was typed."""

from __future__ import annotations

from html import unescape

import pytest

from annotation.models import Claim, Record, Review, SanitizingEvent, ShiftNote
from annotation.services import drafting
from tests.annotation.desk_seats import DESK, seat, seated
from tests.annotation.imports import held_text
from tests.factories import RecordFactory

pytestmark = pytest.mark.django_db
TYPED_IN = {"skip": "reason", "unsure": "reason", "flag": "flag", "leave": "note"}


@pytest.mark.parametrize(("action", "field"), TYPED_IN.items())
def test_it_comes_back_with_what_is_wrong(project, bob, browser_of, action, field):
    RecordFactory(project=project)
    browser = seated(browser_of, bob)
    secret = held_text()[:190]

    sent = {"action": action, "claim": Claim.objects.get().pk, field: secret}
    reply = browser.post(DESK, sent)

    page = unescape(reply.content.decode())
    assert (reply.status_code, secret in page) == (422, True)
    assert "looks like a secret" in page
    assert Claim.objects.get().state == "OPEN"
    for stored in (Review, ShiftNote, SanitizingEvent):
        assert not stored.objects.exists()


@pytest.mark.parametrize(("action", "field"), TYPED_IN.items())
def test_what_is_too_long_comes_back_as_well(project, bob, browser_of, action, field):
    RecordFactory(project=project)
    browser = seated(browser_of, bob)
    long = "x" * 501

    sent = {"action": action, "claim": Claim.objects.get().pk, field: long}
    reply = browser.post(DESK, sent)

    assert (reply.status_code, long in reply.content.decode()) == (422, True)
    assert Claim.objects.get().state == "OPEN"


def test_a_note_comes_back_to_somebody_whose_seat_is_gone(project, bob, browser_of):
    secret = held_text()[:400]

    reply = browser_of(bob).post(DESK, {"action": "leave", "note": secret})

    assert (reply.status_code, secret in unescape(reply.content.decode())) == (
        422,
        True,
    )


def test_a_ticket_that_left_the_queue_keeps_it_as_a_draft(project, bob, browser_of):
    RecordFactory(project=project, title="Uplink down")
    browser, claim = seated(browser_of, bob), Claim.objects.get()
    Record.objects.update(state="EXCLUDED")

    sent = {"action": "skip", "claim": claim.pk, "reason": held_text()[:400]}
    reply = browser.post(DESK, sent)

    assert (reply.status_code, "Uplink down" in reply.content.decode()) == (422, False)
    assert drafting.load(claim=claim).fields["reason"] == sent["reason"]


@pytest.mark.parametrize(("action", "field"), [("skip", "reason"), ("flag", "flag")])
def test_a_second_word_stands_beside_the_first_and_is_kept(
    project, bob, browser_of, action, field
):
    RecordFactory(project=project)
    claim, browser = seat(project, bob.reviewer), browser_of(bob)
    browser.post(DESK, {"action": "submit", "claim": claim.pk, "severity": "high"})

    reply = browser.post(DESK, {"action": action, "claim": claim.pk, field: "no log"})

    page = reply.content.decode()
    assert reply.status_code == 409
    assert ("Skipped" in page, "no log" in page) == (True, True)
    assert drafting.load(claim=claim).fields[field] == "no log"
    assert Review.objects.get().severity == "high"
