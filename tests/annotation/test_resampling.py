"""The bootstrap of functions of sums."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from annotation.domain.resampling import bca_bootstrap, sum_by_cluster


def _mean(sums):
    return sums[..., 0] / sums[..., 1]


def _rows(values):
    return np.column_stack([values, np.ones(len(values))])


def test_the_interval_agrees_with_an_independent_bca():
    values = np.random.default_rng(5).exponential(size=25) ** 2

    ours = bca_bootstrap(_rows(values), _mean, np.random.default_rng(1), draws=20_000)
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, rng=np.random.default_rng(2)
    )

    assert ours.ci == pytest.approx(tuple(theirs.confidence_interval), rel=0.02)
    assert ours.se == pytest.approx(theirs.standard_error, rel=0.02)


def test_equal_rows_are_resampled_like_separate_ones():
    hits = np.repeat([1.0, 0.0], [30, 70])

    drawn = bca_bootstrap(_rows(hits), _mean, np.random.default_rng(1), draws=20_000)

    assert drawn.se == pytest.approx(np.sqrt(0.3 * 0.7 / 100), rel=0.03)
    assert drawn.ci == pytest.approx((0.21, 0.39), abs=0.02)


def test_the_same_seed_gives_the_same_interval():
    values = np.random.default_rng(3).random(40)

    first, second = (
        bca_bootstrap(_rows(values), _mean, np.random.default_rng(7)) for _ in range(2)
    )

    assert first == second


@pytest.mark.parametrize("values", [[1.0], [1.0] * 20], ids=["one unit", "equal units"])
def test_units_that_do_not_vary_give_no_interval(values):
    assert bca_bootstrap(_rows(values), _mean, np.random.default_rng(1)) is None


def test_a_statistic_that_is_rarely_defined_gives_no_interval():
    values = np.arange(20.0)

    def only_without_first(sums):
        return np.where(sums[..., 1] > 19.5, np.nan, sums[..., 0])

    assert (
        bca_bootstrap(_rows(values), only_without_first, np.random.default_rng(1))
        is None
    )


def test_clusters_are_summed_whatever_their_numbers():
    rows = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]])

    sums = sum_by_cluster(rows, np.array([70, 3, 70]))

    assert sums.tolist() == [[2.0, 20.0], [5.0, 50.0]]


def test_clusters_widen_the_interval_when_their_members_agree():
    rng = np.random.default_rng(4)
    per_cluster = rng.integers(0, 2, 30)
    hits = np.repeat(per_cluster, 8).astype(float)
    clusters = np.repeat(np.arange(30), 8)

    single = bca_bootstrap(_rows(hits), _mean, np.random.default_rng(1))
    grouped = bca_bootstrap(
        sum_by_cluster(_rows(hits), clusters), _mean, np.random.default_rng(1)
    )

    assert grouped.se > 2 * single.se


def test_the_generator_stays_where_it_is_so_figures_do_not_depend_on_their_order():
    rng = np.random.default_rng(3)
    rows = _rows(np.random.default_rng(4).random(50))

    first = bca_bootstrap(rows, _mean, rng)
    other = bca_bootstrap(rows[:20], _mean, rng)
    again = bca_bootstrap(rows, _mean, rng)

    assert first == again != other
