"""A run watched in a real browser, with a training process that only pretends."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone

from tests.training.frozen import frozen_dataset
from tests.training.supervised import acting, end_all_children, has_ended
from tests.waiting import wait_until
from training.models import Job, TrainingRun
from training.services import base_models, jobs, runs

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _no_child_is_left():
    yield
    end_all_children()


@pytest.fixture
def run(project) -> TrainingRun:
    """A run whose process runs, and which nobody supervises but the page."""
    run = runs.queue(
        dataset=frozen_dataset(project),
        base_model=base_models.resolve_base_model("all-minilm-l6-v2"),
    )
    jobs.launch_job(job_id=run.job_id, now=timezone.now(), launcher=acting("train"))
    run.job.refresh_from_db()
    wait_until(lambda: (Path(run.job.run_dir) / "heartbeat").exists())
    return run


def address(run: TrainingRun) -> str:
    return f"/admin/training/trainingrun/{run.pk}/page/"


def test_an_open_page_follows_its_run_to_the_end(run, erin, page_of):
    page = page_of(erin)
    page.goto(address(run))

    page.get_by_text("Training: 20 of 20 steps").wait_for()
    page.locator("#loss .chart-canvas[data-drawn] svg").wait_for()
    page.get_by_text("Settings", exact=True).click()
    (Path(run.job.run_dir) / "go").touch()
    page.locator(".pill.good", has_text="Succeeded").wait_for()

    page.get_by_text("triage-v1-lora-1").wait_for()
    assert page.get_by_role("button", name="Stop the run").count() == 0
    assert page.get_by_role("rowheader", name="weight_decay").is_visible()
    assert page.locator("[data-said]").inner_text() == "Succeeded."


def test_a_run_is_stopped_from_its_page(run, erin, page_of):
    page = page_of(erin)
    page.goto(address(run))

    page.get_by_role("button", name="Stop the run").click()
    page.get_by_text("The run was asked to stop.").wait_for()
    page.locator(".pill", has_text="Cancelled").wait_for()

    assert page.get_by_text("A stopped run stores no model.").is_visible()
    assert Job.objects.get(pk=run.job_id).state == "CANCELLED"


def test_closing_the_page_leaves_the_run_alone(run, erin, page_of):
    page = page_of(erin)
    page.goto(address(run))
    page.locator(".pill", has_text="Running").wait_for()

    page.close()

    job = Job.objects.get(pk=run.job_id)
    assert job.state == "RUNNING"
    assert not has_ended(job.pid)


def test_without_scripts_the_page_is_looked_at_again_by_a_button(run, erin, page_of):
    page = page_of(erin, java_script_enabled=False)
    page.goto(address(run))

    page.get_by_role("button", name="Look now").click()

    page.locator(".pill", has_text="Running").wait_for()
    assert page.get_by_text("Numbers as a table").first.is_visible()
