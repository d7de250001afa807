"""Copies: within the cap, by grade, towards a target; choices by seed."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.scale import Grade
from training.domain.recipe import Upsampling
from training.domain.sampling import choose, plan_copies


def team(**counts: int) -> dict[str, Grade]:
    return {
        f"{grade}-{n}": Grade(grade)
        for grade, size in counts.items()
        for n in range(size)
    }


GRADES = st.dictionaries(st.text(min_size=1, max_size=6), st.sampled_from(Grade))
POLICIES = st.builds(
    Upsampling,
    weights=st.dictionaries(st.sampled_from(Grade), st.floats(1, 20)),
    target_share=st.none() | st.floats(0.01, 0.95),
    cap=st.integers(1, 20),
)


@given(GRADES, POLICIES, st.integers(0, 99))
def test_every_example_has_one_row_to_cap_rows(grades, policy, seed):
    copies = plan_copies(grades, policy, seed)

    assert set(copies.rows) == set(grades)
    assert all(1 <= rows <= policy.cap for rows in copies.rows.values())


@given(GRADES, POLICIES, st.integers(0, 99))
def test_copies_never_lower_the_seniors_share_when_only_seniors_weigh(
    grades, policy, seed
):
    only_seniors = Upsampling(
        weights={g: w for g, w in policy.weights.items() if g >= Grade.SENIOR},
        target_share=policy.target_share,
        cap=policy.cap,
    )

    copies = plan_copies(grades, only_seniors, seed)

    assert copies.senior_share >= copies.senior_share_before - 1e-12


def test_weights_are_rows_by_grade():
    grades = team(JUNIOR=10, SENIOR=4, PRINCIPAL=2)

    copies = plan_copies(grades, Upsampling(), seed=1)

    assert Counter(copies.rows.values()) == {1: 10, 2: 4, 3: 2}
    assert copies.senior_share_before == pytest.approx(6 / 16)
    assert copies.senior_share == pytest.approx(14 / 24)


def test_a_weight_that_is_not_whole_is_reached_in_total():
    grades = team(JUNIOR=3, SENIOR=10)

    copies = plan_copies(grades, Upsampling(weights={"SENIOR": 1.5}), seed=1)

    assert Counter(copies.rows.values()) == {1: 8, 2: 5}


def test_a_target_share_is_reached_when_the_cap_allows():
    grades = team(JUNIOR=700, SENIOR=200, PRINCIPAL=100)

    copies = plan_copies(grades, Upsampling(target_share=0.5), seed=1)

    assert copies.senior_share == pytest.approx(0.5, abs=0.005)
    principal = sum(copies.rows[f"PRINCIPAL-{n}"] for n in range(100)) / 100
    senior = sum(copies.rows[f"SENIOR-{n}"] for n in range(200)) / 200
    assert principal == pytest.approx(1.5 * senior, rel=0.05)


def test_the_cap_wins_over_the_target():
    grades = team(JUNIOR=99, SENIOR=1)

    copies = plan_copies(grades, Upsampling(target_share=0.5, cap=5), seed=1)

    assert copies.rows["SENIOR-0"] == 5
    assert copies.senior_share == pytest.approx(5 / 104)


def test_a_team_without_seniors_gets_no_copies():
    copies = plan_copies(team(JUNIOR=5), Upsampling(target_share=0.5), seed=1)

    assert set(copies.rows.values()) == {1}
    assert copies.senior_share == 0.0


def test_a_choice_keeps_the_strata_and_has_the_wanted_size():
    strata = {f"{n}": ("high" if n < 300 else "low", "wan") for n in range(400)}

    chosen = choose(strata, 101, seed=3)

    assert len(chosen) == 101
    assert Counter(strata[key][0] for key in chosen)["high"] in (75, 76)
    assert chosen == choose(strata, 101, seed=3)


def test_a_choice_is_mostly_kept_when_records_are_added():
    strata = {f"{n}": ("high", "wan") for n in range(200)}
    before = choose(strata, 100, seed=3)

    after = choose(
        {**strata, **{f"new{n}": ("high", "wan") for n in range(10)}}, 100, 3
    )

    assert len(before & after) >= 90


@given(
    st.dictionaries(
        st.text(max_size=4), st.tuples(st.sampled_from("abc"), st.sampled_from("xy"))
    ),
    st.integers(1, 40),
)
def test_a_choice_never_exceeds_or_misses_the_size(strata, size):
    assert len(choose(strata, size, seed=1)) == min(size, len(strata))
