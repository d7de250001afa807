"""What a number of tickets can show."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.domain.paired import mcnemar
from evaluation.domain.power import (
    mcnemar_power,
    minimum_detectable_gain,
    tickets_needed,
)
from tests.golden_cases import case

# Gains in points that n tickets show four times out of five, by the share of tickets
# newly broken: 0, 2, 5, 10 and 15 %.
_DETECTABLE = {
    50: [13.1, 16.8, 20.8, 26.1, 30.1],
    100: [6.6, 9.9, 13.1, 16.6, 19.3],
    150: [4.4, 7.4, 10.1, 12.9, 15.2],
    200: [3.3, 6.1, 8.3, 10.9, 12.9],
    300: [2.2, 4.7, 6.5, 8.6, 10.2],
    500: [1.3, 3.3, 4.8, 6.4, 7.7],
    1000: [0.7, 2.2, 3.2, 4.4, 5.2],
}


def test_power_is_that_of_the_published_example():
    content = case("gpower_mcnemar_power_n50")
    expected = content["expected"]
    options = {"alpha": 0.05, "tails": 1, "mid": False}

    power = mcnemar_power(50, 0.32, 0.08, **options)
    size = mcnemar_power(50, 0.20, 0.20, **options)

    assert power == pytest.approx(expected["power"]["value"], abs=5e-5)
    assert size == pytest.approx(expected["actual_alpha"]["value"], abs=1e-5)


@pytest.mark.parametrize("n", _DETECTABLE)
def test_the_table_of_detectable_gains_is_reproduced(n):
    gains = [minimum_detectable_gain(n, rate) for rate in (0, 0.02, 0.05, 0.1, 0.15)]

    assert [round(100 * gain, 1) for gain in gains] == _DETECTABLE[n]


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 25), st.floats(0.01, 0.6), st.floats(0.0, 0.35))
def test_power_is_the_sum_over_all_outcomes(n, win_rate, loss_rate):
    rest = 1 - win_rate - loss_rate
    log = np.cumsum(np.concatenate([[0.0], np.log(np.arange(1, n + 1))]))
    expected = 0.0
    for wins in range(n + 1):
        for losses in range(n + 1 - wins):
            if mcnemar(wins, losses).p_mid > 0.05 + 1e-12:
                continue
            ties = n - wins - losses
            ways = np.exp(log[n] - log[wins] - log[losses] - log[ties])
            expected += ways * win_rate**wins * loss_rate**losses * rest**ties

    assert mcnemar_power(n, win_rate, loss_rate) == pytest.approx(expected, abs=1e-9)


def test_the_test_keeps_its_level_where_nothing_differs():
    sizes = [mcnemar_power(n, d / 2, d / 2) for n in (50, 200) for d in (0.1, 0.3, 0.6)]

    assert max(sizes) < 0.055


@pytest.mark.parametrize("n", [0, 1, 4])
def test_a_handful_of_tickets_can_show_nothing(n):
    assert minimum_detectable_gain(n, 0.0) is None


def test_nothing_is_detectable_where_half_the_tickets_break():
    assert minimum_detectable_gain(100, 0.5) is None


def test_the_tickets_needed_have_the_power_and_one_less_has_not():
    n = tickets_needed(0.12, 0.05)

    assert mcnemar_power(n, 0.12, 0.05) >= 0.8
    assert mcnemar_power(n - 1, 0.12, 0.05) < 0.8


@pytest.mark.parametrize("rates", [(0.1, 0.1), (0.1, 0.0999)])
def test_no_number_of_tickets_is_named_for_no_difference(rates):
    assert tickets_needed(*rates) is None
