"""Where answers differ: no reference is shown that would answer a test to come."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from annotation.services import keeping, quality
from tests.annotation.quality_answers import answer, decided
from tests.factories import GoldFactory

pytestmark = pytest.mark.django_db


def shown_to(user, project, reviewer) -> set:
    found = quality.report_on(
        project=project,
        reviewer=reviewer,
        sight=quality.sight_of(user, project),
        now=timezone.now(),
    )
    return {one.record for one in found.examples}


@pytest.fixture
def reading_senior(dana):
    """Dana labels, reads reviews, and may not know gold."""
    group = Group.objects.get(name="Senior")
    group.permissions.add(Permission.objects.get(codename="view_review"))
    cache.clear()
    return dana


@pytest.fixture
def differ(project, bob, carol, reviewer_of):
    """In a project with blind repeats, two records on which Carol and Bob differ.

    The second came back to Carol already.
    """
    project.repeat_share = 0.03
    project.save()
    once, twice = (
        decided(project, high=reviewer_of(carol), low=reviewer_of(bob))
        for _ in range(2)
    )
    answer(twice, reviewer_of(carol), "high", purpose="REPEAT")
    return once, twice


def test_what_may_come_again_shows_its_reviewer_no_reference(
    project, alice, carol, reviewer_of, differ
):
    own = reviewer_of(carol)

    assert shown_to(carol, project, own) == {differ[1]}
    assert shown_to(alice, project, own) == set(differ)


def test_where_nothing_comes_again_all_differences_are_shown(
    project, carol, reviewer_of, differ
):
    project.repeat_share = 0
    project.save()

    assert shown_to(carol, project, reviewer_of(carol)) == set(differ)


def test_gold_that_one_may_be_asked_is_shown_to_leads_only(
    project, alice, carol, reading_senior, reviewer_of, differ
):
    GoldFactory(record=differ[0])
    own = reviewer_of(carol)

    assert shown_to(reading_senior, project, own) == {differ[1]}
    assert shown_to(alice, project, own) == set(differ)


def test_gold_made_since_the_page_was_kept_is_left_out(
    project, monkeypatch, carol, reading_senior, reviewer_of, differ
):
    monkeypatch.setattr(quality, "kept", _keeps_all)
    own = reviewer_of(carol)
    before = shown_to(reading_senior, project, own)

    GoldFactory(record=differ[0])

    assert before == set(differ)
    assert shown_to(reading_senior, project, own) == {differ[1]}


def _keeps_all(key, compute, **more):
    return keeping.kept(key, compute, **more | {"many": 0})


def test_the_page_and_the_api_hold_to_it(
    project, carol, reviewer_of, browser_of, differ
):
    own = reviewer_of(carol)
    url = reverse(
        "admin:annotation_reviewer_quality",
        kwargs={"reviewer_id": own.pk, "slug": project.slug},
    )

    page = browser_of(carol).get(url)

    assert [one.record for one in page.context["report"].examples] == [differ[1]]
    assert "none that you may yet be asked again" in page.content.decode()
