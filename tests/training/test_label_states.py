"""What the quality page says of labels that it does not judge."""

from __future__ import annotations

import pytest

from tests.factories import ExampleFactory, ReviewFactory
from tests.training.doubted import example, judged
from tests.training.frozen import frozen_dataset
from tests.training.pages import text_of
from tests.training.worlds import settle
from training.models import Dataset

pytestmark = pytest.mark.django_db


def quality(browser_of, erin, dataset: Dataset) -> str:
    return text_of(
        browser_of(erin).get(f"/admin/training/dataset/{dataset.pk}/quality/")
    )


def test_a_dataset_of_several_tasks_says_why_it_is_not_searched(
    project, erin, browser_of
):
    dataset = frozen_dataset(project, tasks=("severity", "root_cause"))

    page = quality(browser_of, erin, dataset)

    assert "This one also teaches: Root cause" in page
    assert "Find label errors" not in page
    assert "not root causes or answers" in page
    assert "Nothing was found: names" not in page


def test_a_dataset_without_levels_claims_nothing_of_its_copies(
    project, erin, browser_of
):
    of_causes = [{"task": "root_cause", "root_cause": "optics"}] * 24
    dataset = frozen_dataset(
        project,
        tasks=("root_cause",),
        extra={"TRAIN": of_causes, "DEV": of_causes},
    )

    assert "nothing was looked at" in quality(browser_of, erin, dataset)


@pytest.mark.parametrize(
    ("recipe", "told"),
    [
        ({}, "sets no limit of length: nothing was refused, left out or cut"),
        ({"length": {"most": 300}}, "300 tokens (four characters each), for the text"),
        (
            {"length": {"most": 300, "policy": "drop"}, "formats": ["openai_chat"]},
            "for instruction, text and answer together. A longer row is left out",
        ),
        (
            {"length": {"base_model": "mini", "policy": "truncate"}},
            "what the model reads, in tokens of mini, for the text alone",
        ),
    ],
)
def test_the_page_says_which_limit_of_length_the_recipe_set(
    project, erin, browser_of, recipe, told
):
    assert told in quality(browser_of, erin, frozen_dataset(project, recipe=recipe))


def test_a_dataset_of_severity_says_nothing_of_the_kind(project, erin, browser_of):
    page = quality(browser_of, erin, frozen_dataset(project))

    assert "Find label errors" in page
    assert "Nothing was found: names and addresses aside" in page


def test_doubts_of_single_reviews_are_listed_under_their_ticket(
    project, erin, browser_of
):
    dataset = frozen_dataset(project, recipe={"label_source": "every_review"})
    record = settle(project, 1, external_id="INC1", severity="high")
    for label in ("high", "low"):
        review = ReviewFactory(record=record, severity=label)
        ExampleFactory(dataset=dataset, record=record, review=review, label=label)
    example(dataset, "INC22")
    judged(dataset, "INC1#review2", "INC22")

    page = quality(browser_of, erin, dataset)
    listed = browser_of(erin).get("/api/v1/projects/noc/datasets/triage/label-check/")

    assert "each review was judged by itself" in page
    assert "that reviewers differ is known" in page
    named = [one["external_id"] for one in listed.json()["doubts"]]
    assert named == ["INC1", "INC22"]
