"""Copies: within the cap, by grade, towards a target; choices by seed."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.scale import Grade
from training.domain.balancing import factors
from training.domain.recipe_rows import (
    Balance,
    BalanceBy,
    Method,
    Towards,
    Upsampling,
)
from training.domain.sampling import Sample, choose, plan_rows


def team(**counts: int) -> dict[str, Sample]:
    return {
        f"{grade}-{n}": Sample(Grade(grade))
        for grade, size in counts.items()
        for n in range(size)
    }


SAMPLES = st.builds(
    Sample, st.sampled_from(Grade), st.sampled_from("abc"), st.sampled_from("xyz")
)
GRADES = st.dictionaries(st.text(min_size=1, max_size=6), SAMPLES)
POLICIES = st.builds(
    Upsampling,
    weights=st.dictionaries(st.sampled_from(Grade), st.floats(1, 20)),
    target_share=st.none() | st.floats(0.01, 0.95),
    cap=st.integers(1, 20),
)


@given(GRADES, POLICIES, st.integers(0, 99))
def test_every_example_has_one_row_to_cap_rows(grades, policy, seed):
    copies = plan_rows(grades, upsampling=policy, seed=seed)

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

    copies = plan_rows(grades, upsampling=only_seniors, seed=seed)

    assert copies.senior_share >= copies.senior_share_before - 1e-12


def test_weights_are_rows_by_grade():
    grades = team(JUNIOR=10, SENIOR=4, PRINCIPAL=2)

    copies = plan_rows(grades, upsampling=Upsampling(), seed=1)

    assert Counter(copies.rows.values()) == {1: 10, 2: 4, 3: 2}
    assert copies.senior_share_before == pytest.approx(6 / 16)
    assert copies.senior_share == pytest.approx(14 / 24)


def test_a_weight_that_is_not_whole_is_reached_in_total():
    grades = team(JUNIOR=3, SENIOR=10)

    copies = plan_rows(grades, upsampling=Upsampling(weights={"SENIOR": 1.5}), seed=1)

    assert Counter(copies.rows.values()) == {1: 8, 2: 5}


def test_a_target_share_is_reached_when_the_cap_allows():
    grades = team(JUNIOR=700, SENIOR=200, PRINCIPAL=100)

    copies = plan_rows(grades, upsampling=Upsampling(target_share=0.5), seed=1)

    assert copies.senior_share == pytest.approx(0.5, abs=0.005)
    principal = sum(copies.rows[f"PRINCIPAL-{n}"] for n in range(100)) / 100
    senior = sum(copies.rows[f"SENIOR-{n}"] for n in range(200)) / 200
    assert principal == pytest.approx(1.5 * senior, rel=0.05)


def test_the_cap_wins_over_the_target():
    grades = team(JUNIOR=99, SENIOR=1)

    copies = plan_rows(grades, upsampling=Upsampling(target_share=0.5, cap=5), seed=1)

    assert copies.rows["SENIOR-0"] == 5
    assert copies.senior_share == pytest.approx(5 / 104)


def test_a_team_without_seniors_gets_no_copies():
    copies = plan_rows(team(JUNIOR=5), upsampling=Upsampling(target_share=0.5), seed=1)

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


LEAVE_OUT = Upsampling(weights={"SENIOR": 2.0}, method=Method.LEAVE_OUT)


def test_leaving_out_gives_the_proportion_of_the_copies_without_any():
    samples = team(JUNIOR=40, ENGINEER=20, SENIOR=10)

    planned = plan_rows(samples, upsampling=LEAVE_OUT, seed=1)

    left = Counter(samples[key].grade for key in planned.rows)
    assert left == {Grade.JUNIOR: 20, Grade.ENGINEER: 10, Grade.SENIOR: 10}
    assert set(planned.rows.values()) == {1}
    copied = plan_rows(samples, upsampling=Upsampling(weights={"SENIOR": 2.0}), seed=1)
    assert planned.senior_share == copied.senior_share == pytest.approx(0.25)


@pytest.mark.parametrize(
    "asked",
    [
        {"weights": {"SENIOR": 2.0, "PRINCIPAL": 3.0}},
        {"weights": {"SENIOR": 1.0, "PRINCIPAL": 4.0}},
        {"weights": {"SENIOR": 10.0}, "cap": 3},
        {"weights": {"SENIOR": 2.0, "PRINCIPAL": 3.0}, "target_share": 0.4},
        {"weights": {"JUNIOR": 2.0}, "target_share": 0.3},
    ],
)
def test_leaving_out_and_copies_reach_the_same_share(asked):
    samples = team(JUNIOR=400, ENGINEER=300, SENIOR=60, PRINCIPAL=90)

    by_copies, by_leaving_out = (
        plan_rows(samples, upsampling=Upsampling(**asked, method=method), seed=1)
        for method in (Method.COPIES, Method.LEAVE_OUT)
    )

    share = by_copies.senior_share
    assert by_leaving_out.senior_share == pytest.approx(share, abs=0.003)
    if target := asked.get("target_share"):
        assert share == pytest.approx(target, abs=0.003)


@given(GRADES, st.floats(0.01, 0.95), st.integers(0, 99))
def test_leaving_out_never_touches_seniors_and_reaches_the_target_to_one_ticket(
    samples, target, seed
):
    policy = Upsampling(weights={}, target_share=target, method=Method.LEAVE_OUT)

    planned = plan_rows(samples, upsampling=policy, seed=seed)

    seniors = {k for k, s in samples.items() if s.grade >= Grade.SENIOR}
    assert seniors <= set(planned.rows)
    others = len(planned.rows) - len(seniors)
    if seniors and planned.senior_share_before < target:
        # Each of the two other grades is rounded by itself.
        assert len(seniors) / (len(seniors) + others + 1) <= target + 1e-9
        assert len(seniors) / max(1, len(seniors) + others - 1) >= target - 1e-9
    else:
        assert set(planned.rows) == set(samples)


def test_leaving_out_keeps_the_mix_of_levels():
    samples = {
        f"{n}": Sample(Grade.JUNIOR, "high" if n % 4 else "low", "wan")
        for n in range(80)
    } | team(SENIOR=10)

    planned = plan_rows(samples, upsampling=LEAVE_OUT, seed=3)

    left = Counter(samples[k].label for k in planned.rows if samples[k].label)
    assert left == {"high": 30, "low": 10}


def test_rare_categories_are_copied_towards_the_production_mix():
    samples = {f"w{n}": Sample(Grade.JUNIOR, category="wan") for n in range(30)}
    samples |= {f"r{n}": Sample(Grade.JUNIOR, category="radio") for n in range(10)}
    balance = Balance(BalanceBy.CATEGORY, Towards.PRODUCTION)

    planned = plan_rows(
        samples,
        upsampling=Upsampling(),
        balance=balance,
        production={"wan": 0.5, "radio": 0.5},
        seed=1,
    )

    rows = Counter()
    for key, number in planned.rows.items():
        rows[samples[key].category] += number
    assert rows == {"wan": 30, "radio": 30}


@pytest.mark.parametrize(
    ("strength", "radio"), [(0.0, 1.0), (0.5, 3**0.5), (1.0, 3.0), (1.5, 3**1.5)]
)
def test_the_strength_goes_from_nothing_through_the_aim_to_beyond(strength, radio):
    balance = Balance(BalanceBy.CATEGORY, Towards.EVEN, strength=strength, cap=20)

    found = factors({"wan": 30, "radio": 10}, balance, {})

    assert found == pytest.approx({"wan": 1.0, "radio": radio})


def test_what_the_production_mix_does_not_name_keeps_its_rows():
    balance = Balance(BalanceBy.CATEGORY, Towards.PRODUCTION)

    found = factors(
        {"wan": 30, "radio": 10, "": 5, "voip": 2},
        balance,
        {"wan": 0.5, "radio": 0.5, "dns": 0.3},
    )

    assert found == pytest.approx({"wan": 1.0, "radio": 3.0, "": 1.0, "voip": 1.0})


BALANCES = st.builds(
    Balance,
    by=st.sampled_from(BalanceBy),
    towards=st.just(Towards.EVEN),
    strength=st.floats(0, 2),
    cap=st.integers(1, 20),
)


@given(GRADES, BALANCES, st.integers(0, 99))
def test_balancing_only_adds_rows_and_is_never_less_even(samples, balance, seed):
    plain = Upsampling(weights={})

    planned = plan_rows(samples, upsampling=plain, balance=balance, seed=seed)

    assert set(planned.rows) == set(samples)
    assert all(1 <= n <= balance.cap for n in planned.rows.values())
    part = {k: s.part(balance.by) for k, s in samples.items()}
    counts = Counter(part.values())
    found = factors(counts, balance, {})
    assert all(factor >= 1 for factor in found.values())
    if counts:
        assert found[counts.most_common(1)[0][0]] == pytest.approx(1.0)


def test_grade_and_category_multiply_up_to_the_most_copies():
    samples = {f"w{n}": Sample(Grade.JUNIOR, category="wan") for n in range(40)}
    samples["r"] = Sample(Grade.PRINCIPAL, category="radio")
    balance = Balance(BalanceBy.CATEGORY, Towards.EVEN, cap=20)

    planned = plan_rows(samples, upsampling=Upsampling(), balance=balance, seed=1)

    assert planned.rows["r"] == 20
