"""Tests and intervals for two systems on the same tickets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evaluation.domain.comparison_report import cochran_q
from evaluation.domain.paired import (
    design_effect,
    mcnemar,
    newcombe_paired_interval,
    sign_flip_p,
    tango_interval,
)
from evaluation.domain.proportions import (
    benjamini_hochberg,
    difference_interval,
    fewer_hits_p,
)
from tests.golden_cases import case, expectations

_PAIRED = expectations(lambda content, _: content["data_kind"] == "paired_table")


def _computed(counts, metric):
    # The printed difference is first less second; here a win is the second's.
    wins, losses = counts["first_only"], counts["second_only"]
    both, neither = counts["both_yes"], counts["both_no"]
    n = wins + losses + both + neither
    test = mcnemar(wins, losses)
    return {
        "chi2": test.chi2,
        "p_asymptotic": test.p_asymptotic,
        "chi2_cc": test.chi2_corrected,
        "p_cc": test.p_corrected,
        "p_exact_conditional": test.p_exact,
        "p_midp": test.p_mid,
        "diff": (wins - losses) / n,
        "diff_ci_tango": tango_interval(wins, losses, n),
        "diff_ci_newcombe10": newcombe_paired_interval(both, wins, losses, neither),
    }[metric]


@pytest.mark.parametrize(("name", "metric"), _PAIRED)
def test_paired_tables_give_the_published_tests_and_intervals(name, metric):
    content = case(name)
    expected = content["expected"][metric]

    found = _computed(content["data"], metric)

    assert found == pytest.approx(expected["value"], abs=expected["tolerance"])


@pytest.mark.parametrize(
    ("name", "metric"),
    expectations(lambda content, _: content["id"].startswith("cochran")),
)
def test_cochran_q_is_the_published_one(name, metric):
    content = case(name)
    expected = content["expected"][metric]

    found = cochran_q(np.array(content["data"], dtype=float))

    value = found.p if metric == "p" else found.statistic
    assert value == pytest.approx(expected["value"], abs=expected["tolerance"])


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_and_the_sign_flip_of_single_tickets_are_one_test(wins, losses):
    sums = np.array([1] * wins + [-1] * losses + [0] * 5)

    assert sign_flip_p(sums) == pytest.approx(mcnemar(wins, losses).p_mid, abs=1e-9)


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_exact_form_is_the_binomial_test(wins, losses):
    found = mcnemar(wins, losses).p_exact

    if wins + losses:
        reference = stats.binomtest(wins, wins + losses).pvalue
        assert found == pytest.approx(reference, abs=1e-9)
    else:
        assert found == 1.0


@given(st.integers(1, 40), st.integers(0, 40), st.integers(0, 40))
def test_mcnemar_is_cochran_q_of_two_systems(wins, losses, ties):
    right = np.array([[0, 1]] * wins + [[1, 0]] * losses + [[1, 1]] * ties, dtype=float)

    found = cochran_q(right)

    assert found.statistic == pytest.approx(mcnemar(wins, losses).chi2)
    assert found.p == pytest.approx(mcnemar(wins, losses).p_asymptotic)


@pytest.mark.parametrize(
    ("losses", "wins"), [(0, 5), (1, 7), (2, 9), (3, 11), (4, 12), (5, 14)]
)
def test_so_many_wins_are_needed_and_one_less_is_not_enough(losses, wins):
    assert mcnemar(wins, losses).p_mid <= 0.05
    assert mcnemar(wins - 1, losses).p_mid > 0.05


@settings(max_examples=40)
@given(st.lists(st.integers(-4, 4), min_size=1, max_size=10))
def test_the_sign_flip_test_counts_all_signs(sums):
    signs = np.array(np.meshgrid(*[[-1, 1]] * len(sums))).reshape(len(sums), -1)
    totals = np.abs(np.array(sums) @ signs)
    observed = abs(sum(sums))
    expected = (totals > observed).mean() + (totals == observed).mean() / 2

    found = sign_flip_p(np.array(sums))

    assert found == pytest.approx(expected if observed else 1.0)


@st.composite
def _tables(draw):
    wins, losses = draw(st.integers(0, 30)), draw(st.integers(0, 30))
    return wins, losses, wins + losses + draw(st.integers(1, 100))


@given(_tables())
def test_the_score_interval_holds_the_difference_and_mirrors_with_the_systems(table):
    wins, losses, n = table

    low, high = tango_interval(wins, losses, n)

    assert -1 <= low < (wins - losses) / n < high <= 1
    assert tango_interval(losses, wins, n) == pytest.approx((-high, -low), abs=1e-9)


def test_no_discordant_ticket_is_no_proof_of_equality():
    low, high = tango_interval(0, 0, 50)

    z2 = stats.norm.ppf(0.975) ** 2
    assert (low, high) == pytest.approx((-z2 / (50 + z2), z2 / (50 + z2)))


def test_the_score_interval_covers_what_it_should():
    n, win_rate, loss_rate = 50, 0.15, 0.05
    covered = 0.0
    for wins in range(30):
        for losses in range(20):
            if wins + losses > n:
                continue
            chance = stats.multinomial.pmf(
                [wins, losses, n - wins - losses],
                n,
                [win_rate, loss_rate, 1 - win_rate - loss_rate],
            )
            low, high = tango_interval(wins, losses, n)
            covered += chance * (low <= win_rate - loss_rate <= high)

    assert 0.93 < covered < 0.97


def test_an_interval_without_tickets_is_refused():
    with pytest.raises(ValueError, match="needs tickets"):
        tango_interval(0, 0, 0)


def test_copies_of_a_ticket_multiply_the_design_effect():
    gaps = np.random.default_rng(1).integers(-1, 2, 60).astype(float)

    effect = design_effect(np.repeat(gaps, 4), np.repeat(np.arange(60), 4))

    assert effect == pytest.approx(4, rel=0.03)
    assert design_effect(gaps, np.arange(60)) == pytest.approx(1)
    assert design_effect(np.zeros(60), np.repeat(np.arange(20), 3)) == 3


def test_the_difference_of_separate_shares_is_newcombes():
    # Newcombe 1998, Table II (b): 9/10 against 3/10, method 10.
    low, high = difference_interval(9, 10, 3, 10)

    assert (low, high) == pytest.approx((0.1705, 0.8090), abs=1e-4)


@given(st.integers(1, 20), st.integers(0, 20), st.data())
def test_too_few_hits_are_fishers_test_with_half_the_last_table(n, rest, data):
    hits = data.draw(st.integers(0, n))
    all_hits = hits + data.draw(st.integers(0, rest))
    spread = stats.hypergeom(n + rest, all_hits, n)

    found = fewer_hits_p(hits, n, all_hits, n + rest)

    assert found == pytest.approx(spread.cdf(hits) - spread.pmf(hits) / 2, abs=1e-9)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_false_discoveries_are_controlled_as_the_reference_does(p):
    found = benjamini_hochberg(np.array(p))

    assert found == pytest.approx(stats.false_discovery_control(p))
