"""The page of a run: who may see and stop it, and what it says as the run goes on."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import TrainingRunFactory
from tests.training.frozen import frozen_dataset
from tests.training.pages import page_of, queries_of, text_of
from tests.training.supervised import (
    acting,
    finished,
    has_ended,
    kill,
    reconciled,
    wait_until,
)
from training.models import Job, Metric, TrainingRun
from training.services import jobs

pytestmark = pytest.mark.django_db


def poll(run: TrainingRun) -> str:
    return reverse("admin:training_trainingrun_poll", args=[run.pk])


def cancel(run: TrainingRun) -> str:
    return reverse("admin:training_trainingrun_cancel", args=[run.pk])


@pytest.mark.parametrize(
    ("who", "see", "stop"),
    [
        ("alice", 200, 302),
        ("erin", 200, 302),
        ("grace", 200, 403),
        ("bob", 403, 403),
        ("frank", 403, 403),
        ("mallory", 404, 404),
    ],
)
def test_who_may_see_a_run_and_who_may_stop_it(
    run, request, browser_of, who, see, stop
):
    client = browser_of(request.getfixturevalue(who))

    assert client.get(page_of(run)).status_code == see
    assert client.post(cancel(run)).status_code == stop


def test_nobody_sees_a_run_without_signing_in(run, client):
    assert client.get(page_of(run)).status_code == 302


def test_looking_changes_nothing_and_only_posts_do(run, erin, browser_of):
    client = browser_of(erin)
    before = Job.objects.values().get(pk=run.job_id)

    client.get(page_of(run))

    assert Job.objects.values().get(pk=run.job_id) == before
    assert client.get(poll(run)).status_code == 405
    assert client.get(cancel(run)).status_code == 405


def test_a_waiting_run_says_so_and_can_be_stopped(run, erin, browser_of):
    client = browser_of(erin)

    shown = text_of(client.get(page_of(run)))
    stopped = client.post(cancel(run), follow=True)

    assert "Waiting for a free device." in shown
    assert "Stop the run" in shown
    assert "Stopped on request." in text_of(stopped)
    assert "A stopped run stores no model" in text_of(stopped)
    assert "Stop the run" not in text_of(stopped)


def test_an_open_page_supervises_without_any_worker(run, erin, browser_of):
    client = browser_of(erin)
    jobs.launch_job(job_id=run.job_id, now=timezone.now(), launcher=acting("finish"))
    job = Job.objects.get(pk=run.job_id)
    wait_until(lambda: has_ended(job.pid))

    answer = client.post(poll(run), headers={"accept": "application/json"}).json()

    assert answer["over"] is True
    assert answer["said"] == "Succeeded."
    assert "triage-v1-lora-1" in answer["parts"]["model"]["html"]
    assert Job.objects.get(pk=run.job_id).state == "SUCCEEDED"


def test_only_a_part_that_changed_gets_another_digest(run, erin, browser_of, tmp_path):
    # Waiting, so that the page holds a form, whose token differs in every answer.
    run.job.run_dir = str(tmp_path)
    run.job.save()
    client = browser_of(erin)

    shown = client.get(page_of(run)).content.decode()
    before = _digests(client, run)
    _log(run.job, "The encoder is loaded.")
    after = _digests(client, run)

    assert {name for name in before if before[name] != after[name]} == {"log"}
    for name, digest in before.items():
        assert f'data-part="{name}" data-digest="{digest}"' in shown


def _digests(client, run: TrainingRun) -> dict[str, str]:
    parts = client.get(page_of(run)).context["parts"]
    return {name: part.digest for name, part in parts.items()}


def _log(job: Job, message: str) -> None:
    """Add a line to the log, as the training process does."""
    data = {"level": "info", "message": message}
    line = {"seq": 99, "attempt": 1, "time": 1.0, "kind": "log", "data": data}
    events = Path(job.run_dir) / "events.jsonl"
    with events.open("a") as stream:
        stream.write(json.dumps(line) + "\n")


def test_without_scripts_a_look_is_a_button_that_comes_back(run, erin, browser_of):
    answer = browser_of(erin).post(poll(run))

    assert answer.status_code == 302
    assert answer.url == page_of(run)


def test_a_running_run_shows_progress_curves_and_log(run, erin, browser_of):
    jobs.launch_job(job_id=run.job_id, now=timezone.now(), launcher=acting("train"))
    job = Job.objects.get(pk=run.job_id)
    wait_until(lambda: '"step": 3' in _events(job))
    job = reconciled(job)

    response = browser_of(erin).get(page_of(run))

    shown = text_of(response)
    assert "Running" in shown
    assert re.search(r"Training: \d+ of 20 steps", shown)
    assert "left" in shown
    assert "Loss by training step: batch" in shown
    assert "after step" in shown
    assert b'<progress max="100"' in response.content
    assert b'http-equiv="refresh"' in response.content


def _events(job: Job) -> str:
    path = Path(job.run_dir) / "events.jsonl"
    return path.read_text() if path.exists() else ""


def test_a_finished_run_shows_its_model_and_its_verdict(run, erin, browser_of):
    finished(run)

    response = browser_of(erin).get(page_of(run))

    shown = text_of(response)
    assert "Succeeded" in shown
    assert "triage-v1-lora-1" in shown
    assert "manifest.json" in shown
    assert "Still improving at the last epoch" in shown
    assert "8 rows to learn from, 4 to choose by." in shown
    assert b'http-equiv="refresh"' not in response.content


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("refuse", "A check refused the data"),
        ("crash", "The program failed"),
        ("die", "Killed, probably for want of memory"),
    ],
)
def test_a_run_that_went_wrong_says_what_and_what_to_do(
    run, erin, browser_of, behaviour, words
):
    finished(run, behaviour)

    shown = text_of(browser_of(erin).get(page_of(run)))

    assert words in shown
    assert "This run left no model." in shown


def test_a_resumed_run_says_why(run, erin, browser_of):
    jobs.launch_job(job_id=run.job_id, now=timezone.now(), launcher=acting("train"))
    job = Job.objects.get(pk=run.job_id)
    wait_until(lambda: _events(job))
    kill(job)
    reconciled(job)

    shown = text_of(browser_of(erin).get(page_of(run)))

    assert "Attempt 2." in shown
    assert "killed" in shown
    assert "Starting again from the last checkpoint." in shown


def test_the_log_holds_no_output_of_the_process(run, erin, browser_of):
    run = finished(run)
    (Path(run.job.run_dir) / "output.log").write_text("a ticket in a traceback")
    with (Path(run.job.run_dir) / "events.jsonl").open("a") as stream:
        stream.write("<script>alert(1)</script>\n")
    _log(run.job, "<script>alert(2)</script>")

    html = browser_of(erin).get(page_of(run)).content.decode()

    assert "a ticket in a traceback" not in html
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(2)" in html


def test_a_single_source_is_said_on_the_page(project, erin, browser_of):
    dataset = frozen_dataset(project)
    type(dataset).objects.filter(pk=dataset.pk)._raw_delete(using="default")
    dataset.recipe = {"gold_rule": "SINGLE_SOURCE"}
    dataset.save(force_insert=True)
    run = TrainingRunFactory(dataset=dataset)

    shown = text_of(browser_of(erin).get(page_of(run)))

    assert "Single source." in shown


def test_the_page_asks_few_queries_however_many_figures(run, erin, browser_of):
    finished(run)
    client = browser_of(erin)
    few = queries_of(client, page_of(run))
    Metric.objects.bulk_create(
        Metric(
            job=run.job,
            attempt=1,
            seq=100 + n,
            step=n,
            name="loss",
            value=0.5,
            at=timezone.now(),
        )
        for n in range(300)
    )

    many = queries_of(client, page_of(run))

    assert many == few <= 9
