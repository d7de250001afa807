"""The quality page of a dataset as its visitors meet it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.training.built import build
from tests.training.frozen import frozen_dataset
from tests.training.pages import queries_of
from tests.training.worlds import settle, settle_many
from training.models import Dataset

pytestmark = pytest.mark.django_db


def address(dataset: Dataset) -> str:
    return reverse("admin:training_dataset_quality", args=[dataset.pk])


@pytest.fixture
def dataset(project) -> Dataset:
    settle_many(project, 57)
    settle(project, 57, body="see attached log and the pager said --More--")
    settle(project, 58, vendor="juniper", category="wan")
    settle(
        project, 59, vendor="cisco", category="voip", state="HELD", title="", body=""
    )
    return build(project, formats=["classification", "openai_chat"])


def test_each_gate_says_what_it_is_a_share_of(dataset, erin, browser_of):
    answer = browser_of(erin).get(address(dataset))

    gates = {gate["name"]: gate for gate in answer.context["gates"]}
    assert (gates["safe"]["passed"], gates["safe"]["checked"]) == (59, 60)
    assert (gates["complete"]["passed"], gates["complete"]["checked"]) == (58, 59)
    assert gates["format_openai_chat"]["passed"] == 59
    assert "too few to say" in answer.text
    assert "points at an attachment" in answer.text


def test_pairs_of_category_and_vendor_without_an_example_are_shown(
    dataset, erin, browser_of
):
    answer = browser_of(erin).get(address(dataset))

    coverage = answer.context["coverage"]
    assert coverage.vendors == ["cisco", "juniper"]
    assert dict(coverage.rows)["wan"][1] == 1
    assert coverage.empty == 2


def test_a_version_of_before_says_that_it_was_not_measured(project, erin, browser_of):
    answer = browser_of(erin).get(address(frozen_dataset(project)))

    assert "frozen before quality was measured" in answer.text


def test_what_was_measured_does_not_change_the_hash(project):
    settle_many(project, 60)

    first = build(project)
    again = build(project)

    assert first.sha256 == again.sha256
    assert first.manifest["quality"] == again.manifest["quality"]


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("alice", 200),
        ("erin", 200),
        ("frank", 200),
        ("grace", 200),
        ("bob", 403),
        ("carol", 403),
        ("dana", 403),
        ("mallory", 404),
    ],
)
def test_who_may_see_it(request, dataset, browser_of, who, status):
    browser = browser_of(request.getfixturevalue(who))

    assert browser.get(address(dataset)).status_code == status


def test_the_page_costs_a_few_queries(dataset, erin, browser_of):
    assert queries_of(browser_of(erin), address(dataset)) <= 10
