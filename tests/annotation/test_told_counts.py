"""Counts at the desk do not tell a reviewer what their own answer did."""

from __future__ import annotations

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.rounding import told, told_briefly, told_in_words
from annotation.services import waiting
from tests.annotation.desk_seats import DESK, caller
from tests.factories import RecordFactory, ReviewFactory


@given(st.integers(0, 5000))
def test_rounding_never_says_more_than_there_is_and_keeps_nothing(count):
    shown = told(count, exactly=False)

    assert (shown == 0) == (count == 0)
    assert shown <= count
    assert shown == 1 or shown % 10 == 0
    assert told(count, exactly=True) == count


@pytest.mark.parametrize(
    ("count", "words", "brief"),
    [
        (0, "0", "0"),
        (1, "a few", "a few"),
        (10, "a few", "a few"),
        (11, "at least 10", "10+"),
        (57, "at least 50", "50+"),
        (1001, "more than 1,000", "1,000+"),
    ],
)
def test_the_words(count, words, brief):
    assert told_in_words(count, exactly=False, most=1000).words == words
    assert told_briefly(count, exactly=False) == brief


@pytest.mark.django_db
def test_one_more_contested_record_moves_no_count_of_a_reviewer(
    project, alice, carol, browser_of
):
    RecordFactory.create_batch(17, project=project, state="CONTESTED")
    RecordFactory.create_batch(23, project=project)

    def seen(user):
        found = caller(user)("GET", "api-desk").json()["queue"]
        page = browser_of(user).get(DESK).content.decode()
        return found["contested"], found["servable"], "at least 20 tickets" in page

    before, led = seen(carol), seen(alice)
    RecordFactory(project=project, state="CONTESTED")

    assert before == seen(carol) == (10, 20, False)
    assert led[:2] == (17, 23)
    assert "At least 20 tickets wait for you" in (
        browser_of(carol).get(DESK).content.decode()
    )
    assert "23 tickets wait for you" in browser_of(alice).get(DESK).content.decode()


@pytest.mark.django_db
def test_the_team_is_told_in_tens_to_who_labels(project, alice, carol, browser_of):
    RecordFactory.create_batch(12, project=project, state="SETTLED")
    RecordFactory.create_batch(13, project=project)

    assert "team: 10+ of 20+ settled" in browser_of(carol).get(DESK).content.decode()
    assert "team: 12 of 25 settled" in browser_of(alice).get(DESK).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("purpose", ["FIRST", "GOLD", "REPEAT"])
def test_every_answer_moves_ones_own_counts_alike(project, carol, reviewer_of, purpose):
    me, now = reviewer_of(carol), timezone.now()
    record = RecordFactory(project=project, state="SETTLED")
    if purpose == "REPEAT":
        ReviewFactory(record=record, reviewer=me, submitted_at=now)

    def own():
        done = waiting.progress(project=project, reviewer=me, now=now)
        state = waiting.queue_state(project=project, reviewer=me, now=now)
        return done.today, done.in_all, state.answered

    before = own()
    ReviewFactory(record=record, reviewer=me, purpose=purpose, submitted_at=now)

    assert own() == tuple(n + 1 for n in before)
