"""Scoring a model on a frozen split, with the child process pretended."""

from __future__ import annotations

import pytest
from django.utils import timezone

from evaluation.models import Evaluation, Prediction
from evaluation.services import evaluating
from tests.evaluation import worlds
from training.models import Job

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(dataset):
    return worlds.trained(dataset, "tfidf-lr")


def sweep() -> int:
    return evaluating.sweep(now=timezone.now())


def test_a_queued_evaluation_asks_for_the_frozen_file_and_nothing_else(
    dataset, model, erin
):
    evaluation = evaluating.start(model=model, dataset=dataset, user=erin)

    spec = evaluation.job.spec
    assert (evaluation.status, evaluation.created_by) == ("RUNNING", erin)
    assert spec["kind"] == "PREDICT"
    assert spec["items"]["sha256"] == dataset.manifest["splits"]["TEST"]["sha256"]
    assert spec["labels"] == list(worlds.LEVELS)
    assert spec["artifact"]["sha256"] == model.artifact_sha256


def test_answers_become_predictions_and_a_frozen_report(dataset, model):
    evaluation = evaluating.start(model=model, dataset=dataset)
    worlds.answer_job(evaluation, worlds.lines_for(dataset, lambda row: row.label))

    ended = sweep()

    evaluation.refresh_from_db()
    assert (ended, evaluation.status) == (1, "DONE")
    assert evaluation.report["accuracy"]["value"] == 1.0
    assert evaluation.report["accuracy"]["reference"] == (
        "gold verdicts of triage@1 TEST"
    )
    prediction = evaluation.predictions.select_related("record").first()
    assert evaluation.predictions.count() == evaluation.report["n_items"] == 18
    assert prediction.record.external_id == prediction.item_key
    assert prediction.probabilities[prediction.severity] == 1.0


def test_sweeping_again_changes_nothing(dataset, model):
    evaluation = evaluating.start(model=model, dataset=dataset)
    worlds.answer_job(evaluation, worlds.lines_for(dataset, worlds.right(0.5)))
    sweep()
    before = Evaluation.objects.values().get()

    ended = sweep()

    assert ended == 0
    assert Evaluation.objects.values().get() == before
    assert Prediction.objects.count() == 18


def test_two_sweeps_at_once_take_the_answers_in_once(dataset, model):
    evaluation = evaluating.start(model=model, dataset=dataset)
    worlds.answer_job(evaluation, worlds.lines_for(dataset, worlds.right(0.5)))
    seen_by_both = Evaluation.objects.with_finished_job().get()

    first = sweep()
    second = evaluating.finish(evaluation=seen_by_both, now=timezone.now())

    assert (first, second) == (1, False)
    assert Prediction.objects.count() == 18


def test_a_kill_between_the_end_of_the_job_and_the_sweep_loses_nothing(
    dataset, model, monkeypatch
):
    evaluation = evaluating.start(model=model, dataset=dataset)
    worlds.answer_job(evaluation, worlds.lines_for(dataset, worlds.right(0.5)))

    def die(*_args, **_more):
        raise SystemExit

    with monkeypatch.context() as killed:
        killed.setattr(Prediction.objects, "bulk_create", die)
        with pytest.raises(SystemExit):
            sweep()
    after_kill = Evaluation.objects.get().status, Prediction.objects.count()
    sweep()

    assert after_kill == ("RUNNING", 0)
    assert Evaluation.objects.get().status == "DONE"
    assert Prediction.objects.count() == 18


@pytest.mark.parametrize("state", ["running", "done"])
def test_the_same_asked_for_again_is_the_one_that_stands(dataset, model, state):
    first = evaluating.start(model=model, dataset=dataset)
    if state == "done":
        worlds.answer_job(first, worlds.lines_for(dataset, worlds.right(0.5)))
        sweep()

    again = evaluating.start(model=model, dataset=dataset)

    assert again.pk == first.pk
    assert Job.objects.filter(kind="PREDICT").count() == 1


def test_one_that_failed_may_be_asked_for_again(dataset, model):
    first = evaluating.start(model=model, dataset=dataset)
    worlds.end(first.job, "FAILED", "LOST", "The process was lost.")
    sweep()

    again = evaluating.start(model=model, dataset=dataset)

    assert again.pk != first.pk
    assert again.status == "RUNNING"


@pytest.mark.parametrize(
    ("state", "exit_class", "message", "words"),
    [
        ("FAILED", "HOST_OOM", "The process ran out of memory.", "ran out of memory"),
        ("ERRORED", "CODE", "", "Error in the program"),
        ("CANCELLED", "CANCELLED", "Stopped on request.", "Stopped on request."),
    ],
)
def test_a_job_that_failed_fails_the_evaluation_in_words(
    dataset, model, state, exit_class, message, words
):
    evaluation = evaluating.start(model=model, dataset=dataset)
    worlds.end(evaluation.job, state, exit_class, message)

    sweep()

    evaluation.refresh_from_db()
    assert evaluation.status == "FAILED"
    assert words in evaluation.failure
    assert not Prediction.objects.exists()


def _without_the_last(lines):
    return lines[:-1]


def _with_a_stranger(lines):
    return [*lines[:-1], {**lines[-1], "id": "INC99999"}]


def _with_an_unknown_level(lines):
    return [*lines[:-1], {**lines[-1], "label": "catastrophic"}]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_without_the_last, "not one answer to each ticket"),
        (_with_a_stranger, "not one answer to each ticket"),
        (_with_an_unknown_level, "no level of the dataset"),
        (lambda lines: [{"id": 1}], "SpecError"),
    ],
)
def test_answers_that_do_not_fit_fail_the_evaluation_in_words(
    dataset, model, spoil, words
):
    evaluation = evaluating.start(model=model, dataset=dataset)
    lines = worlds.lines_for(dataset, worlds.right(0.5))
    worlds.answer_job(evaluation, spoil(lines))

    sweep()

    evaluation.refresh_from_db()
    assert evaluation.status == "FAILED"
    assert evaluation.failure.startswith("The answers cannot be used: ")
    assert words in evaluation.failure
    assert not Prediction.objects.exists()


@pytest.mark.parametrize("harm", ["changed", "removed"])
def test_a_file_of_answers_that_was_tampered_with_is_refused(dataset, model, harm):
    evaluation = evaluating.start(model=model, dataset=dataset)
    answers = worlds.answer_job(
        evaluation, worlds.lines_for(dataset, worlds.right(0.5))
    )
    if harm == "changed":
        answers.write_text(answers.read_text().replace('"high"', '"low"'))
    else:
        answers.unlink()

    sweep()

    evaluation.refresh_from_db()
    assert (evaluation.status, Prediction.objects.count()) == ("FAILED", 0)
    assert "changed or removed" in evaluation.failure


def test_one_evaluation_that_fails_does_not_hold_up_the_next(dataset, model):
    other = worlds.trained(dataset, "embedding-lr")
    first = evaluating.start(model=model, dataset=dataset)
    second = evaluating.start(model=other, dataset=dataset)
    worlds.answer_job(first, [])
    worlds.answer_job(second, worlds.lines_for(dataset, worlds.right(0.5)))

    ended = sweep()

    states = Evaluation.objects.order_by("id").values_list("status", flat=True)
    assert (ended, list(states)) == (2, ["FAILED", "DONE"])
