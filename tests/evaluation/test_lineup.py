"""Names, order and first questions of a comparison."""

from __future__ import annotations

import pytest

from evaluation.services import lineup, standing
from netft_site.base.refusals import Refused
from tests.evaluation import worlds
from tests.factories import EvaluationFactory

pytestmark = pytest.mark.django_db

BASELINES = ("majority", "tfidf-lr", "embedding-lr")
ENCODER = "all-minilm-l6-v2"


def test_baselines_come_first_and_the_newest_tuned_model_last(dataset):
    tuned = worlds.trained(dataset, ENCODER, "tuned-1")
    others = [worlds.trained(dataset, base) for base in reversed(BASELINES)]
    newest = worlds.trained(dataset, ENCODER, "tuned-2")

    ordered = lineup.in_order([newest, *others, tuned, newest])

    kinds = [lineup.kind_of(model) for model in ordered]
    assert kinds == [
        "majority class",
        "TF-IDF + LR",
        "base model (frozen embedding + LR)",
        "tuned (LoRA)",
        "tuned (LoRA)",
    ]
    assert ordered[-1] == newest


def test_labels_are_as_short_as_they_may_be(dataset, later):
    alone = worlds.trained(dataset, "majority")
    first = worlds.trained(dataset, ENCODER, "first")
    second = worlds.trained(later, ENCODER, "second")
    third = worlds.trained(later, ENCODER, "third")

    two = lineup.labels_of([alone, first, second])
    three = lineup.labels_of([alone, first, second, third])

    assert two == {
        alone.name: "Majority class",
        "first": "Tuned on triage@1",
        "second": "Tuned on triage@2",
    }
    assert three["first"] == "Tuned on triage@1"
    assert (three["second"], three["third"]) == ("second", "third")


def test_the_first_questions_are_about_the_newest_tuned_model(dataset):
    base = worlds.trained(dataset, "embedding-lr", "base")
    before = worlds.trained(dataset, ENCODER, "before")
    newest = worlds.trained(dataset, ENCODER, "newest")

    asked = lineup.questions([newest, before, base])

    assert asked == [
        ("Tuned model against the base model", "base", "newest"),
        ("Tuned model against the one before", "before", "newest"),
    ]
    assert lineup.questions([base]) == []


def test_the_usual_choice_is_the_newest_of_everything(dataset):
    old = [worlds.trained(dataset, base, f"old-{base}") for base in BASELINES]
    new = [worlds.trained(dataset, base, f"new-{base}") for base in BASELINES]
    tuned = [worlds.trained(dataset, ENCODER, f"tuned-{n}") for n in range(7)]

    chosen = lineup.usual_choice([*old, *new, *tuned])

    names = [model.name for model in chosen]
    assert names == [*(m.name for m in new), *(f"tuned-{n}" for n in range(2, 7))]


def test_a_choice_of_none_or_of_too_many_is_refused(dataset):
    many = [worlds.trained(dataset, ENCODER, f"tuned-{n}") for n in range(9)]

    for models, code in [([], "no_models"), (many, "too_many_models")]:
        with pytest.raises(Refused) as refusal:
            lineup.choose(models)
        assert refusal.value.code == code


def test_models_stand_as_scored_under_way_failed_or_missing(dataset):
    done, running, failed, new, repaired = (
        worlds.trained(dataset, ENCODER, name)
        for name in ("done", "running", "failed", "new", "repaired")
    )
    worlds.scored(done, dataset, worlds.right(1))
    worlds.scored(repaired, dataset, worlds.right(1))
    EvaluationFactory(model_version=running)
    for model in (failed, repaired):
        EvaluationFactory(model_version=model, status="FAILED", failure="Lost.")

    found = standing.standing_on(dataset=dataset)

    assert found.scored == [done, repaired]
    assert [one.model_version for one in found.under_way] == [running]
    assert [one.model_version for one in found.failed] == [failed]
    assert found.missing == [failed, new]
