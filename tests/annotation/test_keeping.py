"""Figures over many rows are kept for some minutes; those over few never are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from annotation.models import Record
from annotation.services import disagreements, keeping, progress, quality, waiting
from tests.annotation.adjudication import answered
from tests.factories import START, ProjectFactory, ReviewerFactory, ReviewFactory

LATER = START + timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _empty():
    cache.clear()


def test_what_is_of_few_rows_is_computed_each_time():
    values = iter([1, 2])

    first, second = (
        keeping.kept("few", lambda: next(values), rows=int, now=START) for _ in "ab"
    )

    assert (first.value, second.value) == (1, 2)


def test_what_is_of_many_rows_is_kept_with_its_time():
    values = iter([keeping.MANY, 9_999])

    first = keeping.kept("many", lambda: next(values), rows=int, now=START)
    second = keeping.kept("many", lambda: next(values), rows=int, now=LATER)

    assert second == first == keeping.Kept(keeping.MANY, START)


def test_one_project_s_figures_are_not_another_s(project, alice, monkeypatch):
    monkeypatch.setattr(progress, "LARGE", 0)
    answered(project, "high")
    other = ProjectFactory()
    facts = {"names_people": True, "knows_gold": True, "own": None}

    mine = progress.progress_of(project=project, now=START, **facts)
    theirs = progress.progress_of(project=other, now=START, **facts)

    assert sum(mine.states.values()) == 1
    assert sum(theirs.states.values()) == 0


@pytest.fixture
def always_kept(monkeypatch):
    monkeypatch.setattr(keeping.kept, "__kwdefaults__", {
        **keeping.kept.__kwdefaults__, "many": 0
    })  # fmt: skip


@pytest.fixture
def reviewer(project, always_kept):
    """Somebody who differs from two peers at one settled record."""
    record = answered(project, "high", "high")
    one = ReviewerFactory()
    ReviewFactory(record=record, reviewer=one, severity="low")
    return one


def report(project, reviewer, names_peers: bool, now=START) -> quality.ReviewerReport:
    return quality.report_on(
        project=project,
        reviewer=reviewer,
        sight=quality.Sight(names_peers=names_peers, knows_gold=False),
        now=now,
    )


def test_kept_figures_do_not_carry_names_to_who_may_not_know_them(project, reviewer):
    lead, own = (report(project, reviewer, names) for names in (True, False))

    assert lead.pairs
    assert not own.pairs
    assert not any(name for one in own.examples for name, _ in one.said)


def test_kept_examples_of_a_record_opened_again_are_left_out(project, reviewer):
    assert report(project, reviewer, False).examples
    Record.objects.update(state="OPEN", decided_at=None)

    again = report(project, reviewer, False, LATER)

    assert again.at == START
    assert again.examples == []


def test_the_pages_say_from_when_their_figures_are(project, always_kept):
    first = disagreements.report(project=project, now=START)
    second = disagreements.report(project=project, now=LATER)
    team = quality.team_report(project=project, now=START)

    assert first.at == second.at == team.at == START


def test_today_counts_at_once_whatever_is_kept(project, always_kept):
    reviewer = ReviewerFactory()
    now = timezone.now()
    for days in (2, 1):
        at = now - timedelta(days=days)
        ReviewFactory(record__project=project, reviewer=reviewer, submitted_at=at)

    before = waiting.progress(project=project, reviewer=reviewer, now=now)
    ReviewFactory(record__project=project, reviewer=reviewer, submitted_at=now)
    after = waiting.progress(project=project, reviewer=reviewer, now=now)

    assert (before.today, before.in_all) == (0, 2)
    assert (after.today, after.in_all) == (1, 3)
