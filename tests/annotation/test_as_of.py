"""Severity comes from what was known at opening; what came later stays out of sight."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from annotation.models import Claim, Review
from annotation.services import reviewing, seating, taking_back
from annotation.services.answers import AnswerRefused
from tests.annotation.desk_seats import DESK, LATER, NOW, answer, caller, seat, seated
from tests.factories import RecordFactory, ReviewerFactory

pytestmark = pytest.mark.django_db
HIDDEN = ("Replaced the optic", "Carrier confirmed the cut")


@pytest.fixture
def record(project):
    entry = {"at": "2026-01-05T09:00:00Z", "text": HIDDEN[1], "role": "carrier"}
    return RecordFactory(project=project, resolution=HIDDEN[0], thread=[entry])


def _reveal(claim: Claim, severity: str = "high") -> Claim:
    return reviewing.reveal(
        claim_id=claim.pk, reviewer=claim.reviewer, severity=severity, now=NOW
    )


def test_neither_page_nor_api_shows_what_came_later_before_it_is_asked_for(
    record, bob, browser_of
):
    browser = seated(browser_of, bob)
    call, number = caller(bob), Claim.objects.get().pk

    told = [
        browser.get(DESK).content.decode(),
        json.dumps(call("GET", "api-desk").json()),
        json.dumps(call("POST", "api-desk-next", {}).json()),
        json.dumps(call("GET", "api-desk-draft", seat=number).json()),
    ]

    for text in told:
        assert not [words for words in HIDDEN if words in text]


def test_after_the_severity_both_show_it_and_the_severity_stands(
    record, bob, browser_of
):
    browser = seated(browser_of, bob)
    number = Claim.objects.get().pk
    browser.post(DESK, {"action": "reveal", "claim": number, "severity": "high"})

    page = browser.get(DESK).content.decode()
    given = caller(bob)("GET", "api-desk").json()["seat"]

    assert all(words in page for words in HIDDEN)
    assert 'name="severity"' not in page
    assert "as you said from what was known at opening" in page
    assert given["severity"] == "high"
    assert given["record"]["resolution"] == HIDDEN[0]


def test_another_severity_afterwards_is_refused_and_none_is_the_same(project, record):
    claim = _reveal(seat(project, ReviewerFactory()))

    with pytest.raises(AnswerRefused) as refusal:
        answer(claim, "low")
    review = answer(claim, "", response="Replace the optic.")

    assert refusal.value.code == "severity_stands"
    assert review.severity == "high"
    assert review.visible == [*reviewing.OPENING, "thread", "resolution"]


def test_a_form_that_names_another_severity_changes_nothing(record, bob, browser_of):
    browser = seated(browser_of, bob)
    form = {"claim": Claim.objects.get().pk}
    browser.post(DESK, {**form, "action": "reveal", "severity": "high"})

    browser.post(DESK, {**form, "action": "submit", "severity": "low"})

    assert Review.objects.get().severity == "high"


def test_without_asking_only_the_opening_was_visible(project, record):
    assert answer(seat(project, ReviewerFactory())).visible == list(reviewing.OPENING)


def test_asking_twice_keeps_the_first_severity(project, record):
    claim = _reveal(seat(project, ReviewerFactory()))

    assert _reveal(claim, "low").severity == "high"


@pytest.mark.parametrize("severity", ["", "urgent"])
def test_a_severity_comes_first(project, record, severity):
    claim = seat(project, ReviewerFactory())

    with pytest.raises(AnswerRefused) as refusal:
        _reveal(claim, severity)

    assert refusal.value.code == "unknown_level"
    claim.refresh_from_db()
    assert claim.revealed_at is None


@pytest.mark.parametrize("way", ["released", "taken", "answered"])
def test_who_has_lost_the_seat_reads_no_further(project, record, way):
    claim = seat(project, ReviewerFactory())
    if way == "answered":
        answer(claim)
    else:
        seating.release(claim_id=claim.pk, reviewer=claim.reviewer)
    if way == "taken":
        record.reviews_wanted = 1
        record.save()
        assert seat(project, ReviewerFactory()).record == record

    with pytest.raises(AnswerRefused) as refusal:
        _reveal(claim)

    assert refusal.value.code == "seat_gone"
    claim.refresh_from_db()
    assert claim.revealed_at is None


def test_who_came_too_late_but_was_not_replaced_reads_on(project, record):
    claim = seat(project, ReviewerFactory())
    Claim.objects.update(expires_at=NOW - timedelta(hours=1))

    assert _reveal(claim).revealed_at == NOW


@pytest.mark.parametrize("shows", ["OFFERED", "ALWAYS"])
def test_a_lost_seat_is_said_and_its_answer_can_still_be_sent(
    project, record, bob, browser_of, shows
):
    project.later_facts = shows
    project.save()
    browser = seated(browser_of, bob)
    claim = Claim.objects.get()
    sent = {"claim": claim.pk, "severity": "high"}
    seating.release(claim_id=claim.pk, reviewer=bob.reviewer)

    page = browser.post(DESK, {**sent, "action": "reveal"})
    told = caller(bob)("POST", "api-desk-reveal", {"severity": "low"}, seat=claim.pk)
    browser.post(DESK, {**sent, "action": "submit"})

    text = page.content.decode()
    assert page.status_code == 422
    assert "This seat is no longer yours" in text
    assert 'value="submit"' in text
    assert not [words for words in HIDDEN if words in text]
    assert (told.status_code, told.json()["error"]["code"]) == (400, "seat_gone")
    assert Review.objects.get().visible == list(reviewing.OPENING)


def test_where_the_project_never_shows_it_nobody_gets_it(project, record):
    project.later_facts = "NEVER"
    project.save()

    with pytest.raises(AnswerRefused) as refusal:
        _reveal(seat(project, ReviewerFactory()))

    assert refusal.value.code == "nothing_later"


def test_where_nothing_is_known_there_is_nothing_to_show(project):
    RecordFactory(project=project)

    with pytest.raises(AnswerRefused) as refusal:
        _reveal(seat(project, ReviewerFactory()))

    assert refusal.value.code == "nothing_later"


@pytest.mark.parametrize(
    ("shows", "save", "go_on"),
    [("OFFERED", True, True), ("ALWAYS", False, True), ("NEVER", True, False)],
)
def test_the_page_offers_what_the_project_wants(
    project, record, bob, browser_of, shows, save, go_on
):
    project.later_facts = shows
    project.save()

    page = seated(browser_of, bob).get(DESK).content.decode()

    assert ('value="submit"' in page) is save
    assert ('value="reveal"' in page) is go_on


@pytest.mark.parametrize("way", ["released", "expired"])
def test_a_new_seat_does_not_give_the_severity_free_again(project, record, way):
    me = ReviewerFactory()
    first = _reveal(seat(project, me))
    if way == "released":
        seating.release(claim_id=first.pk, reviewer=me)
    else:
        seating.release_expired(now=LATER)

    again = seat(project, me, now=LATER)

    assert again != first
    assert (again.severity, again.revealed_at) == ("high", first.revealed_at)
    with pytest.raises(AnswerRefused) as refusal:
        answer(again, "low", now=LATER)
    assert refusal.value.code == "severity_stands"


def test_nor_does_taking_the_answer_back(project, record):
    me = ReviewerFactory()
    answer(_reveal(seat(project, me)))
    taking_back.undo_last(project=project, reviewer=me, now=NOW)

    again = seat(project, me)

    with pytest.raises(AnswerRefused) as refusal:
        answer(again, "low")
    assert refusal.value.code == "severity_stands"


def test_a_new_round_asks_anew(project, record):
    me = ReviewerFactory()
    seating.release(claim_id=_reveal(seat(project, me)).pk, reviewer=me)
    type(record).objects.update(round=2)

    again = seat(project, me)

    assert (again.severity, again.revealed_at) == ("", None)


def test_a_skip_after_reading_on_is_still_a_skip(project, record):
    claim = _reveal(seat(project, ReviewerFactory()))

    review = answer(claim, "", status="SKIPPED", reason="no context")

    assert (review.status, review.severity) == ("SKIPPED", "")
    assert "resolution" in review.visible


def test_the_time_stated_is_never_longer_than_the_seat_was_held(project, record):
    claim = seat(project, ReviewerFactory())
    soon = NOW + timedelta(seconds=30)

    assert answer(claim, now=soon, seconds_spent=86_000).seconds_spent == 31
