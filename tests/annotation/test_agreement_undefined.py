"""Where agreement is not defined, a reason stands instead of a number."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from annotation.domain.agreement import (
    brennan_prediger,
    conger_kappa,
    fleiss_kappa,
    gwet_ac1,
    gwet_ac2,
    percent_agreement,
)
from annotation.domain.icc import intraclass_correlations
from annotation.domain.kappa import bowker, cohen_kappa, cost_weights, stuart_maxwell
from annotation.domain.krippendorff import krippendorff_alpha, weighted_alpha
from annotation.domain.ratings_table import RatingsError, RatingsTable

_UNDEFINED = {
    "no labels": ([], "There are no labels."),
    "one rater": ([["a"], ["b"]], "Only one rater gave labels."),
    "no pairs": (
        [["a", None], [None, "b"]],
        "No item has labels from two raters.",
    ),
}


@pytest.mark.parametrize(("rows", "reason"), _UNDEFINED.values(), ids=_UNDEFINED)
@pytest.mark.parametrize(
    "compute",
    [
        percent_agreement,
        gwet_ac1,
        gwet_ac2,
        fleiss_kappa,
        conger_kappa,
        brennan_prediger,
        krippendorff_alpha,
        weighted_alpha,
    ],
)
def test_where_nobody_can_agree_the_reason_is_given(compute, rows, reason):
    table = RatingsTable.from_matrix(rows, ["a", "b"])
    arguments = ("linear",) if compute is weighted_alpha else ()

    found = compute(table, *arguments)

    assert found.as_dict() == {
        "value": None,
        "se": None,
        "ci": None,
        "n": found.n,
        "method": found.method,
        "reason": reason,
    }


def test_one_level_only_leaves_alpha_undefined_and_ac1_at_one():
    table = RatingsTable.from_matrix([["a", "a"]] * 5, ["a", "b", "c"])

    assert krippendorff_alpha(table).value is None
    assert "Only one level" in krippendorff_alpha(table).reason
    assert fleiss_kappa(table).value is None
    assert conger_kappa(table).value is None
    assert gwet_ac1(table).value == 1.0
    assert brennan_prediger(table).value == 1.0
    assert cohen_kappa(table.cross_table()).value is None


def test_full_agreement_claims_no_certainty():
    table = RatingsTable.from_matrix([["a", "a"], ["b", "b"], ["a", "a"]], ["a", "b"])

    for compute in (percent_agreement, gwet_ac1, krippendorff_alpha, conger_kappa):
        found = compute(table)
        assert found.value == 1.0
        assert found.ci is None
        assert found.reason == "The items do not vary, so the data give no interval."


def test_one_item_gives_a_value_without_an_interval():
    table = RatingsTable.from_matrix([["a", "b"]], ["a", "b"])

    found = percent_agreement(table)

    assert (found.value, found.ci) == (0.0, None)
    assert found.reason == "One item gives no interval."


def test_a_rater_who_always_says_the_same_leaves_kappa_at_zero_with_a_reason():
    table = np.array([[10.0, 0.0], [7.0, 0.0]])

    found = cohen_kappa(table)

    assert found.value == pytest.approx(0.0)
    assert found.ci is None
    assert "single level" in found.reason


def test_negative_numbers_have_no_ratio_metric():
    table = RatingsTable.from_matrix(
        [["-1", "2"], ["2", "2"]], ["-1", "2"], values=[-1, 2]
    )

    found = krippendorff_alpha(table, "ratio")

    assert found.value is None
    assert "zero or more" in found.reason


def test_symmetry_tests_without_disagreement_say_so():
    table = np.diag([4.0, 5.0, 0.0])

    assert bowker(table).reason == "There are no disagreements."
    assert stuart_maxwell(table).p is None
    assert stuart_maxwell(table).reason is not None


def test_bowker_of_two_levels_is_mcnemar_without_correction():
    found = bowker(np.array([[1.0, 1.0], [7.0, 12.0]]))

    assert found.statistic == pytest.approx(4.5)
    assert found.p == pytest.approx(stats.chi2.sf(4.5, 1))


def test_intraclass_correlations_need_a_complete_block():
    table = RatingsTable.from_matrix([["1", "2"], ["2", None]], ["1", "2"])

    found = intraclass_correlations(table)["icc_2_1"]

    assert found.value is None
    assert found.reason == "Not every rater rated every item."


def test_costs_that_are_no_costs_are_refused():
    with pytest.raises(ValueError, match="costs"):
        cost_weights(np.array([[0.0, -1.0], [1.0, 0.0]]))


def test_a_table_with_an_unrated_item_is_refused():
    one = np.zeros(1, dtype=np.intp)

    with pytest.raises(RatingsError, match="without any rating"):
        RatingsTable(one, one, one, ("t1", "t2"), ("ann",), ("a", "b"), np.arange(2.0))
    with pytest.raises(RatingsError, match="length"):
        RatingsTable(one, one, one[:0], ("t1",), ("ann",), ("a", "b"), np.arange(2.0))


def test_a_label_outside_the_levels_is_refused():
    with pytest.raises(RatingsError, match="not among"):
        RatingsTable.from_labels([("t1", "ann", "z")], ["a", "b"])


def test_a_cross_table_needs_two_raters():
    table = RatingsTable.from_matrix([["a", "a", "b"]], ["a", "b"])

    with pytest.raises(RatingsError, match="two raters"):
        table.cross_table()
