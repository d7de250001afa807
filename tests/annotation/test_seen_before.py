"""What was seen from one seat stays seen from every other that its person takes."""

from __future__ import annotations

import pytest

from annotation.models import Suggestion
from annotation.services import reviewing, seating, taking_back
from annotation.services.answers import AnswerRefused
from tests.annotation.desk_seats import LATER, NOW, answer, seat
from tests.factories import (
    GoldFactory,
    RecordFactory,
    ReviewerFactory,
    ReviewFactory,
    VerdictFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def me():
    return ReviewerFactory()


def _revealed(claim, severity: str = "low"):
    reviewing.reveal(
        claim_id=claim.pk, reviewer=claim.reviewer, severity=severity, now=NOW
    )
    return claim


def _given_back(claim):
    seating.release(claim_id=claim.pk, reviewer=claim.reviewer)
    return claim


def test_a_severity_that_was_fixed_stands_from_an_older_seat_too(project, me):
    RecordFactory(project=project, resolution="The optic was dirty.")
    old = _given_back(seat(project, me))
    _revealed(seat(project, me))

    with pytest.raises(AnswerRefused) as refusal:
        answer(old, "critical")
    review = answer(old, "")

    assert refusal.value.code == "severity_stands"
    assert review.severity == "low"
    assert "resolution" in review.visible


def test_a_suggestion_seen_later_is_known_of_an_older_seats_answer(project, me):
    record = RecordFactory(project=project)
    old = _given_back(seat(project, me))
    project.shows_suggestions = True
    project.save()
    Suggestion.objects.create(record=record, source="m", severity="low", created_at=NOW)
    assert seat(project, me).suggested

    review = answer(old, "low")

    assert (review.suggested, review.independent) == (True, False)
    assert "suggestion" in review.visible


def test_after_the_undo_of_such_an_answer_the_severity_still_stands(project, me):
    RecordFactory(project=project, resolution="The optic was dirty.")
    old = _given_back(seat(project, me))
    _given_back(_revealed(seat(project, me)))
    answer(old, "low", now=LATER)
    taking_back.undo_last(project=project, reviewer=me, now=LATER)

    with pytest.raises(AnswerRefused) as refusal:
        answer(seat(project, me), "critical", now=LATER)

    assert refusal.value.code == "severity_stands"


def _tested_on(project, me, purpose: str):
    """A settled record that comes to somebody as gold, or as a repeat, only."""
    record = RecordFactory(project=project, state="SETTLED", resolution="A dirty optic")
    VerdictFactory(record=record)
    if purpose == "GOLD":
        GoldFactory(record=record)
    else:
        ReviewFactory(record=record, reviewer=me, submitted_at=NOW.replace(year=2020))
    project.gold_share, project.repeat_share = 0.5, 0.5
    project.save()
    return record


@pytest.mark.parametrize(("purpose", "draw"), [("GOLD", 0.1), ("REPEAT", 0.6)])
def test_a_tests_severity_stands_when_it_is_given_back_and_served_again(
    project, me, purpose, draw
):
    _tested_on(project, me, purpose)
    first = _given_back(_revealed(seat(project, me, draw)))

    again = seat(project, me, draw)

    assert (first.purpose, again.purpose) == (purpose, purpose)
    assert (again.severity, again.revealed_at) == ("low", NOW)
    assert again.pk != first.pk


def test_a_repeat_asks_anew_for_the_severity_that_was_fixed_the_first_time(project, me):
    record = RecordFactory(
        project=project, resolution="A dirty optic", reviews_wanted=1
    )
    answer(_revealed(seat(project, me)), "low")
    record.reviews.update(submitted_at=NOW.replace(year=2020))
    project.repeat_share = 0.5
    project.save()

    again = seat(project, me, 0.1)

    assert (again.purpose, again.severity, again.revealed_at) == ("REPEAT", "", None)
