"""How far a project is: counts, people, forecast, and what stays hidden."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from annotation.models import Record
from annotation.services.progress import SHOWN_DAYS, progress_of
from tests.annotation.quality_answers import answer
from tests.factories import (
    ClaimFactory,
    ProjectFactory,
    RecordFactory,
    ReviewerFactory,
)

pytestmark = pytest.mark.django_db
CAST = ["alice", "bob", "carol", "dana", "erin", "frank", "grace", "mallory"]
PAGE = "admin:annotation_progress"


def progress(project, own=None, **sight):
    sees = {"names_people": True, "knows_gold": True} | sight
    return progress_of(project=project, now=timezone.now(), own=own, **sees)


def days_ago(days: float):
    return timezone.now() - timedelta(days=days)


def labeled(project, reviewer, at, **more):
    record = RecordFactory(project=project, state="SETTLED")
    return answer(record, reviewer, "high", at, **more)


@pytest.mark.parametrize("name", CAST)
def test_members_open_it_and_nobody_else(request, project, browser_of, name):
    browser = browser_of(request.getfixturevalue(name))

    status = browser.get(reverse(PAGE, args=[project.slug])).status_code

    assert status == (404 if name == "mallory" else 200)


def test_an_empty_project_says_what_comes_first(project, alice, browser_of):
    text = browser_of(alice).get(reverse(PAGE, args=[project.slug])).content.decode()

    assert "import tickets first" in text
    assert "No answers in the last 30 days" in text


def test_answers_to_go_are_those_open_records_still_want(project, bob, reviewer_of):
    half = RecordFactory(project=project, reviews_wanted=3)
    answer(half, reviewer_of(bob), "high")
    RecordFactory(project=project, reviews_wanted=2)
    RecordFactory(project=project, reviews_wanted=2, state="SETTLED")
    RecordFactory(project=project, reviews_wanted=9, state="EXCLUDED")
    RecordFactory(project=ProjectFactory(), reviews_wanted=9)

    found = progress(project)

    assert (found.wanted, found.given, found.remaining) == (7, 3, 4)
    assert found.states == {"OPEN": 2, "SETTLED": 1, "EXCLUDED": 1}
    assert found.oldest == half


def test_what_does_not_settle_does_not_count(project, bob, carol, reviewer_of):
    record = RecordFactory(project=project, reviews_wanted=2)
    answer(record, reviewer_of(bob), "high", independent=False)
    answer(record, reviewer_of(carol), "high", purpose="GOLD")

    assert progress(project).remaining == 2


def test_work_is_told_by_day_and_person(project, bob, carol, reviewer_of):
    own, peer = reviewer_of(carol), reviewer_of(bob)
    labeled(project, own, days_ago(0), seconds_spent=1800)
    labeled(project, own, days_ago(0), seconds_spent=1800, purpose="GOLD")
    labeled(project, own, days_ago(8))
    labeled(project, own, days_ago(40))
    labeled(project, peer, days_ago(3), seconds_spent=None)
    later = timezone.now() + timedelta(minutes=5)
    ClaimFactory(record__project=project, reviewer=peer, expires_at=later)
    ClaimFactory(record__project=project, reviewer=own)

    people = {work.name: work for work in progress(project).people}

    assert (people["carol"].today, people["carol"].week) == (2, 2)
    assert (people["carol"].month, people["carol"].week_hours) == (3, 1.0)
    assert (people["bob"].today, people["bob"].week, people["bob"].seats) == (0, 1, 1)
    assert people["carol"].seats == 0
    assert progress(project).team.month == 4


def test_who_only_labels_sees_themselves_and_the_others(
    project, bob, carol, reviewer_of, browser_of
):
    labeled(project, reviewer_of(carol), days_ago(1))
    labeled(project, reviewer_of(bob), days_ago(1))

    shown = browser_of(carol).get(reverse(PAGE, args=[project.slug]))

    people = [work.name for work in shown.context["progress"].people]
    assert people == ["carol", "the others"]
    assert "bob" not in shown.content.decode()


def test_a_gold_answer_moves_ones_own_count_and_no_exact_count_of_records(
    project, carol, reviewer_of
):
    RecordFactory.create_batch(23, project=project)
    own = reviewer_of(carol)

    def counts():
        found = progress(project, own, names_people=False, knows_gold=False)
        return found.people[0].today, found.team.today, found.states, found.remaining

    before = counts()
    labeled(project, own, days_ago(0), purpose="GOLD")

    assert before == (0, 0, {"OPEN": 20}, 50)
    assert counts()[:2] == (1, 1)


def test_the_forecast_rests_on_complete_days(project, bob, reviewer_of):
    RecordFactory.create_batch(10, project=project, reviews_wanted=2)
    for day in range(1, 15):
        for _ in range(2):
            labeled(project, reviewer_of(bob), days_ago(day), seconds_spent=60)
    for _ in range(9):
        labeled(project, reviewer_of(bob), days_ago(0), seconds_spent=60)

    found = progress(project)

    assert (found.forecast.per_day, found.forecast.n_days) == (2, 14)
    assert found.forecast.days == pytest.approx(10, abs=0.1)
    assert found.done_on[0] - found.days[-1] == timedelta(days=10)
    assert found.minutes.value == 20
    assert len(found.days) == SHOWN_DAYS


@pytest.mark.parametrize(("imported", "n_days"), [(4, 4), (6, 6), (20, 14)])
def test_days_before_the_first_import_do_not_slow_the_forecast(
    project, bob, reviewer_of, imported, n_days
):
    for day in range(1, 5):
        for _ in range(10):
            labeled(project, reviewer_of(bob), days_ago(day))
    RecordFactory.create_batch(20, project=project, reviews_wanted=5)
    Record.objects.update(created_at=days_ago(imported))

    found = progress(project).forecast

    assert (found.remaining, found.n_days, found.working_days) == (100, n_days, 4)
    assert found.per_day == pytest.approx(40 / n_days)
    if imported == 4:
        assert found.days == pytest.approx(10, abs=0.1)


def test_answers_from_before_the_import_begin_the_window(project, bob, reviewer_of):
    RecordFactory.create_batch(3, project=project, reviews_wanted=2)
    for day in (5, 3, 1):
        labeled(project, reviewer_of(bob), days_ago(day))

    found = progress(project).forecast

    assert (found.n_days, found.working_days) == (5, 3)


def test_two_days_of_labeling_give_no_forecast(
    project, alice, bob, reviewer_of, browser_of
):
    RecordFactory(project=project)
    for day in (1, 2):
        labeled(project, reviewer_of(bob), days_ago(day))

    text = browser_of(alice).get(reverse(PAGE, args=[project.slug])).content.decode()

    assert "No forecast: fewer than 3 working days of labeling." in text


def test_contested_records_say_since_when_they_wait(project, alice, browser_of):
    RecordFactory(project=project, state="CONTESTED", decided_at=days_ago(3))

    text = browser_of(alice).get(reverse(PAGE, args=[project.slug])).content.decode()

    assert "the oldest for 3\xa0days" in text


@pytest.mark.parametrize("count", [1, 20])
def test_the_page_costs_the_same_for_few_and_many(
    project, alice, browser_of, django_assert_max_num_queries, count
):
    for _ in range(count):
        labeled(project, ReviewerFactory(), days_ago(1))
        RecordFactory(project=project)
    browser = browser_of(alice)

    with django_assert_max_num_queries(17):
        browser.get(reverse(PAGE, args=[project.slug]))
