"""Levels, their order and weights, and the order of grades."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.scale import (
    DEFAULT_LEVELS,
    DEFAULT_SCALE,
    Grade,
    Level,
    Scale,
    ScaleError,
    Weights,
    agreement_weights,
)


def test_the_default_scale_puts_the_most_severe_level_first():
    assert DEFAULT_SCALE.keys == ("critical", "high", "medium", "low")
    assert DEFAULT_SCALE.most_severe.key == "critical"
    assert DEFAULT_SCALE.index("low") == 3
    assert len(DEFAULT_SCALE) == len(DEFAULT_LEVELS) == 4


def test_a_scale_is_read_back_from_its_own_rows():
    scale = Scale.from_rows(
        [{"key": "p1", "label": "P1", "meaning": "Down."}, {"key": "p2"}]
    )

    assert Scale.from_rows(scale.rows()) == scale
    assert scale.level("p2").label == "P2"
    assert scale.level("p1") == Level("p1", "P1", "Down.", 0)


@pytest.mark.parametrize(
    "keys",
    [[], ["only"], ["a", "a"], ["a", ""], ["a", "  "]],
    ids=["none", "one", "repeated", "empty", "blank"],
)
def test_a_list_that_is_no_scale_is_refused(keys):
    with pytest.raises(ScaleError):
        Scale.from_keys(keys)


def test_levels_out_of_position_are_refused():
    with pytest.raises(ScaleError):
        Scale((Level("a", "A", position=1), Level("b", "B", position=0)))


def test_an_unknown_level_is_refused_with_the_known_ones_named():
    with pytest.raises(ScaleError, match="critical, high, medium, low"):
        DEFAULT_SCALE.index("urgent")

    assert "urgent" not in DEFAULT_SCALE
    assert "high" in DEFAULT_SCALE


def test_grades_compare_by_seniority_and_with_their_stored_spelling():
    assert Grade.JUNIOR < Grade.ENGINEER < Grade.SENIOR < Grade.PRINCIPAL
    assert sorted(["PRINCIPAL", "JUNIOR"], key=Grade) == ["JUNIOR", "PRINCIPAL"]
    assert Grade("ENGINEER") > "JUNIOR"
    assert Grade.SENIOR >= "SENIOR"
    assert Grade.SENIOR <= Grade.SENIOR
    assert max(Grade).rank == 3


def test_weights_of_four_levels_are_the_published_ones():
    first_rows = {
        kind: DEFAULT_SCALE.weights(kind)[0].round(6).tolist() for kind in Weights
    }

    assert first_rows == {
        Weights.IDENTITY: [1, 0, 0, 0],
        Weights.LINEAR: [1, 0.666667, 0.333333, 0],
        Weights.QUADRATIC: [1, 0.888889, 0.555556, 0],
        Weights.ORDINAL: [1, 0.833333, 0.5, 0],
    }


@given(
    st.lists(st.integers(-50, 50), min_size=2, max_size=8, unique=True),
    st.sampled_from(list(Weights)),
)
def test_weights_are_symmetric_with_full_credit_on_the_diagonal(numbers, kind):
    weights = agreement_weights(kind, np.array(sorted(numbers), dtype=float))

    assert np.array_equal(weights, weights.T)
    assert np.array_equal(np.diag(weights), np.ones(len(numbers)))
    assert weights.min() >= 0
    assert (np.diff(weights[0]) <= 0).all()
