"""The list of evaluations in the admin."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from evaluation.models import Evaluation
from tests.evaluation import worlds
from tests.evaluation.pages import content
from tests.factories import EvaluationFactory

pytestmark = pytest.mark.django_db

LIST = "/admin/evaluation/evaluation/"


@pytest.mark.parametrize(
    ("who", "status"),
    [("alice", 200), ("bob", 403), ("erin", 200), ("frank", 403), ("grace", 200)],
)
def test_who_may_open_the_list(request, browser_of, models, who, status):
    answer = browser_of(request.getfixturevalue(who)).get(LIST)

    assert answer.status_code == status


def test_the_list_shows_accuracy_with_its_interval(models, dataset, alice, browser_of):
    EvaluationFactory(model_version=worlds.trained(dataset, "majority", "waiting"))

    answer = browser_of(alice).get(LIST)

    figure = Evaluation.objects.done().last().report["accuracy"]
    low, high = figure["ci"]
    assert f"[{100 * low:.1f}, {100 * high:.1f}]" in content(answer)
    assert "waiting" in content(answer)


def test_the_list_hides_other_projects_and_lets_nobody_edit(
    models, mallory, alice, browser_of
):
    one = Evaluation.objects.first()
    change = f"{LIST}{one.pk}/change/"

    assert models[0].name not in content(browser_of(mallory).get(LIST))
    assert browser_of(mallory).get(change).status_code == 302
    assert browser_of(alice).get(change).status_code == 200
    assert browser_of(alice).post(change, {"split": "DEV"}).status_code == 403
    assert browser_of(alice).get(f"{LIST}add/").status_code == 403


def test_the_list_takes_as_many_queries_for_one_row_as_for_many(
    models, alice, browser_of
):
    browser = browser_of(alice)
    browser.get(LIST)
    with CaptureQueriesContext(connection) as many:
        browser.get(LIST)
    keep = Evaluation.objects.first().pk
    Evaluation.objects.exclude(pk=keep).delete()

    with CaptureQueriesContext(connection) as one:
        browser.get(LIST)

    assert len(one) == len(many)
