"""Agreement coefficients against published tables, and where they are not defined."""

from __future__ import annotations

import numpy as np
import pytest

from annotation.domain.agreement import (
    brennan_prediger,
    conger_kappa,
    fleiss_kappa,
    gwet_ac2,
    percent_agreement,
    specific_agreement,
)
from annotation.domain.icc import intraclass_correlations
from annotation.domain.kappa import (
    bowker,
    cohen_kappa,
    cost_weights,
    stuart_maxwell,
    weighted_kappa,
)
from annotation.domain.krippendorff import krippendorff_alpha, weighted_alpha
from annotation.domain.ratings_table import RatingsTable
from annotation.domain.scale import agreement_weights
from tests.golden_cases import case, cross_table, expectations, matrix, ratings

_BY_WEIGHTS = {
    "percent_agreement": percent_agreement,
    "gwet_ac1": gwet_ac2,
    "gwet_ac2": gwet_ac2,
    "fleiss_kappa": fleiss_kappa,
    "scott_pi": fleiss_kappa,
    "conger_kappa": conger_kappa,
    "brennan_prediger": brennan_prediger,
    "pabak": brennan_prediger,
    "randolph_free_marginal": brennan_prediger,
    "mean_P": percent_agreement,
    "krippendorff_alpha": weighted_alpha,
}
# These standard errors were printed with n instead of n - 1 in the variance.
_DIVIDED_BY_N = {"gwet_2014_cont3x3_abstractors"}


def _check(found, expected, *, se_factor=1.0):
    assert found.value == pytest.approx(expected["value"], abs=expected["tolerance"])
    if "se" in expected:
        tolerance = expected.get("se_tolerance", 2e-5)
        assert found.se * se_factor == pytest.approx(expected["se"], abs=tolerance)
    if "ci" in expected:
        # Limits are printed with four decimals.
        assert found.ci == pytest.approx(expected["ci"], abs=1.1e-4)


@pytest.mark.parametrize(
    ("name", "metric"),
    expectations(lambda _, metric: metric.partition("[")[0] in _BY_WEIGHTS),
)
def test_coefficients_of_several_raters_are_the_published_ones(name, metric):
    content = case(name)
    table = ratings(content)
    base, _, weights = metric.rstrip("]").partition("[")
    n = table.n_items
    factor = np.sqrt((n - 1) / n) if name in _DIVIDED_BY_N else 1.0

    found = _BY_WEIGHTS[base](table, weights or "identity")

    _check(found, content["expected"][metric], se_factor=factor)


@pytest.mark.parametrize(
    ("name", "metric"),
    expectations(lambda _, metric: metric.startswith("krippendorff_alpha_")),
)
def test_alpha_under_each_metric_is_the_published_one(name, metric):
    content = case(name)

    found = krippendorff_alpha(ratings(content), metric.rpartition("_")[2])

    _check(found, content["expected"][metric])


@pytest.mark.parametrize(
    ("name", "metric"),
    expectations(lambda _, m: m == "cohen_kappa" or m.startswith("weighted_kappa")),
)
def test_kappas_of_two_raters_are_the_published_ones(name, metric):
    content = case(name)
    table = cross_table(content)
    kind = metric.rpartition("_")[2]
    if kind == "kappa":
        found = cohen_kappa(table)
    elif kind == "custom":
        costs = np.array(content["weights_disagreement"], dtype=float)
        found = weighted_kappa(table, cost_weights(costs), "cost")
    else:
        weights = agreement_weights(kind, np.arange(len(table), dtype=float))
        found = weighted_kappa(table, weights, kind)

    _check(found, content["expected"][metric])


@pytest.mark.parametrize(
    ("name", "metric"), expectations(lambda _, metric: metric.startswith("ICC"))
)
def test_intraclass_correlations_are_the_published_ones(name, metric):
    content = case(name)

    found = intraclass_correlations(ratings(content))

    _check(found[f"icc_{metric[3]}_{metric[4:] or '1'}"], content["expected"][metric])


@pytest.mark.parametrize(
    ("name", "metric"),
    expectations(lambda _, metric: metric.startswith(("bowker", "stuart"))),
)
def test_symmetry_tests_are_the_published_ones(name, metric):
    content = case(name)
    expected = content["expected"][metric]

    test = (bowker if metric.startswith("bowker") else stuart_maxwell)(
        cross_table(content)
    )

    found = test.p if metric.endswith("_p") else test.statistic
    assert found == pytest.approx(expected["value"], abs=expected["tolerance"])


def test_chance_agreement_of_fleiss_kappa_is_the_published_one():
    content = case("wikipedia_fleiss_14x10")

    found = fleiss_kappa(ratings(content))

    assert found.chance == pytest.approx(content["expected"]["P_e"]["value"], abs=1e-5)


@pytest.mark.parametrize(
    ("name", "metric"),
    expectations(lambda _, metric: metric.startswith("category_kappa")),
)
def test_the_kappa_of_one_category_is_that_of_it_against_the_rest(name, metric):
    content = case(name)
    category = metric.split("_")[2]
    split = RatingsTable.from_matrix(
        [
            ["yes" if str(value) == category else "no" for value in row]
            for row in matrix(content)
        ],
        ["yes", "no"],
    )

    found = fleiss_kappa(split)

    _check(found, content["expected"][metric])


def test_specific_agreement_of_two_raters_is_dice():
    table = RatingsTable.from_matrix(
        [["a", "a"]] * 40 + [["a", "b"]] * 9 + [["b", "a"]] * 6 + [["b", "b"]] * 45,
        ["a", "b"],
    )

    found = specific_agreement(table)

    assert found["a"].value == pytest.approx(2 * 40 / (2 * 40 + 15))
    assert found["b"].value == pytest.approx(2 * 45 / (2 * 45 + 15))
    assert found["a"].ci[0] < found["a"].value < found["a"].ci[1]


@pytest.mark.parametrize("metric", ["nominal", "ordinal", "interval", "ratio"])
def test_the_standard_error_of_alpha_is_near_the_jackknife(metric):
    rng = np.random.default_rng(8)
    truth = rng.choice(5, 150, p=[0.05, 0.1, 0.15, 0.3, 0.4])
    rows = [
        [
            str(int(np.clip(level + rng.choice([-1, 0, 0, 0, 1]), 0, 4)) + 1)
            if rng.random() < 0.8
            else None
            for _ in range(4)
        ]
        for level in truth
    ]

    def alpha(chosen):
        table = RatingsTable.from_matrix(chosen, list("12345"), values=[1, 2, 3, 4, 5])
        return krippendorff_alpha(table, metric)

    left_out = np.array(
        [alpha(rows[:i] + rows[i + 1 :]).value for i in range(len(rows))]
    )
    n = len(rows)
    jackknife = np.sqrt((n - 1) / n * ((left_out - left_out.mean()) ** 2).sum())

    assert alpha(rows).se == pytest.approx(jackknife, rel=0.04)
