from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import ModelVersionFactory, TrainingRunFactory
from tests.training.frozen import frozen_dataset
from tests.training.supervised import (
    acting,
    end_all_children,
    has_ended,
    kill,
    reconciled,
    until_over,
    wait_until,
)
from training.domain.job_states import JobState
from training.domain.run_files import ExitClass
from training.domain.run_words import RunFacts, describe, duration, remaining
from training.models import Job, Metric, TrainingRun
from training.services import base_models, completing, jobs, runs
from training.services.estimating import estimate_seconds, seconds_a_row

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_child_is_left():
    yield
    end_all_children()


@pytest.fixture
def dataset(project):
    return frozen_dataset(project)


@pytest.fixture
def run(dataset):
    return runs.queue(
        dataset=dataset,
        base_model=base_models.resolve_base_model("all-minilm-l6-v2"),
    )


def page(run: TrainingRun) -> str:
    return reverse("admin:training_trainingrun_page", args=[run.pk])


def poll(run: TrainingRun) -> str:
    return reverse("admin:training_trainingrun_poll", args=[run.pk])


def cancel(run: TrainingRun) -> str:
    return reverse("admin:training_trainingrun_cancel", args=[run.pk])


def text_of(response) -> str:
    html = response.content.decode()
    body = html[html.index("<main") :]
    body = re.sub(r"<script.*?</script>", " ", body, flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


def finished(run: TrainingRun, behaviour: str = "finish") -> TrainingRun:
    until_over(run.job, behaviour)
    completing.complete_finished_runs()
    return TrainingRun.objects.with_facts().get(pk=run.pk)


@pytest.mark.parametrize(
    ("who", "see", "stop"),
    [
        ("alice", 200, 302),
        ("erin", 200, 302),
        ("grace", 200, 403),
        ("bob", 404, 404),
        ("frank", 404, 404),
        ("mallory", 404, 404),
    ],
)
def test_who_may_see_a_run_and_who_may_stop_it(
    run, request, browser_of, who, see, stop
):
    user = request.getfixturevalue(who)
    client = browser_of(user)
    if see == 404 and who != "mallory":
        see = stop = 403

    assert client.get(page(run)).status_code == see
    assert client.post(cancel(run)).status_code == stop


def test_nobody_sees_a_run_without_signing_in(run, client):
    assert client.get(page(run)).status_code == 302


def test_looking_changes_nothing_and_only_posts_do(run, erin, browser_of):
    client = browser_of(erin)
    before = Job.objects.values().get(pk=run.job_id)

    client.get(page(run))

    assert Job.objects.values().get(pk=run.job_id) == before
    assert client.get(poll(run)).status_code == 405
    assert client.get(cancel(run)).status_code == 405


def test_a_waiting_run_says_so_and_can_be_stopped(run, erin, browser_of):
    client = browser_of(erin)

    shown = text_of(client.get(page(run)))
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


def test_a_part_that_did_not_change_keeps_its_digest(run, erin, browser_of):
    client = browser_of(erin)
    Job.objects.filter(pk=run.job_id).update(state="QUEUED")
    TrainingRunFactory(job__state="RUNNING", job__device="cpu", job__host="elsewhere")

    shown = client.get(page(run)).content.decode()
    answers = [
        client.get(page(run)).context["parts"],
        client.get(page(run)).context["parts"],
    ]

    digests = [{n: part.digest for n, part in parts.items()} for parts in answers]
    assert digests[0] == digests[1]
    for name, digest in digests[0].items():
        assert f'data-part="{name}" data-digest="{digest}"' in shown


def test_without_scripts_a_look_is_a_button_that_comes_back(run, erin, browser_of):
    answer = browser_of(erin).post(poll(run))

    assert answer.status_code == 302
    assert answer.url == page(run)


def test_a_running_run_shows_progress_curves_and_log(run, erin, browser_of):
    jobs.launch_job(job_id=run.job_id, now=timezone.now(), launcher=acting("train"))
    job = Job.objects.get(pk=run.job_id)
    wait_until(lambda: '"step": 3' in _events(job))
    job = reconciled(job)

    response = browser_of(erin).get(page(run))

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

    response = browser_of(erin).get(page(run))

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

    shown = text_of(browser_of(erin).get(page(run)))

    assert words in shown
    assert "This run left no model." in shown


def test_a_resumed_run_says_why(run, erin, browser_of):
    jobs.launch_job(job_id=run.job_id, now=timezone.now(), launcher=acting("train"))
    job = Job.objects.get(pk=run.job_id)
    wait_until(lambda: _events(job))
    kill(job)
    reconciled(job)

    shown = text_of(browser_of(erin).get(page(run)))

    assert "Attempt 2." in shown
    assert "killed" in shown
    assert "Starting again from the last checkpoint." in shown


def test_the_log_holds_no_output_of_the_process(run, erin, browser_of):
    run = finished(run)
    (Path(run.job.run_dir) / "output.log").write_text("a ticket in a traceback")
    with (Path(run.job.run_dir) / "events.jsonl").open("a") as stream:
        stream.write("<script>alert(1)</script>\n")
        data = {"level": "info", "message": "<script>alert(2)</script>"}
        line = {"seq": 99, "attempt": 1, "time": 1.0, "kind": "log", "data": data}
        stream.write(json.dumps(line) + "\n")

    html = browser_of(erin).get(page(run)).content.decode()

    assert "a ticket in a traceback" not in html
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(2)" in html


def test_a_single_source_is_said_on_the_page(project, erin, browser_of):
    dataset = frozen_dataset(project)
    type(dataset).objects.filter(pk=dataset.pk)._raw_delete(using="default")
    dataset.recipe = {"gold_rule": "SINGLE_SOURCE"}
    dataset.save(force_insert=True)
    run = TrainingRunFactory(dataset=dataset)

    shown = text_of(browser_of(erin).get(page(run)))

    assert "Single source." in shown


def test_the_page_asks_few_queries_however_many_figures(
    run, erin, browser_of, django_assert_max_num_queries
):
    finished(run)
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

    client = browser_of(erin)

    with django_assert_max_num_queries(9):
        client.get(page(run))


@pytest.mark.parametrize("count", [1, 20])
def test_the_list_asks_the_same_queries_for_few_and_many_runs(
    dataset, erin, browser_of, django_assert_max_num_queries, count
):
    for _ in range(count):
        ModelVersionFactory(run__dataset=dataset)
    client = browser_of(erin)
    address = reverse("admin:training_trainingrun_changelist")

    with django_assert_max_num_queries(12):
        response = client.get(address)

    assert response.status_code == 200
    assert response.content.count(b'class="pill') == count


def test_the_list_shows_only_what_one_may_see(run, erin, mallory, browser_of):
    address = reverse("admin:training_trainingrun_changelist")

    TrainingRunFactory(project=mallory.memberships.get().project)
    mine = text_of(browser_of(erin).get(address))
    theirs = text_of(browser_of(mallory).get(address))

    assert f"Run {run.pk}" in mine
    assert "Train a model" in mine
    assert "Elsewhere" not in mine
    assert f"Run {run.pk}" not in theirs


def launch(slug: str = "noc") -> str:
    return reverse("admin:training_trainingrun_launch", args=[slug])


def send(client, dataset, follow=False, **changes):
    """Post the form as a browser does."""
    given = {"dataset": dataset.pk, "base_model": "all-minilm-l6-v2", "seed": "0"}
    return client.post(
        launch(),
        urlencode({**given, **changes}),
        content_type="application/x-www-form-urlencoded",
        follow=follow,
    )


@pytest.mark.parametrize(
    ("who", "status"),
    [("alice", 200), ("erin", 200), ("grace", 403), ("bob", 403), ("mallory", 404)],
)
def test_who_may_launch(dataset, request, browser_of, who, status):
    client = browser_of(request.getfixturevalue(who))

    assert client.get(launch()).status_code == status
    assert send(client, dataset).status_code in (status, 302)
    assert TrainingRun.objects.exists() == (status == 200)


def test_a_launched_run_opens_its_page_and_brings_its_baselines(
    dataset, erin, browser_of
):
    answer = send(browser_of(erin), dataset, baselines="on", **{"set-epochs": "2"})

    tuned = TrainingRun.objects.get(objective="CLASSIFY")
    assert answer.url == page(tuned)
    assert tuned.hyperparameters["epochs"] == 2
    assert tuned.created_by == erin
    assert TrainingRun.objects.filter(objective="BASELINE").count() == 3


def test_the_same_run_is_shown_and_not_redone(dataset, run, erin, browser_of):
    answer = send(browser_of(erin), dataset, follow=True)

    assert answer.redirect_chain[-1][0] == page(run)
    assert "same run as before" in answer.content.decode()
    assert TrainingRun.objects.count() == 1


def test_a_wrong_setting_is_marked_where_it_stands(dataset, erin, browser_of):
    answer = send(browser_of(erin), dataset, **{"set-lr": "fast", "set-epochs": "3"})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["set-lr"]
    assert "expected a number from 1e-06 to 0.01" in answer.content.decode()
    assert not TrainingRun.objects.exists()


def test_a_dataset_of_another_project_cannot_be_chosen(
    dataset, erin, mallory, browser_of
):
    theirs = frozen_dataset(mallory.memberships.get().project, name="theirs")

    answer = send(browser_of(erin), theirs)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["dataset"]


def test_without_a_frozen_dataset_the_form_says_what_is_missing(erin, browser_of):
    shown = text_of(browser_of(erin).get(launch()))

    assert "No frozen dataset yet" in shown


def test_the_estimate_comes_from_runs_that_were_large_enough(dataset, run):
    # The pretended run: 1.5 s for 8 rows and 2 epochs.
    job = finished(run).job
    too_small = seconds_a_row(base_model=run.base_model)
    job.result["rows"]["train"] = 300
    job.save()

    pace = seconds_a_row(base_model=run.base_model)

    assert too_small is None
    assert pace == pytest.approx(1.5 / 600)
    seconds = estimate_seconds(dataset=dataset, epochs=5, pace=pace)
    assert seconds == pytest.approx(24 * 5 * 1.5 / 600)
    assert estimate_seconds(dataset=dataset, epochs=5, pace=None) is None


@pytest.mark.parametrize("state", list(JobState))
def test_every_state_has_words(state):
    words = describe(RunFacts(state))

    assert words.headline
    assert words.answer in ("Yes", "No", "Not yet")
    assert words.reason
    assert words.tone in ("good", "warn", "bad", "info", "quiet", "live")


@pytest.mark.parametrize(
    "exit_class", sorted(set(ExitClass) - {ExitClass.OK, ExitClass.CANCELLED})
)
def test_every_way_to_fail_has_a_name_and_advice(exit_class):
    words = describe(RunFacts(JobState.ERRORED, exit_class, attempt=2))

    assert words.title
    assert words.advice


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.6, "1 min"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_time_spans_read_as_people_say_them(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3, "a few seconds left"),
        (41, "about 50 s left"),
        (55, "about 1 min left"),
        (100, "about 2 min left"),
        (7300, "about 2 h 2 min left"),
    ],
)
def test_the_time_left_is_rough(seconds, words):
    assert remaining(seconds) == words
