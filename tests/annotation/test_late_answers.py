"""Answers that come late, twice, from an older seat, or to a round that has ended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from annotation.models import Claim, Guidelines, Record, Review
from annotation.services import seating, settling, taking_back
from annotation.services.answers import AnsweredOtherwise, AnswerRefused
from tests.annotation.desk_seats import DESK, LATER, NOW, answer, caller, seat, seated
from tests.factories import GoldFactory, RecordFactory, ReviewerFactory


def _two_seats(project):
    """An older seat that ran out, and a newer one of the same person, at a record."""
    me = ReviewerFactory()
    old = seat(project, me)
    seating.release_expired(now=LATER)
    new = seat(project, me, now=LATER)
    assert (old.record, new.state) == (new.record, "OPEN")
    assert old.pk != new.pk
    return me, old, new


@pytest.mark.parametrize("wanted", [1, 2])
def test_an_answer_from_an_older_seat_uses_the_newer_one_up(project, wanted):
    RecordFactory(project=project, reviews_wanted=wanted)
    me, old, new = _two_seats(project)

    answer(old, now=LATER)

    new.refresh_from_db()
    assert new.state == "DONE"
    assert not Claim.objects.filter(state="OPEN").exists()
    assert seat(project, me, now=LATER) is None


def test_an_answer_from_an_older_seat_can_be_undone(project):
    record = RecordFactory(project=project)
    me, old, _ = _two_seats(project)
    seating.release_all(project=project, reviewer=me)
    answer(old, now=LATER)

    undone = taking_back.undo_last(project=project, reviewer=me, now=LATER)

    assert undone == record
    again = Claim.objects.get(state="OPEN")
    assert (again.record, again.slot, again.opened_at) == (record, 1, old.opened_at)


def test_an_undo_sent_twice_takes_one_answer_back(project):
    RecordFactory.create_batch(2, project=project)
    me = ReviewerFactory()
    answer(seat(project, me))
    last = answer(seat(project, me))
    told = {"project": project, "reviewer": me, "now": NOW, "only": last.pk}

    first, second = taking_back.undo_last(**told), taking_back.undo_last(**told)

    assert first == last.record
    assert second is None
    assert Review.objects.current().submitted().count() == 1


def test_a_gold_answer_is_undone_like_any_other(project):
    gold = GoldFactory(record__project=project).record
    gold.verdicts.update(
        method="ADJUDICATED", adjudicated_by=ReviewerFactory(grade="SENIOR")
    )
    project.gold_share = 0.05
    project.save()
    me = ReviewerFactory()
    claim = seat(project, me, 0.01)
    answer(claim)

    undone = taking_back.undo_last(project=project, reviewer=me, now=NOW)

    assert claim.purpose == "GOLD"
    assert undone == gold
    assert seating.open_seat(project=project, reviewer=me).record == gold


def test_an_answer_names_the_guidelines_it_was_given_under(project):
    RecordFactory(project=project)
    first = Guidelines.objects.create(project=project, version=1, markdown="one")
    Guidelines.objects.update(created_at=NOW - timedelta(days=1))
    claim = seat(project, ReviewerFactory())
    second = Guidelines.objects.create(project=project, version=2, markdown="two")
    Guidelines.objects.filter(pk=second.pk).update(created_at=LATER)

    assert answer(claim, now=LATER).guidelines == first


def test_a_late_answer_to_a_round_that_has_ended_is_history(project):
    record = RecordFactory(project=project, reviews_wanted=1)
    claim = seat(project, ReviewerFactory())
    seating.release_expired(now=LATER)
    Record.objects.filter(pk=record.pk).update(round=2)

    review = answer(claim, now=LATER)
    settling.settle_records(project=project)

    record.refresh_from_db()
    assert (review.round, review.is_current) == (1, False)
    assert record.state == "OPEN"
    assert not record.verdicts.exists()


@pytest.mark.parametrize("given", ["in time", "late"])
def test_an_answer_to_a_round_that_has_ended_is_stored_once(project, given):
    RecordFactory(project=project)
    claim = seat(project, ReviewerFactory())
    if given == "in time":
        first = answer(claim)
        Review.objects.update(is_current=False)
    Record.objects.update(round=2)
    if given == "late":
        first = answer(claim, now=LATER)

    again = answer(claim, now=LATER)

    assert again == first
    assert Review.objects.count() == 1
    with pytest.raises(AnsweredOtherwise) as refusal:
        answer(claim, "low", now=LATER)
    assert refusal.value.stored == first


def test_an_answer_sent_again_after_its_undo_stays_taken_back(project):
    RecordFactory(project=project)
    me = ReviewerFactory()
    old = seat(project, me)
    answer(old)
    taking_back.undo_last(project=project, reviewer=me, now=NOW)

    with pytest.raises(AnswerRefused) as refusal:
        answer(old)

    assert refusal.value.code == "taken_back"
    assert not Review.objects.answers().exists()
    assert seating.open_seat(project=project, reviewer=me).record == old.record


def test_after_an_undo_the_same_can_be_said_from_the_seat_given_again(project):
    RecordFactory(project=project)
    me = ReviewerFactory()
    answer(seat(project, me))
    taking_back.undo_last(project=project, reviewer=me, now=NOW)

    review = answer(seat(project, me))

    assert Review.objects.answers().get() == review


def test_after_an_undo_another_answer_from_the_old_seat_is_kept(project):
    RecordFactory(project=project)
    me = ReviewerFactory()
    old = seat(project, me)
    for severity in ("high", "medium"):
        answer(seat(project, me), severity)
        taking_back.undo_last(project=project, reviewer=me, now=NOW)

    for severity in ("high", "medium"):
        with pytest.raises(AnswerRefused):
            answer(old, severity)
    review = answer(old, "low")

    assert Review.objects.answers().get() == review
    assert not Claim.objects.filter(state="OPEN").exists()


def test_both_doors_say_that_an_answer_sent_again_was_taken_back(
    project, bob, browser_of
):
    record = RecordFactory(project=project)
    browser = seated(browser_of, bob)
    sent = {"claim": Claim.objects.get().pk, "severity": "high"}
    browser.post(DESK, {**sent, "action": "submit"})
    browser.post(DESK, {"action": "undo"})

    page = browser.post(DESK, {**sent, "action": "submit"}, follow=True)
    told = caller(bob)("POST", "api-desk-answers", sent)

    assert "You have taken this answer back" in page.content.decode()
    assert page.context["claim"] == Claim.objects.get(record=record, state="OPEN")
    assert (told.status_code, told.json()["error"]["code"]) == (400, "taken_back")
    assert not Review.objects.answers().exists()
