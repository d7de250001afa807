"""Splits: groups stay whole, assignments stay for ever, strata keep their shares."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.domain.grouping import Ticket, group_tickets
from training.domain.recipe import DEFAULT_SHARES, Split
from training.domain.recipe_choice import Holdout, HoldoutMode
from training.domain.splitting import (
    BRIDGES_SPLITS,
    NO_OPENED_AT,
    SplitPlan,
    plan_splits,
)

LEVELS = ("critical", "high", "medium", "low")
START = datetime(2026, 1, 1, tzinfo=UTC)


def plan(tickets, holdout=None, shares=DEFAULT_SHARES, seed=1) -> SplitPlan:
    return plan_splits(
        tickets,
        shares=shares,
        holdout=holdout or Holdout(),
        levels=LEVELS,
        seed=seed,
    )


def tickets(count: int, **values) -> list[Ticket]:
    return [
        Ticket(
            key=f"INC{n:04d}",
            links=(),
            stratum=(LEVELS[n % 4], ("wan", "wireless")[n % 3 == 0]),
            opened_at=START + timedelta(hours=n),
            **values,
        )
        for n in range(count)
    ]


DRAWN = st.lists(
    st.builds(
        lambda links, stratum, hours, split, is_candidate: Ticket(
            key="",
            links=tuple(sorted(links)),
            stratum=stratum,
            opened_at=None if hours is None else START + timedelta(hours=hours),
            split=split,
            is_candidate=is_candidate,
        ),
        st.sets(st.sampled_from([f"incident {n}" for n in range(12)]), max_size=2),
        st.tuples(st.sampled_from(LEVELS), st.sampled_from(["wan", "wireless", ""])),
        st.none() | st.integers(0, 500),
        st.sampled_from([None, None, None, *Split]),
        st.sampled_from([True, True, True, False]),
    ),
    max_size=60,
).map(lambda drawn: [replace(t, key=f"T{n:02d}") for n, t in enumerate(drawn)])
HOLDOUTS = st.sampled_from(
    [
        Holdout(),
        Holdout(HoldoutMode.FROM, opened_from=START + timedelta(hours=250)),
        Holdout(HoldoutMode.LATEST, latest=7),
        Holdout(HoldoutMode.SHARE, share=0.3),
        Holdout(HoldoutMode.KEPT),
    ]
)


@given(DRAWN, HOLDOUTS)
def test_no_group_ever_crosses_splits(drawn, holdout):
    found = plan(drawn, holdout)

    for group in group_tickets(drawn):
        keys = [t.key for t in group.members if t.key in found.placements]
        assert len({found.placements[key].split for key in keys}) <= 1


@given(DRAWN, HOLDOUTS)
def test_every_candidate_is_placed_or_left_out_with_a_reason(drawn, holdout):
    found = plan(drawn, holdout)

    candidates = {t.key for t in drawn if t.is_candidate}
    assert set(found.placements) | set(found.left_out) == candidates
    assert not set(found.placements) & set(found.left_out)
    assert set(found.left_out.values()) <= {BRIDGES_SPLITS, NO_OPENED_AT}


@given(DRAWN, HOLDOUTS)
def test_an_assignment_is_kept_or_the_record_is_left_out(drawn, holdout):
    found = plan(drawn, holdout)

    for ticket in drawn:
        if ticket.split and ticket.key in found.placements:
            assert found.placements[ticket.key].split is ticket.split
            assert not found.placements[ticket.key].is_new


@given(DRAWN, HOLDOUTS, st.randoms())
def test_the_order_of_the_input_changes_nothing(drawn, holdout, random):
    shuffled = list(drawn)
    random.shuffle(shuffled)

    assert plan(shuffled, holdout) == plan(drawn, holdout)


@given(DRAWN, HOLDOUTS)
def test_a_second_version_of_the_same_data_moves_nobody(drawn, holdout):
    first = plan(drawn, holdout)
    again = [
        replace(t, split=p.split, group_key=p.group_key)
        if (p := first.placements.get(t.key))
        else t
        for t in drawn
    ]

    second = plan(again, Holdout(HoldoutMode.KEPT), seed=99)

    for key, placement in first.placements.items():
        assert second.placements[key].split is placement.split
        assert second.placements[key].group_key == placement.group_key


@given(DRAWN)
def test_nothing_learned_from_was_opened_after_the_cut(drawn):
    cut = START + timedelta(hours=250)

    found = plan(drawn, Holdout(HoldoutMode.FROM, opened_from=cut))

    for ticket in drawn:
        placement = found.placements.get(ticket.key)
        if placement and placement.is_new and placement.split is not Split.TEST:
            assigned = {
                t.split
                for group in group_tickets(drawn)
                for t in group.members
                if ticket in group.members and t.split
            }
            assert assigned or ticket.opened_at < cut


def test_single_tickets_meet_the_shares_to_the_ticket():
    found = plan(tickets(400))

    counts = Counter(p.split for p in found.placements.values())
    assert counts == {
        Split.TRAIN: 260,
        Split.DEV: 40,
        Split.CALIBRATION: 40,
        Split.TEST: 60,
    }


def test_every_stratum_keeps_its_shares_within_two_tickets():
    drawn = tickets(600)

    found = plan(drawn)

    for stratum in {t.stratum for t in drawn}:
        members = [t for t in drawn if t.stratum == stratum]
        for split, share in DEFAULT_SHARES.items():
            here = sum(found.placements[t.key].split is split for t in members)
            assert abs(here - share * len(members)) <= 2


def test_small_later_deliveries_do_not_all_go_to_train():
    known: list[Ticket] = []
    for delivery in range(50):
        fresh = [
            Ticket(key=f"D{delivery:02d}-{n}", links=(), stratum=("high", "wan"))
            for n in range(2)
        ]
        found = plan([*known, *fresh])
        known += [
            replace(t, split=found.placements[t.key].split, group_key="g")
            for t in fresh
        ]

    counts = Counter(t.split for t in known)
    assert counts == {
        Split.TRAIN: 65,
        Split.DEV: 10,
        Split.CALIBRATION: 10,
        Split.TEST: 15,
    }


def test_the_same_seed_gives_the_same_split_and_another_one_another():
    drawn = tickets(200)

    assert plan(drawn, seed=5) == plan(drawn, seed=5)
    assert plan(drawn, seed=5).placements != plan(drawn, seed=6).placements


def test_a_storm_that_is_larger_than_a_split_stays_whole():
    storm = tickets(
        30,
    )
    storm = [replace(t, links=("incident storm",)) for t in storm[:20]] + storm[20:]

    found = plan(storm)

    assert len({found.placements[t.key].split for t in storm[:20]}) == 1


@pytest.mark.parametrize(
    ("holdout", "expected"),
    [
        (Holdout(HoldoutMode.LATEST, latest=30), 30),
        (Holdout(HoldoutMode.SHARE, share=0.25), 25),
        (Holdout(HoldoutMode.FROM, opened_from=START + timedelta(hours=90)), 10),
        (Holdout(HoldoutMode.KEPT), 0),
    ],
)
def test_the_later_tickets_are_the_test(holdout, expected: int):
    drawn = tickets(100)

    found = plan(drawn, holdout)

    test = {k for k, p in found.placements.items() if p.split is Split.TEST}
    assert test == {t.key for t in drawn[100 - expected :]}
    rest = Counter(p.split for p in found.placements.values())
    rest.pop(Split.TEST, None)
    share = (100 - expected) / 0.85
    assert all(abs(n - DEFAULT_SHARES[s] * share) <= 1 for s, n in rest.items())


def test_an_incident_on_both_sides_of_the_cut_goes_to_test():
    drawn = [replace(t, links=("incident 7",)) for t in tickets(4)]

    found = plan(drawn, Holdout(HoldoutMode.LATEST, latest=1))

    assert {p.split for p in found.placements.values()} == {Split.TEST}


def test_a_ticket_without_a_date_is_left_out_of_a_temporal_split():
    undated = replace(tickets(1)[0], key="X", opened_at=None)

    found = plan([*tickets(10), undated], Holdout(HoldoutMode.LATEST, latest=2))

    assert found.left_out == {"X": NO_OPENED_AT}


def test_a_bridge_leaves_out_the_newcomer_and_the_less_protected():
    learned = Ticket("A", ("near 1",), split=Split.TRAIN, group_key="g-a")
    tested = Ticket("B", ("near 2",), split=Split.TEST, group_key="g-b")
    bridge = Ticket("C", ("near 1", "near 2"))

    found = plan([learned, tested, bridge])

    assert found.placements["B"].split is Split.TEST
    assert found.left_out == {"A": BRIDGES_SPLITS, "C": BRIDGES_SPLITS}


def test_a_newcomer_follows_a_member_that_is_excluded_today():
    gone = Ticket(
        "A", ("near 1",), split=Split.TEST, group_key="g-a", is_candidate=False
    )
    twin = Ticket("B", ("near 1",))

    found = plan([gone, twin])

    assert found.placements["B"].split is Split.TEST
    assert found.placements["B"].group_key == "g-a"
    assert "A" not in found.placements
