"""What the label desk brings back: drafts of tickets passed on, answers taken back."""

from __future__ import annotations

import pytest
from django.utils import timezone

from annotation.models import Claim, Draft, Project, Review
from annotation.services import drafting, reviewing
from tests.factories import RecordFactory

DESK = "/admin/annotation/review/desk/noc/"
SAID = {
    "severity": "high",
    "root_cause": "",
    "response": "Reseat the optic.",
    "confidence": "4",
}


def _seated(browser_of, user):
    browser = browser_of(user)
    browser.post(DESK, {"action": "start"})
    return browser, Claim.objects.get(state="OPEN")


def _draft(claim):
    drafting.save(claim=claim, fields=SAID, version=0, now=timezone.now())


def _undone(browser, claim, **said):
    browser.post(DESK, {"action": "submit", "claim": claim.pk, **SAID, **said})
    return browser.post(DESK, {"action": "undo"}, follow=True)


@pytest.mark.parametrize("action", ["skip", "unsure"])
def test_passing_on_keeps_the_draft_and_answering_uses_it_up(
    project, bob, browser_of, action
):
    RecordFactory(project=project)
    browser, claim = _seated(browser_of, bob)
    _draft(claim)

    browser.post(DESK, {"action": action, "claim": claim.pk})
    assert Draft.objects.count() == 1
    browser.post(DESK, {"action": "undo"})
    assert browser.get(DESK).context["form"].initial["response"] == SAID["response"]
    browser.post(DESK, {"action": "submit", "claim": claim.pk, **SAID})
    assert Review.objects.current().get().status == "SUBMITTED"
    assert not Draft.objects.exists()


def test_undo_brings_back_what_was_said(project, bob, browser_of):
    RecordFactory(project=project)
    browser, claim = _seated(browser_of, bob)

    page = _undone(browser, claim)

    form = page.context["form"]
    assert form["severity"].value() == "high"
    assert form["response"].value() == "Reseat the optic."
    assert form["confidence"].value() == 4
    text = page.content.decode()
    assert "Your answer restored" in text
    assert '<option value="4" selected>' in text
    assert ">\nReseat the optic.</textarea>" in text


def test_the_newest_of_two_answers_taken_back_comes_back(project, bob, browser_of):
    RecordFactory(project=project)
    browser, claim = _seated(browser_of, bob)
    _undone(browser, claim)

    page = _undone(browser, claim, response="Replace the cable.")

    assert page.context["form"]["response"].value() == "Replace the cable."


def test_a_draft_goes_before_an_answer_taken_back(project, bob, browser_of):
    RecordFactory(project=project)
    browser, claim = _seated(browser_of, bob)
    _undone(browser, claim, response="Replace the cable.")
    _draft(claim)

    form = browser.get(DESK).context["form"]

    assert form["response"].value() == "Reseat the optic."


def test_a_severity_given_before_the_reveal_stands_after_undo(project, bob, browser_of):
    RecordFactory(project=project, resolution="The optic was dirty.")
    browser, claim = _seated(browser_of, bob)
    reviewing.reveal(
        claim_id=claim.pk,
        reviewer=claim.reviewer,
        severity="low",
        now=timezone.now(),
    )

    form = _undone(browser, claim, severity="low").context["form"]

    assert form.locked == form.initial["severity"] == "low"
    assert form["response"].value() == "Reseat the optic."


@pytest.mark.parametrize(
    "other",
    [{"purpose": "REPEAT", "slot": None}, {"round": 2}],
    ids=["repeat", "round"],
)
def test_an_answer_from_another_seat_stays_out(project, bob, browser_of, other):
    RecordFactory(project=project)
    browser, claim = _seated(browser_of, bob)
    _undone(browser, claim)
    Claim.objects.update(**other)

    form = browser.get(DESK).context["form"]

    assert form["severity"].value() == ""
    assert form["response"].value() is None


def test_nobody_gets_what_a_colleague_took_back(project, bob, carol, browser_of):
    RecordFactory(project=project)
    browser, claim = _seated(browser_of, bob)
    _undone(browser, claim)
    browser.post(DESK, {"action": "leave"})

    colleague = browser_of(carol)
    colleague.post(DESK, {"action": "start"})

    assert "Reseat the optic." not in colleague.get(DESK).content.decode()


def test_undo_brings_back_why_a_ticket_was_passed_on(project, bob, browser_of):
    RecordFactory(project=project)
    browser, claim = _seated(browser_of, bob)
    _draft(claim)
    browser.post(DESK, {"action": "skip", "claim": claim.pk, "reason": "no log"})

    page = browser.post(DESK, {"action": "undo"}, follow=True)

    assert page.context["skip_form"]["reason"].value() == "no log"
    assert page.context["form"]["response"].value() == SAID["response"]
    assert 'value="no log"' in page.content.decode()


def test_what_a_closed_project_kept_is_in_its_form_again(project, bob, browser_of):
    RecordFactory(project=project)
    browser, claim = _seated(browser_of, bob)
    sent = {"skip": "reason", "flag": "flag", "leave": "note"}
    Project.objects.update(is_active=False)
    for action, name in sent.items():
        browser.post(DESK, {"action": action, "claim": claim.pk, name: f"a {name}"})
    Project.objects.update(is_active=True)

    context = browser.get(DESK).context

    assert context["skip_form"]["reason"].value() == "a reason"
    assert context["flag_form"]["flag"].value() == "a flag"
    assert context["note_form"]["note"].value() == "a note"


@pytest.mark.parametrize(("more", "left"), [({}, 0), ({"response": "Reseat."}, 1)])
def test_a_note_that_was_left_is_no_draft_any_more(
    project, bob, browser_of, more, left
):
    RecordFactory(project=project)
    browser, claim = _seated(browser_of, bob)
    typed = {"note": "Wireless is half done.", **more}
    drafting.save(claim=claim, fields=typed, version=0, now=timezone.now())

    browser.post(DESK, {"action": "leave", "note": typed["note"]})
    browser.post(DESK, {"action": "start"})

    assert Draft.objects.count() == left
    assert browser.get(DESK).context["note_form"]["note"].value() in (None, "")
