"""Why a queue is empty, in words, and when something comes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.models import Involvement, Record
from annotation.services import pausing, seating, settling, waiting
from tests.annotation.desk_seats import DESK, seat
from tests.factories import (
    ProjectFactory,
    RecordFactory,
    ReviewerFactory,
    ReviewFactory,
    VerdictFactory,
)

pytestmark = pytest.mark.django_db


def _nothing(project, me):
    pass


def _in_another_project(project, me):
    RecordFactory(project=ProjectFactory())


def _seated(project, me):
    RecordFactory(project=project, reviews_wanted=1)
    now = timezone.now().replace(hour=12, minute=0)
    seat(project, ReviewerFactory(), now=now + timedelta(days=365))


def _worked(project, me):
    Involvement.objects.create(record=RecordFactory(project=project), reviewer=me)


def _contested(project, me):
    record = RecordFactory(project=project)
    for severity in ("high", "low"):
        ReviewFactory(record=record, severity=severity)
    settling.settle_records(project=project)


def _flagged(project, me):
    RecordFactory(
        project=project, state="EXCLUDED", queued_because="flagged for sanitizing"
    )


def _held(project, me):
    RecordFactory(project=project, state="HELD", title="", body="")


def _answered(project, me):
    ReviewFactory(record=RecordFactory(project=project, state="SETTLED"), reviewer=me)


def _awaiting(project, me):
    ReviewFactory(record=RecordFactory(project=project), reviewer=me)


def _passed_on(project, me):
    record = RecordFactory(project=project)
    ReviewFactory(record=record, reviewer=me, status="SKIPPED", severity="")


def _settled(project, me):
    VerdictFactory(record__project=project)


def _excluded(project, me):
    RecordFactory(project=project, state="EXCLUDED")


def _paused(project, me):
    RecordFactory(project=project)
    pausing.pause(project=project, because="The guidelines change.", now=timezone.now())


def _servable(project, me):
    RecordFactory.create_batch(2, project=project)


REASONS = [
    (_nothing, "No tickets have been imported yet."),
    (_in_another_project, "No tickets have been imported yet."),
    (_seated, "the next seat comes free at 12:10 if it is left"),
    (_worked, "1 open ticket is one that you worked on yourself"),
    (_contested, "A few contested tickets wait for a senior."),
    (_flagged, "1 ticket was flagged and waits for a look at its sanitizing."),
    (_held, "A few tickets are held by the sanitizer"),
    (_answered, "You have answered everything."),
    (_awaiting, "A few tickets that you answered wait for a colleague."),
    (_passed_on, "A few tickets that you passed on wait for a colleague."),
    (_settled, "Every ticket has its verdict."),
    (_excluded, "Every ticket was taken out of the team"),
    (_paused, "The guidelines change."),
    (_servable, "A few tickets wait for you"),
]


@pytest.mark.parametrize(("arrange", "words"), REASONS)
def test_the_page_says_why(project, bob, browser_of, arrange, words):
    arrange(project, bob.reviewer)

    page = browser_of(bob).get(DESK).content.decode()

    assert words in page
    others = {w for _, w in REASONS if w != words and w.endswith(".")}
    assert not [w for w in others if w in page]


def test_a_skip_is_no_answer_given(project, bob, browser_of):
    _passed_on(project, bob.reviewer)

    state = _state(project, bob.reviewer)

    assert (state.answered, state.passed_on, state.awaiting) == (0, 1, 0)
    assert "You have given" not in browser_of(bob).get(DESK).content.decode()


def _state(project, me, **more):
    return waiting.queue_state(project=project, reviewer=me, now=timezone.now(), **more)


def test_counting_stops_at_a_thousand(project, monkeypatch, bob, browser_of):
    monkeypatch.setattr(waiting, "COUNTED", 3)
    RecordFactory.create_batch(5, project=project)

    assert _state(project, bob.reviewer).servable == 4
    assert "More than 3 tickets wait for you" in (
        browser_of(bob).get(DESK).content.decode()
    )


def test_a_wish_that_nothing_fits_names_what_else_there_is(project, bob, browser_of):
    RecordFactory(project=project, category="switching")
    Record.objects.create(project=project, external_id="W1", category="wireless")
    ReviewFactory(record=Record.objects.get(external_id="W1"), reviewer=bob.reviewer)
    browser = browser_of(bob)

    browser.post(DESK, {"action": "wish", "category": "wireless"})
    page = browser.get(DESK).content.decode()
    browser.post(DESK, {"action": "wish"})
    after = browser.get(DESK).content.decode()

    assert "Nothing fits your choice" in page
    assert "A few other tickets wait for you." in page
    assert "A few tickets wait for you" in after


def test_when_a_seat_comes_free_counts_only_tickets_one_may_label(project):
    me, other = ReviewerFactory.create_batch(2)
    mine = RecordFactory(project=project, reviews_wanted=1)
    Involvement.objects.create(record=mine, reviewer=me)
    seat(project, other, now=timezone.now())
    late = RecordFactory(project=project, reviews_wanted=1)
    soon = timezone.now() + timedelta(minutes=5)
    claim = seat(project, ReviewerFactory(), now=soon)

    state = _state(project, me)

    assert claim.record == late
    assert state.frees_at == claim.expires_at
    assert (state.seated_elsewhere, state.worked) == (1, 1)


def test_an_expired_seat_makes_its_ticket_servable_again(project):
    RecordFactory(project=project, reviews_wanted=1)
    past = timezone.now() - timedelta(hours=1)
    seat(project, ReviewerFactory(), now=past)

    assert _state(project, ReviewerFactory()).servable == 1
    assert seating.release_expired(now=timezone.now()) == 1


@pytest.mark.parametrize("rows", [1, 20])
def test_an_empty_desk_costs_few_queries(
    project, bob, browser_of, django_assert_max_num_queries, rows
):
    RecordFactory.create_batch(rows, project=project, state="SETTLED")
    browser = browser_of(bob)
    browser.get(DESK)

    with django_assert_max_num_queries(25):
        assert browser.get(DESK).status_code == 200


def test_progress_tells_today_from_before_and_the_team(project):
    me = ReviewerFactory()
    now = timezone.now().replace(hour=12)
    for days in (0, 0, 3):
        ReviewFactory(
            record=RecordFactory(project=project),
            reviewer=me,
            submitted_at=now - timedelta(days=days),
        )
    ReviewFactory(
        record=RecordFactory(project=project, state="SETTLED"), reviewer=me,
        status="SKIPPED", severity="", submitted_at=now,
    )  # fmt: skip

    found = waiting.progress(project=project, reviewer=me, now=now)

    assert (found.today, found.in_all) == (2, 3)
    assert (found.settled, found.labelable, found.share) == (1, 4, 0.25)


def test_an_empty_project_has_no_share(project):
    found = waiting.progress(
        project=project, reviewer=ReviewerFactory(), now=timezone.now()
    )

    assert found.share == 0
