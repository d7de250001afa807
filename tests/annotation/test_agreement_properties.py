"""What must hold of agreement coefficients for any ratings whatever."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.domain.agreement import (
    brennan_prediger,
    conger_kappa,
    fleiss_kappa,
    gwet_ac1,
    gwet_ac2,
    percent_agreement,
)
from annotation.domain.agreement_report import assess_agreement
from annotation.domain.icc import intraclass_correlations
from annotation.domain.kappa import cohen_kappa, weighted_kappa
from annotation.domain.krippendorff import krippendorff_alpha, weighted_alpha
from annotation.domain.label_file import ScaleKind
from annotation.domain.ratings_table import RatingsTable
from annotation.domain.scale import agreement_weights

_LEVELS = ["1", "2", "3", "4"]
_NOMINAL = (
    percent_agreement,
    gwet_ac1,
    fleiss_kappa,
    conger_kappa,
    brennan_prediger,
    lambda table: krippendorff_alpha(table, "nominal"),
)
_ORDERED = (
    gwet_ac2,
    krippendorff_alpha,
    lambda table: weighted_alpha(table, "linear"),
    lambda table: conger_kappa(table, "quadratic"),
)


@st.composite
def _matrices(draw):
    raters = draw(st.integers(2, 5))
    row = st.lists(st.sampled_from([*_LEVELS, None]), min_size=raters, max_size=raters)
    return draw(st.lists(row, min_size=2, max_size=15))


def _table(matrix, levels=_LEVELS):
    return RatingsTable.from_matrix(matrix, levels)


def _same(one, other):
    for name in ("value", "se"):
        left, right = getattr(one, name), getattr(other, name)
        assert (left is None) == (right is None)
        assert left is None or left == pytest.approx(right, abs=1e-7)


@given(_matrices(), st.randoms(use_true_random=False))
def test_the_order_of_raters_and_items_does_not_matter(matrix, random):
    raters = list(range(len(matrix[0])))
    random.shuffle(raters)
    shuffled = [[row[rater] for rater in raters] for row in matrix]
    random.shuffle(shuffled)

    for compute in (*_NOMINAL, *_ORDERED):
        _same(compute(_table(matrix)), compute(_table(shuffled)))


@given(_matrices(), st.permutations(_LEVELS))
def test_the_names_of_nominal_levels_do_not_matter(matrix, names):
    renamed = dict(zip(_LEVELS, names, strict=True)) | {None: None}
    other = [[renamed[label] for label in row] for row in matrix]

    for compute in _NOMINAL:
        _same(compute(_table(matrix)), compute(_table(other)))


@given(_matrices())
def test_an_empty_item_or_rater_changes_nothing(matrix):
    wider = [[*row, None] for row in matrix] + [[None] * (len(matrix[0]) + 1)]

    for compute in (*_NOMINAL, *_ORDERED):
        _same(compute(_table(matrix)), compute(_table(wider)))


@given(_matrices())
def test_alpha_of_the_interval_metric_is_alpha_with_quadratic_weights(matrix):
    table = _table(matrix)

    _same(krippendorff_alpha(table, "interval"), weighted_alpha(table, "quadratic"))


@given(_matrices())
def test_no_figure_is_ever_not_a_number(matrix):
    report = assess_agreement(
        _table(matrix),
        ScaleKind.ORDINAL,
        all_weights=True,
        rng=np.random.default_rng(1),
        draws=50,
    )

    figures = [*report.coefficients.values(), *report.specific.values()]
    for found in figures:
        numbers = [found.value, getattr(found, "se", None), *(found.ci or ())]
        assert all(x is None or math.isfinite(x) for x in numbers)
        assert found.value is None or found.value <= 1 + 1e-12
        assert found.value is not None or found.reason
        assert found.ci is not None or found.reason
        if found.ci is not None:
            assert found.ci[0] <= found.value <= found.ci[1] + 1e-12


@given(st.integers(2, 5), st.integers(1, 12))
def test_ac1_is_brennan_prediger_where_all_levels_are_equally_common(size, extra):
    levels = [str(level) for level in range(size)]
    agreeing = [[level, level] for level in levels] * extra
    turned = list(zip(levels, levels[1:] + levels[:1], strict=True))
    table = RatingsTable.from_matrix([*agreeing, *turned], levels)

    assert gwet_ac1(table).value == pytest.approx(brennan_prediger(table).value)


@given(st.lists(st.tuples(*[st.sampled_from(_LEVELS)] * 2), min_size=3, max_size=40))
def test_two_raters_have_the_same_kappa_by_conger_and_cohen(pairs):
    table = _table([list(pair) for pair in pairs])

    several, two = conger_kappa(table), cohen_kappa(table.cross_table())

    assert (several.value is None) == (two.value is None)
    assert two.value is None or several.value == pytest.approx(two.value)


@given(
    st.lists(st.tuples(*[st.integers(0, 2)] * 2), min_size=3, max_size=40),
    st.sampled_from(["linear", "quadratic", "identity"]),
)
def test_an_unused_level_at_the_end_leaves_weighted_kappa_alone(pairs, kind):
    narrow, wide = np.zeros((3, 3)), np.zeros((4, 4))
    for i, j in pairs:
        narrow[i, j] += 1
        wide[i, j] += 1

    one = weighted_kappa(narrow, agreement_weights(kind, np.arange(3.0)), kind)
    other = weighted_kappa(wide, agreement_weights(kind, np.arange(4.0)), kind)

    assert (one.value is None) == (other.value is None)
    assert one.value is None or one.value == pytest.approx(other.value, abs=1e-9)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_quadratic_kappa_approaches_the_intraclass_correlation(seed):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, 20_000)
    given_levels = np.clip(truth[:, None] + rng.integers(-1, 2, (20_000, 2)), 0, 3)
    rows = [[str(x) for x in row] for row in given_levels.tolist()]
    table = RatingsTable.from_matrix(rows, ["0", "1", "2", "3"])

    weights = agreement_weights("quadratic", np.arange(4.0))
    kappa = weighted_kappa(table.cross_table(), weights, "quadratic")

    icc = intraclass_correlations(table)["icc_2_1"]
    assert kappa.value == pytest.approx(icc.value, abs=1e-4)
