"""A reviewer's page and the team's: who opens them, and what nobody learns there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from annotation.services import quality
from tests.annotation.quality_answers import (
    answer,
    decided,
    golds,
    many_decided,
    repeats,
)
from tests.factories import (
    ProjectFactory,
    RecordFactory,
    ReviewerFactory,
    VerdictFactory,
)

pytestmark = pytest.mark.django_db
CAST = ["alice", "bob", "carol", "dana", "erin", "frank", "grace", "mallory"]
SEES_ALL = quality.Sight(names_peers=True, knows_gold=True)
OWN = quality.Sight(names_peers=False, knows_gold=False)


def page(reviewer, project) -> str:
    return reverse(
        "admin:annotation_reviewer_quality",
        kwargs={"reviewer_id": reviewer.pk, "slug": project.slug},
    )


def report(project, reviewer, sight=SEES_ALL):
    return quality.report_on(
        project=project, reviewer=reviewer, sight=sight, now=timezone.now()
    )


@pytest.mark.parametrize("name", CAST)
def test_who_opens_carols_page_and_the_teams(
    request, project, carol, reviewer_of, browser_of, name
):
    browser = browser_of(request.getfixturevalue(name))
    may = {"alice": 200, "erin": 200, "grace": 200, "mallory": 404}

    own = browser.get(page(reviewer_of(carol), project)).status_code
    team = browser.get(reverse("admin:annotation_team_quality", args=[project.slug]))

    assert own == ({"carol": 200} | may).get(name, 403)
    assert team.status_code == may.get(name, 403)


@pytest.mark.parametrize("name", ["bob", "carol", "dana", "frank"])
def test_everybody_who_labels_opens_their_own(
    request, project, reviewer_of, browser_of, name
):
    user = request.getfixturevalue(name)

    answer = browser_of(user).get(page(reviewer_of(user), project))

    assert answer.status_code == 200
    assert "My quality" in answer.content.decode()


def test_people_of_other_projects_have_no_page_here(
    project, alice, mallory, reviewer_of, browser_of
):
    browser = browser_of(alice)

    assert browser.get(page(reviewer_of(mallory), project)).status_code == 404
    source = ReviewerFactory(source=True)
    assert browser.get(page(source, project)).status_code == 404


def test_the_page_says_agreement_lean_and_time(
    project, alice, bob, carol, reviewer_of, browser_of
):
    many_decided(project, reviewer_of(carol), reviewer_of(bob), 40)

    shown = browser_of(alice).get(page(reviewer_of(carol), project))

    found = shown.context["report"]
    assert found.beside.exact.value == 0.5
    assert found.beside.bias.value == 0.5
    assert found.beside.bias.ci[0] > 0
    assert found.pace.median.value == 39.5
    text = shown.content.decode()
    assert "calls tickets 0.5 levels more severe than peers" in text
    assert "bob" in text


def test_to_themselves_peers_have_no_names(
    project, bob, carol, reviewer_of, browser_of
):
    many_decided(project, reviewer_of(carol), reviewer_of(bob), 30)

    text = browser_of(carol).get(page(reviewer_of(carol), project)).content.decode()

    assert "Where answers differ" in text
    assert "You said" in text
    assert "bob" not in text.replace("bob@", "")
    assert "Beside each peer" not in text


def test_answers_to_open_records_are_nobodys_to_see(project, bob, carol, reviewer_of):
    record = RecordFactory(project=project, state="OPEN")
    answer(record, reviewer_of(carol), "high")
    answer(record, reviewer_of(bob), "low")

    for sight in (OWN, SEES_ALL):
        found = report(project, reviewer_of(carol), sight)
        assert found.beside.n == 0
        assert found.examples == []
        assert found.confusion.n == 0


def test_only_independent_first_answers_of_the_standing_round_count(
    project, bob, carol, reviewer_of
):
    own, peer = reviewer_of(carol), reviewer_of(bob)
    for more in (
        {"independent": False},
        {"purpose": "REREVIEW"},
        {"purpose": "GOLD"},
        {"is_current": False},
        {"status": "UNSURE", "severity": ""},
    ):
        record = decided(project, high=own)
        answer(
            record,
            peer,
            **{"level": "low"} | {"level": more.pop("severity", "low")},
            **more,
        )
    old = RecordFactory(project=project, state="SETTLED", round=2)
    answer(old, own, "high", round=2)
    answer(old, peer, "low", round=1)
    decided(ProjectFactory(), high=own, low=peer)

    assert report(project, own).beside.n == 0


def test_under_twenty_answers_nothing_is_said(project, bob, carol, reviewer_of):
    many_decided(project, reviewer_of(carol), reviewer_of(bob), 19)

    found = report(project, reviewer_of(carol)).beside

    assert found.n == 19
    for figure in (found.exact, found.weighted, found.bias):
        assert figure.value is None
        assert "19 of at least 20" in figure.reason


def test_a_seniors_decision_is_the_reference_but_not_ones_own(
    project, bob, carol, reviewer_of
):
    own, peer = reviewer_of(carol), reviewer_of(bob)
    by_peer = decided(project, high=own, medium=peer)
    by_own = decided(project, high=own, low=peer)
    for record, who in ((by_peer, peer), (by_own, own)):
        VerdictFactory(
            record=record, severity="high", method="ADJUDICATED", adjudicated_by=who
        )

    [example] = report(project, own).examples

    assert (example.record, example.reference) == (by_own, "low")


def test_gold_and_repeats_of_this_week_stay_hidden_from_who_labels(
    project, carol, reviewer_of
):
    own, now = reviewer_of(carol), timezone.now()
    before = now - timedelta(days=8)
    golds(project, own, 15, 20, before)
    golds(project, own, 20, 20, now)
    repeats(project, own, 20, before)
    repeats(project, own, 5, now)

    seen, known = report(project, own, OWN), report(project, own)

    assert (seen.gold.value, seen.gold.n) == (0.75, 20)
    assert (known.gold.value, known.gold.n) == (0.875, 40)
    assert (seen.repeats.exact.n, known.repeats.exact.n) == (20, 25)
    assert known.repeats.median_days == 20
    assert seen.hidden_from <= now


def test_very_quick_answers_are_listed(project, bob, carol, reviewer_of):
    record = decided(project, medium=reviewer_of(bob))
    many_decided(project, reviewer_of(carol), reviewer_of(bob), 30)
    answer(record, reviewer_of(carol), "low", seconds_spent=3)

    pace = report(project, reviewer_of(carol)).pace

    assert pace.quick_count == 1
    assert [(one.record, one.seconds) for one in pace.quick] == [(record, 3)]


def test_the_random_sample_is_told_apart(project, bob, carol, reviewer_of):
    many_decided(project, reviewer_of(carol), reviewer_of(bob), 25)
    for _ in range(20):
        record = RecordFactory(project=project, state="CONTESTED")
        for user in (bob, carol):
            answer(record, reviewer_of(user), "high", sampling="RANDOM")

    found = report(project, reviewer_of(carol))

    assert (found.random.value, found.random.n) == (1, 20)
    assert found.beside.n == 45


def test_the_team_is_listed_by_name_with_figures(
    project, alice, bob, carol, reviewer_of, browser_of
):
    many_decided(project, reviewer_of(carol), reviewer_of(bob), 30)
    golds(project, reviewer_of(carol), 18, 20, timezone.now())

    shown = browser_of(alice).get(
        reverse("admin:annotation_team_quality", args=[project.slug])
    )

    rows = {row.reviewer.name: row for row in shown.context["report"].rows}
    assert list(rows) == sorted(rows)
    assert rows["carol"].beside.bias.value == 0.5
    assert rows["bob"].beside.bias.value == -0.5
    assert rows["carol"].gold.value == 0.9
    assert rows["alice"].beside.n == 0


@pytest.mark.parametrize("count", [1, 20])
def test_the_pages_cost_the_same_for_few_and_many(
    project, alice, carol, reviewer_of, browser_of, django_assert_max_num_queries, count
):
    for _ in range(count):
        peer = ReviewerFactory()
        decided(project, high=reviewer_of(carol), low=peer)
        decided(project, high=reviewer_of(carol), critical=peer)
    browser = browser_of(alice)

    with django_assert_max_num_queries(20):
        browser.get(page(reviewer_of(carol), project))
    with django_assert_max_num_queries(14):
        browser.get(reverse("admin:annotation_team_quality", args=[project.slug]))
