"""Pace, gold, repeats, change over time, and the forecast of the open work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.forecast import forecast, minutes_needed
from annotation.domain.reviewer_habits import (
    GoldRecord,
    Repeat,
    by_month,
    drift,
    gold_accuracy,
    is_very_quick,
    median_seconds,
    pace_bins,
    repeatability,
)
from annotation.domain.reviewer_quality import Comparison

SECONDS = st.lists(st.integers(0, 2000), min_size=1, max_size=200)
DAYS = st.lists(st.integers(0, 60), min_size=14, max_size=14)


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def test_the_median_of_ten_lies_between_the_second_and_the_ninth():
    # P(Bin(10, 1/2) <= 1) = 11/1024 = 0.011, P(<= 2) = 56/1024 = 0.055.
    found = median_seconds([10, 90, 20, 80, 30, 70, 40, 60, 50, 100])

    assert (found.value, found.ci, found.n) == (55.0, (20.0, 90.0), 10)


def test_five_times_give_a_median_without_an_interval():
    found = median_seconds([3, 1, 2, 5, 4])

    assert (found.value, found.ci) == (3.0, None)
    assert "six" in found.reason
    assert median_seconds([]).value is None


@given(SECONDS)
def test_the_interval_holds_the_median_and_stays_among_the_times(times):
    found = median_seconds(times)

    if found.ci:
        assert min(times) <= found.ci[0] <= found.value <= found.ci[1] <= max(times)


@given(SECONDS)
def test_every_answer_is_in_one_bin(times):
    assert sum(count for _, count in pace_bins(times)) == len(times)


def test_bins_start_where_the_one_before_ends():
    found = dict(pace_bins([4, 5, 640, 641]))

    assert (found["0-5 s"], found["5-10 s"], found["over 640 s"]) == (1, 1, 2)


def test_under_a_fifth_of_the_median_is_very_quick():
    assert is_very_quick(9, 50)
    assert not is_very_quick(10, 50)


def test_gold_has_wilsons_interval_and_its_n():
    found = gold_accuracy(9, 10)

    assert (found.value, found.n) == (0.9, 10)
    assert found.ci == pytest.approx((0.596, 0.982), abs=0.001)
    assert gold_accuracy(0, 0).reason == "No gold record was answered."


def test_gold_that_most_people_miss_is_doubtful():
    assert GoldRecord(right=2, n=5).is_doubtful
    assert not GoldRecord(right=3, n=5).is_doubtful
    assert not GoldRecord(right=0, n=4).is_doubtful


def test_repeats_are_held_against_ones_own_first_answers():
    same = [Repeat(level, level, 15.0) for level in (0, 1, 2, 3) * 5]
    moved = [Repeat(0, 1, 20.0), Repeat(2, 1, 30.0)]

    found = repeatability(same + moved, 4)

    assert found.exact.value == pytest.approx(20 / 22)
    assert found.exact.n == 22
    assert 0.8 < found.weighted.value < 1
    assert found.median_days == 15.0


def test_no_repeats_say_so():
    found = repeatability([], 4)

    assert found.exact.value is None
    assert found.weighted.value is None
    assert found.median_days is None
    assert "second time" in found.exact.reason


def _over_time(leans: list[int]) -> list[Comparison]:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        Comparison(n, 1, ((2, 1 + lean),), at=start + timedelta(days=n))
        for n, lean in enumerate(leans)
    ]


def test_who_becomes_more_severe_drifts_upwards():
    rows = _over_time([0, 1, 0, 0] * 10 + [1, 1, 0, 1] * 10)

    found = drift(reversed(rows))

    assert found.value == pytest.approx(0.5)
    assert found.ci[0] > 0


def test_months_with_few_answers_say_so():
    months = by_month(_over_time([0, 1] * 20), rng())

    assert [(one.name, one.agreement.n) for one in months] == [
        ("2026-01", 31),
        ("2026-02", 9),
    ]
    assert months[0].bias.value is not None
    assert "Too few" in months[1].agreement.reason


def test_drift_without_answers_explains_itself():
    assert drift([]).value is None
    assert drift(_over_time([0] * 40)).reason is not None


def test_a_steady_team_is_done_when_division_says():
    found = forecast(140, [10] * 14, rng())

    assert found.days == pytest.approx(14, abs=0.01)
    assert found.earliest == pytest.approx(14, abs=0.01)
    assert (found.per_day, found.n_days, found.working_days) == (10, 14, 14)


def test_two_working_days_give_no_forecast():
    found = forecast(100, [0] * 12 + [30, 40], rng())

    assert found.days is None
    assert found.reason == "No forecast: fewer than 3 working days of labeling."


def test_nothing_left_is_done_now():
    assert forecast(0, [0] * 14, rng()).days == 0


@given(st.integers(1, 5000), DAYS)
def test_more_work_never_ends_earlier(remaining, days):
    less, more = forecast(remaining, days, rng()), forecast(2 * remaining, days, rng())

    if less.days and more.days:
        assert less.earliest <= less.days <= (less.latest or np.inf)
        assert more.days >= less.days


@given(DAYS)
def test_the_order_of_the_days_does_not_matter_much(days):
    forwards, backwards = forecast(500, days, rng()), forecast(500, days[::-1], rng())

    if forwards.days and backwards.days:
        assert backwards.days == pytest.approx(forwards.days, rel=0.25)


def test_uneven_days_widen_the_interval():
    even, uneven = [10] * 13 + [11], [0, 0, 0, 35] * 3 + [0, 36]

    near, far = forecast(200, even, rng()), forecast(200, uneven, rng())

    assert far.latest - far.earliest > 10 * (near.latest - near.earliest)


def test_four_even_days_are_enough():
    found = forecast(1000, [100] * 4, rng())

    assert found.days == pytest.approx(10, abs=0.01)
    assert (found.per_day, found.n_days) == (100, 4)


@given(st.integers(0, 5000), SECONDS)
def test_minutes_are_answers_times_the_mean(remaining, seconds):
    found = minutes_needed(remaining, seconds, rng())

    mean = sum(seconds) / len(seconds)
    assert found.value == pytest.approx(remaining * mean / 60)
    assert (found.ci is None) == (len(seconds) < 6)
    if found.ci:
        least, most = (remaining * one / 60 for one in (min(seconds), max(seconds)))
        assert least - 1e-6 <= found.ci[0] <= found.ci[1] <= most + 1e-6


def test_few_long_answers_are_in_the_time_needed():
    seconds = [30] * 36 + [600] * 4

    found = minutes_needed(80, seconds, rng())

    assert found.value == pytest.approx(80 * 87 / 60)
    assert found.ci[0] < found.value < found.ci[1]
    assert median_seconds(seconds).value == 30


def test_without_a_measured_time_there_are_no_minutes():
    assert minutes_needed(80, [], rng()).reason == "No answer has a measured time."


def test_the_interval_of_the_minutes_is_the_means():
    seconds = np.random.default_rng(4).exponential(60, size=400)

    found = minutes_needed(60, seconds, rng())

    half = 1.96 * seconds.std() / 20
    assert found.ci[0] == pytest.approx(found.value - half, abs=1.5)
    assert found.ci[1] == pytest.approx(found.value + half, abs=1.5)
