"""Answers that come late, twice, from an older seat, or to a round that has ended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from annotation.models import Claim, Guidelines, Record, Review
from annotation.services import seating, settling, taking_back
from tests.annotation.desk_seats import LATER, NOW, answer, seat
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
