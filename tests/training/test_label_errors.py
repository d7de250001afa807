"""Confident learning: an example worked by hand, and what always holds."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.domain.label_errors import (
    agreement,
    assign_folds,
    find_label_errors,
    judged_labels,
)

# Eight examples of two labels. Thresholds: (.9+.8+.1+.6) / 4 = .6 for the first label,
# (.7+.9+.2+.5) / 4 = .575 for the second. Confident by them: the third and the seventh
# of the other label; the last of none, so that it is in no cell.
GIVEN = np.array([0, 0, 0, 0, 1, 1, 1, 1])
SAID = np.array(
    [
        [0.9, 0.1],
        [0.8, 0.2],
        [0.1, 0.9],
        [0.6, 0.4],
        [0.3, 0.7],
        [0.1, 0.9],
        [0.8, 0.2],
        [0.5, 0.5],
    ]
)


def test_an_example_worked_by_hand():
    found = find_label_errors(GIVEN, SAID)

    assert found.thresholds == pytest.approx([0.6, 0.575])
    assert found.joint.tolist() == [[3, 1], [1, 2]]
    # Scaled to four examples a row: 3 and 1, 4/3 and 8/3; off the diagonal 7/3 of 8.
    assert found.noise == pytest.approx(7 / 3 / 8)
    # Of each label one is to be wrong; the third is 0.8 behind, the seventh 0.6.
    doubts = [(d.at, d.given, d.suggested) for d in found.doubts]
    assert doubts == [(2, 0, 1), (6, 1, 0)]
    first = found.doubts[0]
    assert (first.confidence, first.suggested_probability) == (0.1, 0.9)
    assert first.margin == pytest.approx(-0.8)


def test_a_timid_class_is_judged_by_its_own_measure():
    # No example of the second label reaches one half, yet the last of the first label
    # looks more like the second than its own members do.
    given_labels = np.array([0, 0, 0, 1, 1, 1])
    said = np.array(
        [
            [0.90, 0.05, 0.05],
            [0.90, 0.05, 0.05],
            [0.20, 0.45, 0.35],
            [0.30, 0.40, 0.30],
            [0.30, 0.40, 0.30],
            [0.30, 0.40, 0.30],
        ]
    )

    found = find_label_errors(given_labels, said)

    assert [doubt.at for doubt in found.doubts] == [2]
    assert np.isinf(found.thresholds[2])


def test_labels_that_the_model_shares_are_not_doubted():
    said = np.array([[0.9, 0.1], [0.8, 0.2], [0.2, 0.8], [0.1, 0.9]])

    found = find_label_errors(np.array([0, 0, 1, 1]), said)

    assert found.doubts == []
    assert found.noise == 0


@st.composite
def judged(draw):
    k = draw(st.integers(2, 4))
    n = draw(st.integers(1, 30))
    rows = st.lists(st.integers(1, 50), min_size=k, max_size=k)
    raw = np.array(draw(st.lists(rows, min_size=n, max_size=n)), dtype=float)
    labels = draw(st.lists(st.integers(0, k - 1), min_size=n, max_size=n))
    return np.array(labels), raw / raw.sum(axis=1, keepdims=True)


@given(judged())
def test_a_doubt_names_a_likelier_label_and_the_worst_comes_first(case):
    labels, said = case

    found = find_label_errors(labels, said)

    assert all(said[d.at, d.suggested] >= said[d.at, d.given] for d in found.doubts)
    assert all(d.given == labels[d.at] != d.suggested for d in found.doubts)
    margins = [doubt.margin for doubt in found.doubts]
    assert margins == sorted(margins)
    assert len({d.at for d in found.doubts}) == len(margins)
    assert found.joint.sum() <= len(labels)
    assert 0 <= found.noise <= 1


@given(judged(), st.randoms())
def test_the_order_of_the_examples_does_not_matter(case, rng):
    labels, said = case
    order = list(range(len(labels)))
    rng.shuffle(order)

    one, other = (
        find_label_errors(labels, said),
        find_label_errors(labels[order], said[order]),
    )

    assert one.noise == pytest.approx(other.noise)
    assert (one.joint == other.joint).all()


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 12)), min_size=1, max_size=80
    ),
    st.integers(2, 5),
)
def test_folds_never_tear_a_group_apart(rows, folds):
    labels = [label for label, _ in rows]
    groups = [str(group) for _, group in rows]

    found = assign_folds(labels, groups, folds, seed=1)

    by_group = {}
    for group, fold in zip(groups, found, strict=True):
        assert by_group.setdefault(group, fold) == fold
    assert set(found) <= set(range(folds))


def test_folds_have_their_share_of_every_label():
    labels = ["a"] * 50 + ["b"] * 25 + ["c"] * 5
    groups = [str(number) for number in range(80)]

    found = assign_folds(labels, groups, 5, seed=3)

    for label, share in (("a", 10), ("b", 5), ("c", 1)):
        here = [fold for own, fold in zip(labels, found, strict=True) if own == label]
        assert Counter(here) == dict.fromkeys(range(5), share)


def test_a_label_in_few_groups_is_not_judged():
    labels = ["a"] * 6 + ["b"] * 6
    groups = [*"123456", *"777789"]

    judged_ones, others = judged_labels(labels, groups)

    assert judged_ones == {"a": 6}
    assert others == {"b": 6}


def test_copies_of_one_incident_do_not_make_the_accuracy_surer():
    rng = np.random.default_rng(1)
    hits = np.array([True, False] * 20)
    alone = agreement(hits, [str(n) for n in range(40)], rng)
    tenfold = agreement(
        np.repeat(hits, 10), [str(n) for n in range(40) for _ in range(10)], rng
    )

    assert alone.value == tenfold.value == 0.5
    assert tenfold.n == 400
    assert tenfold.ci[0] == pytest.approx(alone.ci[0], abs=0.01)


def test_an_accuracy_of_one_is_not_certain():
    figure = agreement(np.ones(30, dtype=bool), ["g"] * 30, np.random.default_rng(1))

    assert figure.ci[0] < 0.5
