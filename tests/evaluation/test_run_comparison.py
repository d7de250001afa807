"""Runs side by side: the page, the API, and what they take from the runs."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from netft_site.base.refusals import Refused
from tests.evaluation import worlds
from tests.evaluation.pages import content
from tests.factories import START
from training.domain.economics import Unit
from training.models import Metric, TrainingRun
from training.services import comparing_runs
from training.services.economics import pricing

pytestmark = pytest.mark.django_db

PAGE = "/admin/evaluation/evaluation/runs/noc/"
API = "/api/v1/projects/noc/comparison/runs/"
CAST = [
    ("alice", 200),
    ("bob", 403),
    ("carol", 403),
    ("dana", 403),
    ("erin", 200),
    ("frank", 403),
    ("grace", 200),
    ("mallory", 404),
]


@pytest.fixture
def runs(models) -> list[TrainingRun]:
    """The runs of the four scored models; the tuned one reports two curves."""
    tuned = models[-1].run
    for seq, (step, loss) in enumerate(((10, 0.9), (20, 0.4))):
        Metric.objects.create(
            job=tuned.job,
            attempt=1,
            seq=seq,
            step=step,
            name="dev_loss",
            value=loss,
            at=START,
        )
    return [model.run for model in models]


@pytest.mark.parametrize(("who", "status"), CAST)
def test_who_may_look(request, browser_of, runs, who, status):
    browser = browser_of(request.getfixturevalue(who))

    assert browser.get(PAGE).status_code == status
    assert browser.get(API).status_code == status


def test_the_page_shows_figures_curves_and_what_differs(runs, models, erin, browser_of):
    page = browser_of(erin).get(PAGE, {"run": [run.pk for run in runs[-2:]]})

    shown = content(page)
    figure = models[-1].evaluations.get().report["accuracy"]
    low, high = figure["ci"]
    assert f"[{100 * low:.1f}, {100 * high:.1f}]" in shown
    assert "Loss on DEV" in shown
    assert "0.4000" in shown
    assert "What differs" in shown
    names = {line.name for line in page.context["comparison"].differing}
    assert {"objective", "method", "tuning"} <= names
    assert "dataset" not in names
    assert "triage@1" not in {v for ls in page.context["sections"].values()
                              for line in ls for v in line.values}  # fmt: skip


def test_what_is_common_is_shown_when_asked_for(runs, erin, browser_of):
    asked = {"run": [run.pk for run in runs[:2]], "all": "1"}

    shown = content(browser_of(erin).get(PAGE, asked))

    assert "Everything about them" in shown
    assert "recipe: seed" in shown


def test_models_that_answered_other_tickets_are_not_set_beside(
    runs, later, erin, browser_of
):
    stranger = worlds.trained(later, "majority", "stranger").run
    asked = {"run": [runs[-1].pk, stranger.pk]}

    worth = browser_of(erin).get(API, asked).json()["worth"]

    assert worth["missing"] == [stranger.pk]
    assert list(worth["figures"]) == [str(runs[-1].pk)]


def test_the_newest_tuned_runs_stand_there_unasked(runs, project):
    chosen = comparing_runs.usual_choice(project=project)

    assert chosen[0] == runs[-1].pk
    assert set(chosen) == {run.pk for run in runs}


def test_a_run_on_a_gpu_costs_what_the_price_book_says(runs, project):
    job, day = runs[-1].job, timezone.localdate()
    job.started_at, job.device = timezone.now(), "cuda"
    job.finished_at = job.started_at + timedelta(minutes=90)
    job.save()
    unpriced = _cost_of(project, runs[-1])
    pricing.add_price(
        project=project,
        provider="own rack",
        model="one GPU",
        unit=Unit.GPU_HOUR.value,
        amount=Decimal("2.40"),
        currency="EUR",
        source="invoice",
        valid_from=day,
        expires_on=day,
        by=None,
    )

    assert unpriced["price"] == "the price book has no GPU hour"
    assert _cost_of(project, runs[-1])["price"] == "3.60 EUR (own rack, one GPU)"


def _cost_of(project, run) -> dict[str, str]:
    found = comparing_runs.compare_runs(project=project, numbers=[run.pk])
    return found.sides[0].facts["Cost"]


@pytest.mark.parametrize(
    ("numbers", "code"),
    [([], "no_runs"), (range(1, 9), "too_many_runs"), ([99_999], "run_unknown")],
)
def test_a_choice_that_cannot_be_shown_is_refused(project, numbers, code):
    with pytest.raises(Refused) as refusal:
        comparing_runs.compare_runs(project=project, numbers=list(numbers))

    assert refusal.value.code == code


@pytest.mark.parametrize("number", ["99999", "9" * 17])
def test_an_unknown_run_is_said_on_the_page_and_by_the_api(
    runs, erin, browser_of, number
):
    page = browser_of(erin).get(PAGE, {"run": number})
    answer = browser_of(erin).get(API, {"run": number})

    assert page.status_code == 422
    assert f"has no run {number}" in content(page)
    assert answer.status_code >= 400
    assert answer.json()["error"]["code"] == "run_unknown"
    assert browser_of(erin).get(API, {"run": "9" * 40}).status_code >= 400


def test_the_api_gives_the_curves(runs, erin, browser_of):
    shape = browser_of(erin).get(API, {"run": runs[-1].pk}).json()

    assert shape["runs"][0]["curves"]["dev_loss"] == [[10, 0.9], [20, 0.4]]
    assert json.dumps(shape)


def test_an_empty_project_says_what_to_do(project, erin, browser_of):
    shown = content(browser_of(erin).get(PAGE))

    assert "There are no runs to compare" in shown


def test_the_page_takes_few_queries(runs, erin, browser_of):
    browser = browser_of(erin)
    asked = {"run": [run.pk for run in runs]}
    browser.get(PAGE, asked)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        browser.get(PAGE, asked)

    assert len(queries) <= 25
