"""Figures and the closed-form intervals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from annotation.domain.intervals import (
    Figure,
    clopper_pearson,
    normal_interval,
    ratio_estimate,
    share_figure,
    t_interval,
    wilson,
)
from tests.golden_cases import case, expectations

_SHARES = expectations(lambda content, _: content["id"].startswith("wilson"))


@pytest.mark.parametrize(("name", "metric"), _SHARES)
def test_intervals_of_shares_are_the_published_ones(name, metric):
    method, _, counts = metric.rpartition("_")
    successes, n = (int(part) for part in counts.split("/"))
    compute = {"wilson": wilson, "clopper_pearson": clopper_pearson}[method]
    expected = case(name)["expected"][metric]

    interval = compute(successes, n)

    assert interval == pytest.approx(expected["value"], abs=expected["tolerance"])


@st.composite
def _counts(draw):
    n = draw(st.integers(1, 2000))
    return draw(st.integers(0, n)), n


@given(_counts())
def test_wilson_holds_the_share_and_stays_between_zero_and_one(counts):
    successes, n = counts

    low, high = wilson(successes, n)

    assert 0 <= low <= successes / n + 1e-12
    assert successes / n - 1e-12 <= high <= 1
    assert high > low


@given(_counts())
def test_wilson_of_failures_mirrors_that_of_successes(counts):
    successes, n = counts

    low, high = wilson(successes, n)

    assert wilson(n - successes, n) == pytest.approx((1 - high, 1 - low), abs=1e-12)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.9])
def test_the_exact_interval_never_covers_too_little(share):
    n = 25
    hits = np.arange(n + 1)
    limits = np.array([clopper_pearson(k, n) for k in hits.tolist()])

    covered = (limits[:, 0] <= share) & (share <= limits[:, 1])

    assert stats.binom.pmf(hits, n, share)[covered].sum() >= 0.95


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (3, 2), (-1, 4)])
def test_counts_that_are_no_share_are_refused(successes, n):
    with pytest.raises(ValueError, match="no share"):
        wilson(successes, n)
    with pytest.raises(ValueError, match="no share"):
        clopper_pearson(successes, n)


def test_a_share_of_nothing_is_undefined_with_a_reason():
    figure = share_figure(0, 0, "gold")

    assert figure.as_dict() == {
        "value": None,
        "ci": None,
        "n": 0,
        "method": "share, Wilson",
        "reference": "gold",
        "reason": "There are no units.",
    }


def test_a_defined_figure_has_no_reason_in_its_public_shape():
    figure = Figure(0.5, (0.2, 0.8), 10, "share", "gold")

    assert figure.as_dict() == {
        "value": 0.5,
        "ci": [0.2, 0.8],
        "n": 10,
        "method": "share",
        "reference": "gold",
    }


def test_intervals_are_clipped_where_the_figure_ends():
    assert t_interval(0.9, 0.2, 9)[1] == 1.0
    assert t_interval(0.9, 0.2, 9)[0] == pytest.approx(
        0.9 - 0.2 * stats.t.ppf(0.975, 9)
    )
    assert normal_interval(0.0, 5.0) == (-1.0, 1.0)


def test_a_ratio_with_equal_clusters_is_the_ordinary_mean():
    values = np.random.default_rng(1).random(30)

    estimate = ratio_estimate(values, np.ones(30))

    assert estimate.value == pytest.approx(values.mean())
    assert estimate.se == pytest.approx(values.std(ddof=1) / np.sqrt(30))
    assert estimate.ci == pytest.approx(
        stats.t.interval(0.95, 29, values.mean(), estimate.se)
    )


@pytest.mark.parametrize("values", [[0.5], [1.0, 1.0, 1.0]], ids=["one", "constant"])
def test_a_ratio_without_variation_claims_no_certainty(values):
    estimate = ratio_estimate(np.array(values), np.ones(len(values)))

    assert estimate.ci is None


def test_a_ratio_over_nothing_is_none():
    assert ratio_estimate(np.zeros(3), np.zeros(3)) is None
