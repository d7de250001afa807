"""What may not be scored, and by whom: leaks, tampered gold, strangers."""

from __future__ import annotations

from hashlib import sha256

import pytest
from django.utils import timezone

from annotation.models import Record
from evaluation.models import Evaluation
from evaluation.services import evaluating
from evaluation.services.gold import read_gold
from netft_site.base.refusals import Refused
from tests.evaluation import worlds
from tests.factories import DatasetFactory, ExampleFactory, ProjectFactory
from training.models import TrainingRun
from training.services.datasets import folders

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(dataset):
    return worlds.trained(dataset, "tfidf-lr")


@pytest.mark.parametrize("when", ["before", "after"])
def test_gold_that_was_tampered_with_is_refused(dataset, model, when):
    path = folders.split_path(dataset, "TEST")
    evaluation = None
    if when == "after":
        evaluation = evaluating.start(model=model, dataset=dataset)
        worlds.answer_job(evaluation, worlds.lines_for(dataset, worlds.right(0.5)))
    path.write_text(path.read_text().replace('"label": "high"', '"label": "low"'))

    if evaluation is None:
        with pytest.raises(Refused) as refusal:
            evaluating.start(model=model, dataset=dataset)
        assert refusal.value.code == "file_damaged"
    else:
        evaluating.sweep(now=timezone.now())
        evaluation.refresh_from_db()
        assert evaluation.status == "FAILED"
        assert "not the file that was frozen" in evaluation.failure


def trained_elsewhere(dataset, levels=worlds.LEVELS, **example):
    """A model of another dataset of the project, with this example in its TRAIN."""
    other = DatasetFactory(
        project=dataset.project,
        frozen=True,
        manifest={"levels": list(levels), "splits": {}},
    )
    ExampleFactory(dataset=other, **example)
    return worlds.trained(other, "tfidf-lr")


def test_a_model_that_trained_on_a_test_ticket_is_refused(dataset):
    row = read_gold(dataset=dataset, split="TEST").rows[0]
    model = trained_elsewhere(dataset, record=Record.objects.get(external_id=row.id))

    with pytest.raises(Refused) as refusal:
        evaluating.start(model=model, dataset=dataset)

    assert refusal.value.code == "trained_on_it"
    assert "trained on 1 of these 18 tickets" in refusal.value.message
    assert not Evaluation.objects.exists()


def test_a_model_that_learned_no_levels_is_not_asked_for_them(dataset, model):
    TrainingRun.objects.update(objective="DPO", tuning="LORA", method="")
    model.refresh_from_db()

    with pytest.raises(Refused) as refusal:
        evaluating.start(model=model, dataset=dataset)

    assert refusal.value.code == "level_not_taught"


def test_the_text_of_a_test_ticket_under_another_id_is_a_leak_too(dataset):
    known = dataset.examples.in_split("TEST").first().text_sha256
    model = trained_elsewhere(
        dataset, record__project=dataset.project, text_sha256=known
    )

    with pytest.raises(Refused) as refusal:
        evaluating.start(model=model, dataset=dataset)

    assert refusal.value.code == "trained_on_it"


def test_a_model_of_another_project_is_refused(dataset):
    elsewhere = ProjectFactory(slug="elsewhere")
    worlds.review_tickets(elsewhere, 40, reviewers=worlds.panel_of())
    model = worlds.trained(worlds.build(elsewhere), "tfidf-lr")

    with pytest.raises(Refused) as refusal:
        evaluating.start(model=model, dataset=dataset)

    assert refusal.value.code == "other_project"


def test_a_model_of_other_levels_is_refused(dataset):
    model = trained_elsewhere(dataset, levels=("P1", "P2"))

    with pytest.raises(Refused) as refusal:
        evaluating.start(model=model, dataset=dataset)

    assert refusal.value.code == "labels_differ"


def test_a_model_without_an_artifact_is_refused(dataset):
    model = worlds.trained(dataset, "tfidf-lr", artifact_path="")

    with pytest.raises(Refused) as refusal:
        evaluating.start(model=model, dataset=dataset)

    assert refusal.value.code == "no_artifact"


@pytest.mark.parametrize("split", ["TRAIN", "EVERYTHING"])
def test_what_was_trained_on_is_never_scored(dataset, model, split):
    with pytest.raises(Refused) as refusal:
        evaluating.start(model=model, dataset=dataset, split=split)

    assert refusal.value.code == "split_not_scored"


def test_a_split_without_tickets_is_refused(project, dataset):
    bare = worlds.build(project, "bare", shares={"TRAIN": 0.8, "TEST": 0.2})
    bare.manifest["splits"]["CALIBRATION"]["rows"] = 0
    folders.split_path(bare, "CALIBRATION").write_bytes(b"")
    bare.manifest["splits"]["CALIBRATION"]["sha256"] = sha256(b"").hexdigest()

    with pytest.raises(Refused) as refusal:
        read_gold(dataset=bare, split="CALIBRATION")

    assert refusal.value.code == "split_empty"


def test_the_same_gold_in_two_versions_has_the_same_hash(dataset, later):
    one, two = (read_gold(dataset=d, split="TEST") for d in (dataset, later))

    assert (later.version, len(two.rows)) == (2, 18)
    assert one.sha256 == two.sha256
    assert one.sha256 != read_gold(dataset=dataset, split="DEV").sha256
    assert later.sha256 != dataset.sha256
