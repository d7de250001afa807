"""The commands agreement, consensus and compare, from a file to one JSON object."""

from __future__ import annotations

import csv
import io
import json

import pytest
from django.core.management import call_command

from tests.golden_cases import case, expectations, matrix

_COEFFICIENTS = (
    "percent_agreement",
    "gwet_ac1",
    "gwet_ac2",
    "fleiss_kappa",
    "conger_kappa",
    "brennan_prediger",
    "krippendorff_alpha",
)
_KAPPAS = ("cohen_kappa", "weighted_kappa_linear", "weighted_kappa_quadratic")


@pytest.fixture
def write(tmp_path):
    """Write rows as CSV and return the path."""

    def _write(header, rows):
        path = tmp_path / "labels.csv"
        with path.open("w", encoding="utf-8", newline="") as lines:
            csv.writer(lines).writerows([header, *rows])
        return str(path)

    return _write


def _json(name, *arguments):
    out = io.StringIO()
    call_command(name, *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def _long(content):
    return [
        (item, rater, label)
        for item, row in enumerate(matrix(content))
        for rater, label in enumerate(row)
        if label is not None
    ]


@pytest.mark.parametrize(
    ("name", "metric"),
    expectations(
        lambda content, metric: (
            content["data_kind"] == "ratings"
            and metric.partition("[")[0] in _COEFFICIENTS
        )
    ),
)
def test_agreement_prints_the_published_coefficient(write, name, metric):
    content = case(name)
    expected = content["expected"][metric]
    path = write(["item", "rater", "label"], _long(content))
    scale = "ordinal" if "[" in metric else "nominal"

    result = _json("agreement", path, "--scale", scale, "--all-weights")

    found = result["coefficients"][metric]
    assert found["value"] == pytest.approx(expected["value"], abs=expected["tolerance"])
    if "se" in expected:
        assert found["se"] == pytest.approx(expected["se"], abs=2e-5)
    if "ci" in expected:
        assert found["ci"] == pytest.approx(expected["ci"], abs=1.1e-4)


@pytest.mark.parametrize(
    ("name", "metric"), expectations(lambda _, metric: metric in _KAPPAS)
)
def test_agreement_of_two_raters_prints_the_published_kappas(write, name, metric):
    content = case(name)
    expected = content["expected"][metric]
    path = write(["item", "rater", "label"], _long(content))
    levels = ",".join(str(level) for level in range(len(content["data"])))

    result = _json("agreement", path, "--scale", "ordinal", "--levels", levels)

    found = result["coefficients"][metric]
    assert found["value"] == pytest.approx(expected["value"], abs=expected["tolerance"])
    assert found["se"] == pytest.approx(expected["se"], abs=5e-5)


@pytest.mark.parametrize("scale", ["nominal", "ordinal", "interval", "ratio"])
def test_the_metric_of_alpha_follows_the_scale(write, scale):
    content = case("krippendorff_2011_4obs_12units")
    path = write(["item", "rater", "label"], _long(content))

    result = _json("agreement", path, "--scale", scale)

    expected = content["expected"][f"krippendorff_alpha_{scale}"]
    found = result["coefficients"]["krippendorff_alpha"]
    assert found["value"] == pytest.approx(expected["value"], abs=expected["tolerance"])
    assert found["bootstrap"]["draws"] == 1000
    assert (result["n_items"], result["n_raters"], result["n_ratings"]) == (12, 4, 41)


def test_agreement_keeps_the_first_of_two_labels_and_says_so(write):
    rows = [("1", "a", "low"), ("1", "b", "low"), ("1", "a", "high")]
    path = write(["item", "rater", "label"], rows)

    result = _json("agreement", path, "--scale", "ordinal")

    assert result["n_ratings"] == 2
    assert any("first one counts" in warning for warning in result["warnings"])


def test_undefined_coefficients_come_with_a_reason(write):
    path = write(["item", "rater", "label"], [("1", "a", "low"), ("2", "a", "high")])

    result = _json("agreement", path, "--scale", "ordinal")

    for found in result["coefficients"].values():
        assert found["value"] is None
        assert found["reason"] == "Only one rater gave labels."


def test_consensus_settles_the_patients_of_1979_as_published(write):
    content = case("dawid_skene_1979_anaesthetists")
    observers = [name.split("_")[0] for name in content["data"]["columns"]]
    rows = [
        (patient, observer, level)
        for patient, levels in enumerate(content["data"]["rows"], start=1)
        for observer, level in zip(observers, levels, strict=True)
    ]
    path = write(["item", "rater", "label"], rows)

    result = _json("consensus", path, "--method", "dawid_skene")

    expected = content["expected"]
    labels = [int(label) for label in result["labels"].values()]
    assert labels == expected["map_class"]["value"]
    assert list(result["priors"].values()) == pytest.approx(
        expected["class_prior"]["value"], abs=0.005
    )
    assert result["log_likelihood"] == pytest.approx(
        expected["log_likelihood"]["value"], abs=0.001
    )
    assert result["raters"]["obs1"]["n"] == 3 * 45


def test_consensus_by_majority_lists_ties(write):
    rows = [("1", "a", "low"), ("1", "b", "high"), ("2", "a", "low"), ("2", "b", "low")]
    path = write(["item", "rater", "label"], rows)

    result = _json("consensus", path, "--method", "majority")

    assert result["labels"] == {"1": None, "2": "low"}
    assert result["ties"] == ["1"]
    assert result["log_likelihood"] is None


def test_compare_prints_the_published_paired_interval(write):
    content = case("newcombe_altman_2000_table6_2")
    counts = content["data"]
    rows = []
    for name, a, b in (
        ("both_yes", 1, 1),
        ("first_only", 0, 1),
        ("second_only", 1, 0),
        ("both_no", 0, 0),
    ):
        rows += [(f"{name}{i}", 1, a, b) for i in range(counts[name])]
    path = write(["item", "gold", "old", "new"], rows)

    result = _json("compare", path, "--levels", "0,1")

    (pair,) = result["pairs"]
    expected = content["expected"]
    assert (pair["a"], pair["b"]) == ("old", "new")
    assert (pair["wins"], pair["losses"], pair["ties"]) == (5, 0, 36)
    assert pair["difference"]["value"] == pytest.approx(expected["diff"]["value"])
    assert pair["difference"]["ci"] == pytest.approx(
        expected["diff_ci_tango"]["value"], abs=1e-5
    )
    assert pair["p"] == pytest.approx(expected["p_midp"]["value"], abs=1e-7)
    assert pair["verdict"] == "improved"
    assert result["n_clusters"] == result["n_items"] == 41
    assert set(result["systems"]) == {"old", "new"}
    figure = result["systems"]["new"]["accuracy"]
    assert figure["reference"] == "gold"
    assert len(figure["ci"]) == 2


def test_compare_counts_clusters_and_uses_them(write):
    rows = [(i, "low", "low" if i % 3 else "high", "low", i // 5) for i in range(60)]
    path = write(["item", "gold", "base", "tuned", "cluster"], rows)

    result = _json("compare", path)

    assert result["n_clusters"] == 12
    assert "incident" in result["pairs"][0]["test"]
    assert "12 incidents" in result["systems"]["base"]["accuracy"]["method"]


def test_categories_without_an_order_have_no_quadratic_kappa(write):
    rows = [(i, "wifi" if i % 2 else "dns", "wifi") for i in range(20)]
    path = write(["item", "gold", "base"], rows)

    result = _json("compare", path)

    assert result["systems"]["base"]["qwk"]["value"] is None
    assert "order" in result["systems"]["base"]["qwk"]["reason"]
    assert "base always answers “wifi”." in result["warnings"]


def test_people_get_tables_with_notes(write):
    rows = [(i, rater, "low") for i in range(25) for rater in "ab"]
    path = write(["item", "rater", "label"], [*rows, (99, "a", "high")])
    out = io.StringIO()

    call_command("agreement", path, "--scale", "ordinal", stdout=out)
    call_command("consensus", path, "--method", "dawid_skene", stdout=out)

    text = out.getvalue()
    assert "26 items, 2 raters, 51 ratings" in text
    assert "krippendorff_alpha" in text
    assert "Note: 1 of 26 items have one label only" in text
    assert "converged after" in text


def test_people_get_verdicts_in_sentences(write):
    rows = [(i, "low", "high" if i < 20 else "low", "low") for i in range(60)]
    path = write(["item", "gold", "base", "tuned"], rows)
    out = io.StringIO()

    call_command("compare", path, stdout=out)

    assert "tuned is better than base: +33.3 points" in out.getvalue()
