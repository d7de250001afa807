"""All figures of a table at once, and the warnings in words."""

from __future__ import annotations

import numpy as np
import pytest

from annotation.domain.agreement_report import assess_agreement
from annotation.domain.krippendorff import bootstrap_alpha, krippendorff_alpha
from annotation.domain.label_file import ScaleKind, tabulate
from annotation.domain.ratings_table import RatingsTable
from annotation.domain.scale import Weights
from tests.golden_cases import case, data_rows, ratings, reference_values

_LEVELS = ["critical", "high", "medium", "low"]


def _noisy(rng, items, raters, levels=4, right=0.75):
    truth = rng.integers(0, levels, items)
    rows = []
    for level in truth.tolist():
        off = rng.choice(
            [-1, 0, 1], raters, p=[(1 - right) / 2, right, (1 - right) / 2]
        )
        rows.append([str(x) for x in np.clip(level + off, 0, levels - 1).tolist()])
    return rows


def test_a_report_has_the_figures_that_its_scale_and_raters_allow():
    rows = _noisy(np.random.default_rng(1), 30, 2)
    table = RatingsTable.from_matrix(rows, list("0123"), values=[0, 1, 2, 3])

    ordinal = assess_agreement(table, ScaleKind.ORDINAL)
    numeric = assess_agreement(table, ScaleKind.INTERVAL)

    assert {"cohen_kappa", "weighted_kappa_quadratic"} <= set(ordinal.coefficients)
    assert set(ordinal.symmetry) == {"bowker", "stuart_maxwell"}
    assert list(ordinal.specific) == list("0123")
    assert "icc_2_1" in numeric.coefficients
    assert not numeric.specific
    assert not numeric.symmetry


def test_three_raters_have_no_two_rater_kappa():
    rows = _noisy(np.random.default_rng(1), 30, 3)

    report = assess_agreement(
        RatingsTable.from_matrix(rows, list("0123")), ScaleKind.ORDINAL
    )

    assert "cohen_kappa" not in report.coefficients
    assert not report.symmetry


@pytest.mark.parametrize(
    ("kind", "weights", "same_as"),
    [
        (ScaleKind.ORDINAL, None, "gwet_ac2[quadratic]"),
        (ScaleKind.ORDINAL, Weights.LINEAR, "gwet_ac2[linear]"),
        (ScaleKind.NOMINAL, None, "gwet_ac1"),
    ],
)
def test_ac2_takes_the_weights_of_its_scale_or_those_asked_for(kind, weights, same_as):
    table = ratings(case("gwet_2014_raw_4raters_12x4_weighted"))

    report = assess_agreement(table, kind, weights=weights, all_weights=True)

    coefficients = report.coefficients
    assert coefficients["gwet_ac2"].value == coefficients[same_as].value


def test_all_weights_add_every_coefficient_three_times():
    table = ratings(case("gwet_2014_raw_4raters_12x4_weighted"))

    plain = assess_agreement(table, ScaleKind.ORDINAL)
    full = assess_agreement(table, ScaleKind.ORDINAL, all_weights=True)

    added = set(full.coefficients) - set(plain.coefficients)
    assert len(added) == 6 * 3
    assert "krippendorff_alpha[ordinal]" in added


def test_a_prevalent_level_is_explained_in_words():
    rows = [["low", "low"]] * 85 + [["low", "critical"]] * 5 + [["critical", "low"]] * 5
    table = RatingsTable.from_matrix([*rows, ["critical"] * 2] * 1, _LEVELS)

    report = assess_agreement(table, ScaleKind.ORDINAL)

    (warning,) = report.warnings
    assert warning.startswith("Prevalence: 94% of all labels are “low”.")
    assert "agree exactly 90% of the time" in warning


def test_balanced_levels_need_no_explanation():
    rows = _noisy(np.random.default_rng(1), 60, 3)

    report = assess_agreement(
        RatingsTable.from_matrix(rows, list("0123")), ScaleKind.ORDINAL
    )

    assert report.warnings == ()


def test_repeats_single_labels_and_unknown_raters_are_counted_in_words():
    rows = [("1", "a", "low"), ("1", "b", "low"), ("1", "a", "high"), ("2", "a", "low")]

    report = assess_agreement(
        RatingsTable.from_labels(rows, _LEVELS), ScaleKind.ORDINAL
    )

    assert report.n_ratings == 3
    repeats, single, unknown, *_ = report.warnings
    assert repeats.startswith("1 labels repeat")
    assert single.startswith("1 of 2 items have one label only")
    assert unknown.startswith("2 of 2 raters gave fewer than 5 labels")


def test_perfect_harmony_is_suspicious():
    rows = [["low"] * 3, ["high"] * 3] * 15

    report = assess_agreement(
        RatingsTable.from_matrix(rows, _LEVELS), ScaleKind.ORDINAL
    )

    assert any("not copied" in warning for warning in report.warnings)


def test_the_wider_interval_of_alpha_is_the_one_to_show():
    table = ratings(case("gwet_2014_raw_4raters_12x4_weighted"))
    narrow = _noisy(np.random.default_rng(3), 400, 3)

    small = assess_agreement(table, ScaleKind.NOMINAL, rng=np.random.default_rng(1))
    large = assess_agreement(
        RatingsTable.from_matrix(narrow, list("0123")),
        ScaleKind.ORDINAL,
        rng=np.random.default_rng(1),
    )

    for report in (small, large):
        linear = report.coefficients["krippendorff_alpha"]
        width = report.alpha().ci[1] - report.alpha().ci[0]
        drawn = report.alpha_bootstrap.ci
        ratio = (min(1, drawn[1]) - drawn[0]) / (linear.ci[1] - linear.ci[0])
        assert ("bootstrap" in report.alpha().method) == (ratio > 1.2)
        assert width >= linear.ci[1] - linear.ci[0]
    assert large.alpha() == large.coefficients["krippendorff_alpha"]


@pytest.mark.parametrize("metric", ["nominal", "ordinal", "interval"])
def test_the_bootstrap_of_alpha_resamples_items(metric):
    rows = _noisy(np.random.default_rng(5), 200, 3)
    table = RatingsTable.from_matrix(rows, list("0123"))

    drawn = bootstrap_alpha(table, metric, np.random.default_rng(1), draws=2000)

    assert drawn.se == pytest.approx(krippendorff_alpha(table, metric).se, rel=0.1)


def test_clusters_of_copied_items_widen_the_interval_of_alpha():
    rows = _noisy(np.random.default_rng(5), 40, 3) * 5
    table = RatingsTable.from_matrix(rows, list("0123"))
    clusters = np.tile(np.arange(40), 5)

    items = bootstrap_alpha(table, "ordinal", np.random.default_rng(1))
    grouped = bootstrap_alpha(
        table, "ordinal", np.random.default_rng(1), clusters=clusters
    )

    assert grouped.se == pytest.approx(np.sqrt(5) * items.se, rel=0.15)


def test_alpha_of_large_real_crowd_labels_is_the_reference():
    rows = [
        (row["item_id"], row["rater"], row["label"])
        for row in data_rows("crowd_ordinal4")
        if row["is_repeat"] == "0"
    ]
    reference = reference_values("crowd_ordinal4")

    table, _ = tabulate(rows, ScaleKind.ORDINAL, list("GPRX"))
    report = assess_agreement(table, ScaleKind.ORDINAL, rng=np.random.default_rng(1))

    assert report.n_ratings == reference["ratings"]
    alpha = report.coefficients["krippendorff_alpha"].value
    assert alpha == pytest.approx(reference["alpha_ordinal"], abs=1e-4)
    nominal = krippendorff_alpha(table, "nominal").value
    assert nominal == pytest.approx(reference["alpha_nominal"], abs=1e-4)


@pytest.mark.parametrize("folder", ["bluebird_duck", "dawid_skene_1979"])
def test_coefficients_of_real_labels_are_the_reference(folder):
    rows = [
        (row["item_id"], row["rater"], row["label"])
        for row in data_rows(folder)
        if row.get("replicate", "1") == "1"
    ]
    reference = reference_values(folder)
    reference = reference.get("first_replicate", reference)

    table, _ = tabulate(rows, ScaleKind.NOMINAL)
    report = assess_agreement(table, ScaleKind.NOMINAL)

    found = report.coefficients
    assert found["krippendorff_alpha"].value == pytest.approx(
        reference["alpha_nominal"], abs=1e-4
    )
    assert found["fleiss_kappa"].value == pytest.approx(
        reference["fleiss_kappa"], abs=1e-4
    )
