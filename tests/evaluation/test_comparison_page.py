"""The comparison page as its visitors meet it."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.services import settling
from evaluation.models import Evaluation
from evaluation.services import reporting
from evaluation.services.gold import read_gold
from tests.evaluation import worlds
from tests.evaluation.pages import content
from tests.factories import EvaluationFactory, ReviewerFactory
from tests.training.worlds import label_by_source
from training.models import Job, ModelVersion

pytestmark = pytest.mark.django_db

CHOOSE = "/admin/evaluation/evaluation/comparison/"
PAGE = f"{CHOOSE}noc/"


@pytest.mark.parametrize(
    ("who", "look", "evaluate"),
    [
        ("alice", 200, 302),
        ("bob", 403, 403),
        ("carol", 403, 403),
        ("dana", 403, 403),
        ("erin", 200, 302),
        ("frank", 403, 403),
        ("grace", 200, 403),
        ("mallory", 404, 404),
    ],
)
def test_who_may_look_and_who_may_evaluate(
    request, browser_of, models, who, look, evaluate
):
    browser = browser_of(request.getfixturevalue(who))

    assert browser.get(PAGE).status_code == look
    assert browser.post(PAGE, {"dataset": "triage@1"}).status_code == evaluate


def test_a_stranger_is_sent_to_sign_in(client, project):
    assert client.get(PAGE).url.startswith(reverse("admin:login"))


def test_the_only_project_opens_at_once(models, grace, browser_of):
    assert browser_of(grace).get(CHOOSE).url == PAGE


def test_the_figures_are_those_of_the_comparison(models, dataset, grace, browser_of):
    shape = reporting.compare(models=models, dataset=dataset).as_dict()

    shown = content(browser_of(grace).get(PAGE))

    for name, system in shape["systems"].items():
        assert name in shown
        for key in ("macro_f1", "qwk"):
            assert f"{system[key]['value']:.3f}" in shown
        low, high = system["accuracy"]["ci"]
        assert f"{100 * system['accuracy']['value']:.1f}%" in shown
        assert f"[{100 * low:.1f}, {100 * high:.1f}]" in shown
    for pair in shape["pairs"]:
        low, high = pair["difference"]["ci"]
        assert f"{100 * pair['difference']['value']:+.1f}" in shown
        assert f"[{100 * low:+.1f}, {100 * high:+.1f}]" in shown
    for coefficient in ("krippendorff_alpha", "gwet_ac2"):
        value = shape["agreement"]["coefficients"][coefficient]["value"]
        assert f"{value:.3f}" in shown


def test_the_verdict_stands_first_and_in_words(models, dataset, grace, browser_of):
    shape = reporting.compare(models=models, dataset=dataset).as_dict()

    shown = content(browser_of(grace).get(PAGE))

    sentence = shape["headlines"][0]["sentence"]
    standing = shape["human_ceiling"][shape["focus"]]["sentence"]
    assert shown.index(sentence) < shown.index(standing) < shown.index("Macro-F1")


def test_every_mistake_is_listed_with_what_others_said(
    models, dataset, grace, browser_of
):
    found = reporting.compare(models=models, dataset=dataset)
    wrong = [
        row.id
        for row, right in zip(
            found.gold.rows, found.sheet.right(found.focus), strict=True
        )
        if not right
    ]

    shown = content(browser_of(grace).get(PAGE)).partition("got wrong")[2]

    assert wrong
    assert set(re.findall(r"INC\d+", shown)) == set(wrong)
    assert "× " in shown


def test_models_and_dataset_may_be_chosen(models, grace, browser_of):
    chosen = f"?dataset=triage%401&model={models[1].name}&model={models[2].name}"

    shown = content(browser_of(grace).get(PAGE + chosen))

    head = shown.partition("Every model on the same tickets")[2].partition("Pair by")[0]
    assert models[1].name in head
    assert models[0].name not in head


def test_a_name_that_is_no_model_shows_the_usual_ones(models, grace, browser_of):
    answer = browser_of(grace).get(f"{PAGE}?dataset=nothing&model=nobody")

    assert answer.status_code == 200
    assert models[3].name in content(answer)


def test_before_anything_is_evaluated_the_page_says_what_to_do(
    project, erin, browser_of
):
    empty = content(browser_of(erin).get(PAGE))
    worlds.review_tickets(project, 60, reviewers=worlds.panel())
    worlds.trained(worlds.build(project), "majority")

    waiting = content(browser_of(erin).get(PAGE))

    assert "Freeze a dataset and train a model first" in empty
    assert "1 model can be evaluated on triage@1" in waiting
    assert "Evaluate 1 more model" in waiting


def test_a_post_queues_what_is_missing_and_comes_back(dataset, erin, browser_of):
    one, two = (worlds.trained(dataset, "majority", name) for name in ("one", "two"))
    worlds.scored(one, dataset, worlds.right(1))

    answer = browser_of(erin).post(PAGE, {"dataset": "triage@1"}, follow=True)

    assert answer.redirect_chain[0][0] == f"{PAGE}?dataset=triage%401"
    queued = Evaluation.objects.get(status="RUNNING")
    assert (queued.model_version, queued.created_by) == (two, erin)
    assert "two is being evaluated." in content(answer)


def test_a_post_says_why_a_model_cannot_be_evaluated(dataset, erin, browser_of):
    worlds.trained(dataset, "majority", "hollow", artifact_path="")

    answer = browser_of(erin).post(PAGE, {"dataset": "triage@1"}, follow=True)

    assert "hollow has no artifact" in content(answer)
    assert not Evaluation.objects.exists()


@pytest.mark.parametrize("given", ["", "none", "1; drop", "elsewhere/triage@1"])
def test_a_post_for_no_dataset_of_the_project_says_so(dataset, erin, browser_of, given):
    answer = browser_of(erin).post(PAGE, {"dataset": given}, follow=True)

    assert answer.status_code == 200
    assert "There is no dataset" in content(answer)


def test_what_is_under_way_or_failed_is_shown(models, dataset, grace, browser_of):
    EvaluationFactory(model_version=worlds.trained(dataset, "majority", "slow"))
    EvaluationFactory(
        model_version=worlds.trained(dataset, "majority", "broken"),
        status="FAILED",
        failure="The process ran out of memory.",
    )

    shown = content(browser_of(grace).get(PAGE))

    assert "slow is being evaluated" in shown
    assert "broken could not be evaluated. The process ran out of memory." in shown


def test_gold_that_was_tampered_with_shows_a_refusal_and_no_figure(
    models, dataset, grace, browser_of, settings
):
    path = settings.DATA_DIR / dataset.path / "test.jsonl"
    path.write_text(path.read_text().replace('"label": "high"', '"label": "low"'))

    answer = browser_of(grace).get(PAGE)

    assert "is not the file that was frozen" in content(answer)
    assert "Macro-F1" not in content(answer)


def test_a_single_source_has_a_banner_and_no_ceiling(project, grace, browser_of):
    source = ReviewerFactory(source=True, name="itsm", kind="SOURCE")
    label_by_source(project, source, 60)
    settling.settle_single_source(project=project)
    dataset = worlds.build(project, gold_rule="SINGLE_SOURCE")
    worlds.scored(worlds.trained(dataset, "tfidf-lr"), dataset, worlds.right(0.5))

    shown = content(browser_of(grace).get(PAGE))

    assert "Single source." in shown
    assert "human ceiling to compare with" in shown
    assert "Against the engineers" not in shown
    assert "How well the engineers agree" not in shown


def test_names_and_categories_cannot_inject_markup(project, grace, browser_of):
    evil = "<script>alert(1)</script>"
    worlds.review_tickets(
        project, 60, reviewers=worlds.panel(), category=evil, title=evil
    )
    dataset = worlds.build(project)
    model = worlds.trained(dataset, "majority", 'a"><b>x</b>')
    worlds.scored(model, dataset, worlds.right(0.2))

    page = browser_of(grace).get(PAGE).content.decode()

    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert "<b>x</b>" not in page


def test_looking_changes_nothing(models, grace, browser_of):
    before = [list(m.objects.values()) for m in (Evaluation, Job, ModelVersion)]

    browser_of(grace).get(PAGE)

    assert before == [list(m.objects.values()) for m in (Evaluation, Job, ModelVersion)]


def _queries(browser, dataset) -> int:
    page = f"{PAGE}?dataset={dataset}"
    browser.get(page)
    with CaptureQueriesContext(connection) as taken:
        answer = browser.get(page)
    assert f"test split of {dataset}" in content(answer)
    assert "got wrong" in content(answer)
    return len(taken)


def test_200_tickets_take_as_many_queries_as_20(project, grace, browser_of):
    panel = worlds.panel()
    shares = {"TRAIN": 0.4, "DEV": 0.1, "CALIBRATION": 0.1, "TEST": 0.4}
    worlds.review_tickets(project, 50, reviewers=panel)
    worlds.compared(project, small := worlds.build(project, "small", shares=shares))
    few = _queries(browser_of(grace), small)
    worlds.review_tickets(project, 450, reviewers=panel, start=100)
    worlds.compared(project, large := worlds.build(project, "large", shares=shares))

    many = _queries(browser_of(grace), large)

    sizes = [len(read_gold(dataset=d, split="TEST").rows) for d in (small, large)]
    assert sizes == [20, 200]
    assert many == few <= 40
