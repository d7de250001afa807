"""One label from several: votes, Dawid and Skene, and ties that stay ties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.domain.consensus import dawid_skene, majority
from annotation.domain.dawid_skene import fit_dawid_skene, ordinal_prior
from annotation.domain.label_file import ScaleKind, tabulate
from annotation.domain.ratings_table import RatingsTable
from tests.golden_cases import case, data_rows, reference_values

_LEVELS = ["critical", "high", "medium", "low"]


def _anaesthetists():
    content = case("dawid_skene_1979_anaesthetists")["data"]
    observers = [name.split("_")[0] for name in content["columns"]]
    rows = [
        (str(patient), observer, str(level))
        for patient, levels in enumerate(content["rows"], start=1)
        for observer, level in zip(observers, levels, strict=True)
    ]
    return RatingsTable.from_labels(rows, list("1234"), keep_repeats=True)


def _crowd(folder, keep=lambda row: True, levels=None):
    rows = [
        (row["item_id"], row["rater"], row["label"])
        for row in data_rows(folder)
        if keep(row)
    ]
    return tabulate(rows, ScaleKind.NOMINAL, levels)[0]


def test_the_anaesthetists_of_1979_err_as_published():
    expected = case("dawid_skene_1979_anaesthetists")["expected"]

    fitted = fit_dawid_skene(_anaesthetists())

    assert fitted.converged
    assert fitted.priors == pytest.approx(
        expected["class_prior"]["value"], abs=expected["class_prior"]["tolerance"]
    )
    observers = [
        expected["observer1_error_rates"]["value"],
        *expected["observers2to5_error_rates"]["value"],
    ]
    assert np.abs(fitted.confusions - np.array(observers)).max() < 5e-4
    assert fitted.log_likelihood == pytest.approx(
        expected["log_likelihood"]["value"],
        abs=expected["log_likelihood"]["tolerance"],
    )


def test_the_anaesthetists_of_1979_settle_every_patient_as_published():
    expected = case("dawid_skene_1979_anaesthetists")["expected"]

    found = dawid_skene(_anaesthetists())

    assert [int(label) for label in found.labels.values()] == expected["map_class"][
        "value"
    ]
    for patient, shares in expected["posterior_not_certain"]["value"].items():
        assert found.posteriors[int(patient) - 1] == pytest.approx(shares, abs=0.005)


def test_every_iteration_has_the_published_log_likelihood():
    published = reference_values("dawid_skene_1979", "EXPECTED.json")

    trace = fit_dawid_skene(_anaesthetists()).trace

    expected = published["log_likelihood_by_iteration"]
    assert trace[: len(expected)] == pytest.approx(expected, abs=1e-6)


@st.composite
def _tables(draw):
    raters = draw(st.integers(1, 5))
    row = st.lists(
        st.sampled_from([*_LEVELS, None]), min_size=raters, max_size=raters
    ).filter(lambda labels: any(labels))
    matrix = draw(st.lists(row, min_size=1, max_size=12))
    return RatingsTable.from_matrix(matrix, _LEVELS)


@settings(deadline=None)
@given(_tables())
def test_the_log_likelihood_never_falls(table):
    trace = fit_dawid_skene(table).trace

    assert (np.diff(trace) >= -1e-8).all()


@settings(deadline=None)
@given(_tables(), st.booleans())
def test_posteriors_and_habits_are_shares(table, with_prior):
    found = dawid_skene(table, with_ordinal_prior=with_prior)

    assert found.posteriors.sum(axis=1) == pytest.approx(np.ones(table.n_items))
    rows = found.confusions.sum(axis=2)
    assert np.minimum(np.abs(rows), np.abs(rows - 1)).max() < 1e-9
    assert found.priors.sum() == pytest.approx(1)


@settings(deadline=None)
@given(_tables())
def test_a_tie_of_votes_is_left_open(table):
    found = majority(table)

    for item, code in enumerate(found.codes.tolist()):
        votes = table.counts[item]
        leaders = np.flatnonzero(votes == votes.max())
        assert (code == -1) == (len(leaders) > 1)
        assert code == -1 or leaders.tolist() == [code]


def test_two_raters_who_disagree_settle_nothing():
    table = RatingsTable.from_labels(
        [("t1", "ann", "high"), ("t1", "bob", "low")], _LEVELS
    )

    for found in (majority(table), dawid_skene(table)):
        assert found.labels == {"t1": None}
        assert found.ties == ("t1",)


def test_seniority_breaks_a_tie_by_a_rule_fixed_in_advance():
    table = RatingsTable.from_labels(
        [("t1", "senior", "high"), ("t1", "junior", "low")], _LEVELS
    )

    found = majority(table, {"senior": 2.0})

    assert found.labels == {"t1": "high"}
    assert found.posteriors[0] == pytest.approx([0, 2 / 3, 0, 1 / 3])


def test_repeats_by_one_rater_count_as_further_labels():
    rows = [("t1", "ann", "high"), ("t1", "ann", "high"), ("t1", "bob", "low")]

    found = majority(RatingsTable.from_labels(rows, _LEVELS, keep_repeats=True))

    assert found.labels == {"t1": "high"}
    assert found.as_dict()["raters"]["ann"]["n"] == 2


def test_an_adjudicated_ticket_keeps_its_level_and_teaches_about_raters():
    rows = [(f"t{i}", rater, "low") for i in range(8) for rater in ("ann", "bob")]
    table = RatingsTable.from_labels(rows, _LEVELS)

    free = dawid_skene(table)
    found = dawid_skene(table, adjudicated={"t3": "critical", "unknown": "low"})

    assert free.labels["t3"] == "low"
    assert found.labels["t3"] == "critical"
    assert found.posteriors[3].tolist() == [1, 0, 0, 0]
    assert found.confusions[0][0].tolist() == [0, 0, 0, 1]


def test_the_ordinal_prior_expects_neighbours_more_than_far_levels():
    counts = ordinal_prior(4)

    assert np.diag(counts).tolist() == [3, 3, 3, 3]
    assert counts[0] == pytest.approx([3, 0.5, 0.5 * np.exp(-0.8), 0.5 * np.exp(-1.6)])
    assert np.array_equal(counts, counts.T)


def test_the_prior_counts_as_labels_seen_before():
    table = RatingsTable.from_labels([("t1", "ann", "high")], _LEVELS)
    prior = ordinal_prior(4)

    found = dawid_skene(table, with_ordinal_prior=True, adjudicated={"t1": "critical"})

    seen = prior[0] + [0, 1, 0, 0]
    assert found.confusions[0][0] == pytest.approx(seen / seen.sum())
    assert found.confusions[0][3] == pytest.approx(prior[3] / prior[3].sum())


def test_the_ordinal_prior_finds_more_of_the_truth_than_votes_among_few_tickets():
    rng = np.random.default_rng(2)
    gains = []
    for _ in range(30):
        truth = rng.choice(4, 100, p=[0.08, 0.17, 0.3, 0.45])
        rows = []
        for ticket, level in enumerate(truth.tolist()):
            for rater, skill in (("a", 0.92), ("b", 0.78), ("c", 0.78)):
                off = 0 if rng.random() < skill else int(rng.choice([-1, 1]))
                given_level = abs(level + off) if level + off < 4 else 2
                rows.append((str(ticket), rater, _LEVELS[given_level]))
        table = RatingsTable.from_labels(rows, _LEVELS)
        by_vote = (majority(table).codes == truth).mean()
        by_model = (dawid_skene(table, with_ordinal_prior=True).codes == truth).mean()
        gains.append(by_model - by_vote)

    assert np.mean(gains) > 0.01


def test_a_model_without_ratings_is_refused():
    with pytest.raises(ValueError, match="no ratings"):
        fit_dawid_skene(RatingsTable.from_labels([], _LEVELS))


def test_the_public_shape_names_every_level():
    table = RatingsTable.from_labels(
        [("t1", "ann", "high"), ("t1", "bob", "high"), ("t2", "ann", "low")], _LEVELS
    )

    shape = dawid_skene(table).as_dict()

    assert shape["levels"] == _LEVELS
    assert shape["labels"] == {"t1": "high", "t2": "low"}
    assert shape["ties"] == []
    assert list(shape["posteriors"]["t1"]) == _LEVELS
    assert shape["raters"]["bob"]["confusion"]["high"]["high"] == pytest.approx(1)
    assert sum(shape["raters"]["bob"]["confusion"]["low"].values()) == 0
    assert shape["iterations"] >= 1
    assert shape["converged"]


def test_the_model_beats_votes_on_ducks_as_the_literature_says():
    reference = reference_values("bluebird_duck")
    gold = {
        row["item_id"]: row["label"] for row in data_rows("bluebird_duck", "gold.csv")
    }
    table = _crowd("bluebird_duck")

    by_vote, by_model = majority(table).labels, dawid_skene(table).labels

    votes = np.mean([by_vote[item] == label for item, label in gold.items()])
    model = np.mean([by_model[item] == label for item, label in gold.items()])
    assert votes == pytest.approx(reference["mv_accuracy"], abs=1e-4)
    # The reference library stops early; full convergence settles one more duck.
    assert model == pytest.approx(reference["ds_accuracy"], abs=0.01)
    assert model > votes + 0.1


def test_ninety_thousand_real_labels_are_fitted():
    reference = reference_values("crowd_ordinal4")
    gold = {
        row["item_id"]: row["label"] for row in data_rows("crowd_ordinal4", "gold.csv")
    }
    table = _crowd("crowd_ordinal4", lambda row: row["is_repeat"] == "0", list("GPRX"))

    found = dawid_skene(table)

    labels = found.labels
    right = np.mean([labels[i] == level for i, level in gold.items() if i in labels])
    assert found.converged
    assert right == pytest.approx(reference["ds_accuracy"], abs=0.01)
