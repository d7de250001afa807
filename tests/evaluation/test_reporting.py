"""Comparisons: which figures they carry, and that they are the same everywhere."""

from __future__ import annotations

import json

import pytest

from annotation.models import Record, Review
from annotation.services import settling
from evaluation.models import Evaluation
from evaluation.services import failures, reporting
from netft_site.base.refusals import Refused
from tests.evaluation import worlds
from tests.factories import ReviewerFactory, ReviewFactory
from tests.training.worlds import label_by_source

pytestmark = pytest.mark.django_db


def compare(models, dataset, **more):
    return reporting.compare(models=models, dataset=dataset, **more)


def test_a_comparison_holds_every_model_pair_and_ceiling(models, dataset):
    shape = compare(models, dataset).as_dict()

    names = [model.name for model in models]
    assert list(shape["systems"]) == names
    assert len(shape["pairs"]) == 6
    assert list(shape["human_ceiling"]) == names
    assert shape["agreement"]["n_raters"] == 4
    assert shape["focus"] == names[-1]
    assert shape["reference"] == "gold verdicts of triage@1 TEST"
    assert json.loads(json.dumps(shape, allow_nan=False)) == shape


def test_every_figure_names_its_interval_its_n_and_its_reference(models, dataset):
    shape = compare(models, dataset).as_dict()

    figures = [
        *(s[key] for s in shape["systems"].values() for key in ("accuracy", "qwk")),
        *(pair["difference"] for pair in shape["pairs"]),
        *(one["system"] for one in shape["human_ceiling"].values()),
        *(one["accuracy"] for one in shape["slices"][shape["focus"]]),
    ]
    assert len(figures) > 20
    for figure in figures:
        assert {"value", "ci", "n", "method", "reference"} <= set(figure)
        assert figure["ci"] or figure["reason"]


def test_computing_again_gives_the_same_to_the_last_digit(models, dataset):
    first, second = (compare(models, dataset).as_dict() for _ in range(2))

    assert first == second


def test_figures_do_not_depend_on_which_models_stand_beside(models, dataset):
    all_four = compare(models, dataset).as_dict()

    two = compare(models[2:], dataset).as_dict()

    for name in two["systems"]:
        assert two["systems"][name] == all_four["systems"][name]
        assert two["slices"][name] == all_four["slices"][name]
    assert two["pairs"][0] in all_four["pairs"]


def test_the_frozen_report_has_the_figures_of_the_comparison(models, dataset):
    shape = compare(models, dataset).as_dict()

    for evaluation in Evaluation.objects.select_related("model_version"):
        name = evaluation.model_version.name
        assert shape["systems"][name].items() <= evaluation.report.items()
        assert shape["slices"][name] == evaluation.report["slices"]


def test_the_order_of_the_models_asked_for_does_not_matter(models, dataset):
    assert (
        compare(models, dataset).as_dict()
        == compare([*reversed(models), models[0]], dataset).as_dict()
    )


def test_first_and_second_model_meet_on_the_same_tickets(models, dataset, later):
    second = worlds.trained(later, "all-minilm-l6-v2")
    worlds.scored(second, dataset, worlds.right(0.95, 7))

    found = compare([*models, second], dataset)

    shape = found.as_dict()
    assert [(h["a"], h["b"]) for h in shape["headlines"]] == [
        (models[2].name, second.name),
        (models[3].name, second.name),
    ]
    assert shape["headlines"][1]["sentence"].startswith("Tuned on triage@2 ")
    pair = found.headlines[1][1]
    assert pair.wins + pair.losses + pair.ties == found.sheet.n_items == 18


def test_a_model_without_an_evaluation_is_refused(models, dataset):
    stranger = worlds.trained(dataset, "majority", "stranger")

    with pytest.raises(Refused) as refusal:
        compare([*models, stranger], dataset)

    assert refusal.value.code == "not_evaluated"
    assert "evaluate --model stranger --dataset triage@1" in refusal.value.message


def test_an_evaluation_against_other_gold_does_not_count(models, dataset):
    Evaluation.objects.filter(model_version=models[0]).update(gold_sha256="f" * 64)

    with pytest.raises(Refused) as refusal:
        compare(models, dataset)

    assert refusal.value.code == "not_evaluated"


def test_a_single_source_has_no_ceiling_and_says_so(project):
    source = ReviewerFactory(source=True, name="itsm", kind="SOURCE")
    label_by_source(project, source, 60)
    settling.settle_single_source(project=project)
    dataset = worlds.build(project, gold_rule="SINGLE_SOURCE")
    model = worlds.trained(dataset, "tfidf-lr")
    worlds.scored(model, dataset, worlds.right(0.5))

    shape = compare([model], dataset).as_dict()

    assert shape["single_source"] is True
    assert shape["agreement"] is None
    assert shape["human_ceiling"] == {}
    assert shape["reference"] == "single-source labels of triage@1 TEST"


def test_only_independent_first_labels_by_people_count(models, dataset):
    before = compare(models, dataset).as_dict()["human_ceiling"]
    record = Record.objects.get(
        external_id=compare(models, dataset).gold.rows[0].id,
    )
    other = ReviewerFactory(name="late")
    itsm = ReviewerFactory(source=True, name="itsm", kind="SOURCE")
    ReviewFactory(record=record, reviewer=other, severity="low", independent=False)
    ReviewFactory(record=record, reviewer=itsm, severity="low")

    after = compare(models, dataset).as_dict()["human_ceiling"]

    assert after == before


def test_tickets_without_two_labels_give_a_reason_and_no_ceiling(models, dataset):
    Review.objects.exclude(reviewer__name="engineer 1").delete()

    shape = compare(models, dataset).as_dict()

    ceiling = shape["human_ceiling"][shape["focus"]]
    assert ceiling["standing"] == "undefined"
    assert ceiling["humans"]["value"] is None
    assert ceiling["humans"]["reason"]
    assert "cannot be set beside the engineers" in ceiling["sentence"]


def test_figures_on_dev_carry_a_warning(dataset):
    model = worlds.trained(dataset, "tfidf-lr")
    worlds.scored(model, dataset, worlds.right(0.5), "DEV")

    shape = compare([model], dataset, split="DEV").as_dict()

    assert "flatter" in shape["warnings"][0]


def test_mistakes_of_weak_slices_come_first_then_the_most_confident(project):
    worlds.review_tickets(project, 400, reviewers=worlds.panel())
    shares = {"TRAIN": 0.3, "DEV": 0.1, "CALIBRATION": 0.1, "TEST": 0.5}
    dataset = worlds.build(project, shares=shares)
    models = worlds.compared(project, dataset)

    found = compare(models, dataset)
    mistakes = failures.failures_of(comparison=found, limit=1000)

    assert [one.value for one in found.weak] == ["wireless"]
    flags = [one.is_weak for one in mistakes]
    assert flags == sorted(flags, reverse=True)
    assert any(flags)
    assert all(one.is_weak == (one.category == "wireless") for one in mistakes)
    assert all(one.answer != one.gold for one in mistakes)
    assert sum(count for _, count in mistakes[0].said) == 4
    assert set(mistakes[0].answers) == {"Majority class", "TF-IDF + LR", "Base model"}
    right = found.sheet.right(found.focus)
    assert len(mistakes) == len(right) - right.sum()


def test_one_figure_in_two_tables_has_one_interval(project):
    incidents = worlds.review_tickets(project, 120, reviewers=worlds.panel())
    for number, record in enumerate(incidents):
        record.incident_key = f"MAJOR{number // 2}"
    Record.objects.bulk_update(incidents, ["incident_key"])
    dataset = worlds.build(project, shares={"TRAIN": 0.3, "DEV": 0.1, "TEST": 0.6})
    model = worlds.trained(dataset, "tfidf-lr", "m")
    worlds.scored(model, dataset, worlds.right(0.6))

    shape = compare([model], dataset).as_dict()

    slices = {found["value"]: found["accuracy"] for found in shape["slices"]["m"]}
    assert shape["n_clusters"] < shape["n_items"]
    for level in worlds.LEVELS:
        assert slices[level] == shape["systems"]["m"]["recall"][level]
        assert "BCa" in slices[level]["method"]
