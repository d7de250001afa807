"""The tickets of this week: enough work for a visitor, and nothing of the world's."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from netft_site.demo_world import build_fresh, build_world, write_fresh

# A December week, which the dates of the world itself never reach.
NOW = datetime(2026, 12, 10, 9, 30, 12, 5, tzinfo=UTC)
SEEDS = (7, 8, 9)


def answers_of(fresh):
    """The levels that each ticket was given, in the order of the tickets."""
    given = defaultdict(list)
    for review in fresh.reviews:
        given[review.external_id].append(review.severity)
    return [given[ticket.external_id] for ticket in fresh.tickets]


def test_fresh_tickets_follow_the_production_mix():
    world, fresh = build_world(), build_fresh(7, NOW)

    counts = Counter(ticket.category for ticket in fresh.tickets)
    assert counts.total() == 24
    for category, share in world.production_mix.items():
        assert abs(counts[category] - 24 * share) < 1


@pytest.mark.parametrize("seed", SEEDS)
def test_fresh_tickets_are_of_this_week_and_no_answer_lies_in_the_future(seed):
    fresh = build_fresh(seed, NOW)
    opened = {ticket.external_id: ticket.opened_at for ticket in fresh.tickets}

    assert all(NOW - timedelta(days=8) < at < NOW for at in opened.values())
    assert all(
        opened[review.external_id] <= review.submitted_at <= NOW
        for review in fresh.reviews
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_some_fresh_tickets_are_contested_some_half_read_and_most_unread(seed):
    given = answers_of(build_fresh(seed, NOW))

    assert [len(levels) for levels in given] == [2, 2, 3, 2, 2, 3] + [1] * 5 + [0] * 13
    assert all(len(set(levels)) > 1 for levels in given[:6])


def test_the_same_seed_and_time_write_the_same_fresh_files(tmp_path):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        write_fresh(build_fresh(7, NOW), tmp_path / name)

    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()


def test_fresh_tickets_take_nothing_from_the_world():
    before = build_world()
    fresh = build_fresh(7, NOW)

    assert build_world() == before
    assert {t.external_id for t in fresh.tickets}.isdisjoint(
        t.external_id for t in before.tickets + before.duplicates
    )
    assert {t.body for t in fresh.tickets}.isdisjoint(t.body for t in before.tickets)
