"""The form that launches a run: who may, what it refuses, and how long it expects."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.urls import reverse

from tests.training.frozen import frozen_dataset
from tests.training.pages import page_of, text_of
from tests.training.supervised import finished
from training.models import TrainingRun
from training.services.estimating import estimate_seconds, seconds_a_row

pytestmark = pytest.mark.django_db


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
    ("who", "seen", "sent"),
    [
        ("alice", 200, 302),
        ("erin", 200, 302),
        ("grace", 403, 403),
        ("bob", 403, 403),
        ("mallory", 404, 404),
    ],
)
def test_who_may_launch(dataset, request, browser_of, who, seen, sent):
    client = browser_of(request.getfixturevalue(who))

    assert client.get(launch()).status_code == seen
    assert send(client, dataset).status_code == sent
    assert TrainingRun.objects.exists() == (sent == 302)


def test_a_launched_run_opens_its_page_and_brings_its_baselines(
    dataset, erin, browser_of
):
    answer = send(browser_of(erin), dataset, baselines="on", **{"set-epochs": "2"})

    tuned = TrainingRun.objects.get(objective="CLASSIFY")
    assert answer.url == page_of(tuned)
    assert tuned.hyperparameters["epochs"] == 2
    assert tuned.created_by == erin
    assert TrainingRun.objects.filter(objective="BASELINE").count() == 3


def test_the_same_run_is_shown_and_not_redone(dataset, run, erin, browser_of):
    answer = send(browser_of(erin), dataset, follow=True)

    assert answer.redirect_chain[-1][0] == page_of(run)
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
