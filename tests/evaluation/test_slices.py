"""Slices: what is shown, what is hidden, what is called weak."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.domain.slices import (
    Evidence,
    assess_slices,
    shrink,
    weak_slices,
)


def _assess(right, values, **options):
    return assess_slices(
        np.asarray(right, dtype=bool),
        {"category": values},
        np.random.default_rng(1),
        reference="gold",
        **options,
    )


def _by_value(slices):
    return {found.value: found for found in slices}


@pytest.mark.parametrize(
    ("n", "evidence"),
    [
        (9, Evidence.LIST_ONLY),
        (10, Evidence.INSUFFICIENT),
        (19, Evidence.INSUFFICIENT),
        (20, Evidence.SUFFICIENT),
    ],
)
def test_the_size_of_a_slice_decides_what_it_may_say(n, evidence):
    values = ["wifi"] * n + ["other"] * 100

    found = _by_value(_assess([False] * n + [True] * 100, values))["wifi"]

    assert found.evidence is evidence
    assert found.n == n
    assert found.is_weak == (evidence is Evidence.SUFFICIENT)


def test_a_rate_of_too_few_tickets_is_not_shown():
    found = _by_value(_assess([True] * 30, ["a"] * 5 + ["b"] * 25))["a"]

    assert found.accuracy.value is None
    assert found.against_rest.value is None
    assert "look at them" in found.accuracy.reason
    assert found.p is None


def test_a_slice_is_set_against_all_other_tickets():
    right = [True] * 15 + [False] * 25 + [True] * 80 + [False] * 20

    found = _by_value(_assess(right, ["wifi"] * 40 + ["lan"] * 100))["wifi"]

    assert found.accuracy.value == pytest.approx(15 / 40)
    assert found.accuracy.ci[0] < 15 / 40 < found.accuracy.ci[1]
    assert found.against_rest.value == pytest.approx(15 / 40 - 80 / 100)
    assert found.against_rest.ci[1] < 0
    assert found.is_weak


def test_a_value_that_all_tickets_have_has_no_rest():
    (found,) = _assess([True, False] * 20, ["lan"] * 40)

    assert found.against_rest.value is None
    assert "no rest" in found.against_rest.reason
    assert found.q is None


def test_equal_slices_are_hardly_ever_called_weak():
    rng = np.random.default_rng(7)
    alarms = 0
    for _ in range(200):
        right = rng.random(360) < 0.76
        values = np.repeat([f"s{i}" for i in range(12)], 30).tolist()
        alarms += bool(weak_slices(_assess(right, values)))

    assert alarms / 200 < 0.13


def test_a_truly_weak_slice_is_found_and_ranked_first():
    rng = np.random.default_rng(7)
    values = np.repeat(["wifi", "lan", "vpn", "dns"], 60)
    right = rng.random(240) < np.where(values == "wifi", 0.4, 0.8)

    slices = _assess(right, values.tolist())

    assert slices[0].value == "wifi"
    assert [found.value for found in weak_slices(slices)] == ["wifi"]


def test_small_slices_come_last_whatever_their_rate():
    right = [False] * 3 + [True] * 25 + [False] * 5 + [True] * 25
    slices = _assess(right, ["tiny"] * 3 + ["a"] * 30 + ["b"] * 25)

    assert [found.value for found in slices] == ["a", "b", "tiny"]


def test_several_dimensions_are_adjusted_together():
    rng = np.random.default_rng(7)
    right = rng.random(200) < 0.7
    one = {"site": np.repeat(["x", "y"], 100).tolist()}
    two = one | {"vendor": np.tile(["p", "q"], 100).tolist()}

    alone, together = (
        {
            (found.dimension, found.value): found.q
            for found in assess_slices(
                right, dims, np.random.default_rng(1), reference="gold"
            )
        }
        for dims in (one, two)
    )

    assert len(together) == 4
    assert all(together[key] >= alone[key] - 1e-12 for key in alone)


def test_incidents_widen_the_interval_of_a_slice():
    right = np.repeat([True, False, True, True, False] * 4, 6)
    values = ["a"] * 120

    (alone,) = _assess(right, values)
    (grouped,) = _assess(right, values, clusters=np.repeat(np.arange(20), 6))

    wide = grouped.accuracy.ci[1] - grouped.accuracy.ci[0]
    assert wide > 1.5 * (alone.accuracy.ci[1] - alone.accuracy.ci[0])


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(1, 30)).map(
            lambda pair: (min(pair), pair[1])
        ),
        min_size=2,
        max_size=12,
    )
)
def test_shrunken_rates_lie_between_their_own_and_the_common_one(pairs):
    hits, sizes = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    common = hits.sum() / sizes.sum()
    own = hits / sizes

    pulled = shrink(hits, sizes)

    assert (pulled >= np.minimum(own, common) - 1e-9).all()
    assert (pulled <= np.maximum(own, common) + 1e-9).all()


def test_small_slices_are_pulled_furthest():
    pulled = shrink(np.array([0.0, 40.0, 30.0, 90.0]), np.array([2.0, 50, 50, 100]))

    assert pulled[0] > 0.3
    assert pulled[1] == pytest.approx(0.8, abs=0.05)


def test_the_public_shape_says_whether_a_slice_is_weak():
    shape = _assess([False] * 30 + [True] * 90, ["a"] * 30 + ["b"] * 90)[0].as_dict()

    assert shape["value"] == "a"
    assert shape["is_weak"] is True
    assert shape["evidence"] == "sufficient"
    assert shape["accuracy"]["reference"] == "gold"
