"""Labels of a frozen dataset that were overturned since."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.cache import cache
from django.urls import reverse

from annotation.models import Verdict
from tests.factories import (
    DatasetFactory,
    ExampleFactory,
    RecordFactory,
    VerdictFactory,
)
from tests.training.pages import page_of, queries_of, text_of
from training.models import Dataset
from training.services.datasets import stale

pytestmark = pytest.mark.django_db

CAST = ("alice", "bob", "carol", "dana", "erin", "frank", "grace", "mallory")
LIST = "/api/v1/projects/noc/datasets/triage/stale-labels/"


def example_of(dataset: Dataset, now: str | None, **values):
    """An example frozen as high whose record's verdict says something now."""
    record = RecordFactory(project=dataset.project)
    VerdictFactory(record=record, severity="critical", is_current=False)
    if now:
        VerdictFactory(record=record, severity=now)
    return ExampleFactory(dataset=dataset, record=record, label="high", **values)


@pytest.fixture
def dataset(project) -> Dataset:
    return DatasetFactory(project=project, name="triage", frozen=True)


def test_a_label_that_still_stands_is_not_stale(dataset):
    example_of(dataset, "high")

    assert stale.count(dataset=dataset) == 0


def test_an_overturned_label_and_a_lost_verdict_are_stale(dataset):
    overturned = example_of(dataset, "low", split="TEST")
    lost = example_of(dataset, None, copies=3)
    example_of(dataset, "high")

    found = stale.find(dataset=dataset)

    assert stale.count(dataset=dataset) == found.count == 2
    assert found.examples == 3
    assert found.splits == {"TRAIN": 1, "TEST": 1}
    assert [(one.record_id, one.frozen, one.now) for one in found.labels] == [
        (overturned.record_id, "high", "low"),
        (lost.record_id, "high", ""),
    ]
    assert found.labels[1].copies == 3


def test_mix_ins_and_other_tasks_have_no_verdict_to_differ_from(dataset):
    ExampleFactory(dataset=dataset, record=None)
    example_of(dataset, "low", task_type="root_cause")

    assert stale.count(dataset=dataset) == 0


@pytest.mark.parametrize("task", ["root_cause", "triage"])
def test_an_overturned_root_cause_is_stale_where_the_task_names_it(dataset, task):
    told = example_of(dataset, "high", task_type=task, snapshot={"root_cause": "power"})
    example_of(dataset, "high", snapshot={"root_cause": "power"})
    Verdict.objects.filter(is_current=True).update(root_cause="fibre")

    (found,) = stale.find(dataset=dataset).labels

    assert found.record_id == told.record_id
    assert (found.frozen_cause, found.cause_now) == ("power", "fibre")


def test_a_lost_verdict_is_stale_for_a_task_that_names_the_cause_alone(dataset):
    example_of(dataset, None, task_type="root_cause", snapshot={"root_cause": "power"})

    assert stale.count(dataset=dataset) == 1


def test_a_dataset_that_is_not_frozen_has_none(project):
    dataset = DatasetFactory(project=project)
    example_of(dataset, "low")

    assert stale.count(dataset=dataset) == stale.find(dataset=dataset).count == 0


def test_a_label_that_came_back_stands_again(dataset):
    example = example_of(dataset, "low")
    Verdict.objects.filter(record=example.record).update(is_current=False)
    VerdictFactory(record=example.record, severity="high")

    assert stale.count(dataset=dataset) == 0


@pytest.mark.parametrize("who", CAST)
def test_every_member_of_the_cast_meets_their_own_limits(
    request, browser_of, dataset, who
):
    browser = browser_of(request.getfixturevalue(who))
    page = reverse("admin:training_dataset_stale", args=[dataset.pk])

    codes = (browser.get(page).status_code, browser.get(LIST).status_code)

    may = {"alice": (200, 200), "erin": (200, 200), "grace": (200, 200)}
    assert codes == {**may, "mallory": (404, 404)}.get(who, (403, 403))


def test_who_reads_examples_but_no_verdicts_learns_nothing(dataset, grace, browser_of):
    example_of(dataset, "low")
    reader = Group.objects.get(name="Reader")
    reader.permissions.remove(Permission.objects.get(codename="view_verdict"))
    cache.clear()
    browser = browser_of(grace)
    page = reverse("admin:training_dataset_stale", args=[dataset.pk])

    assert browser.get(page).status_code == 403
    assert browser.get(LIST).status_code == 403
    assert "overturned" not in text_of(browser.get(page_of(dataset)))


def test_the_dataset_page_counts_them_for_those_who_read_verdicts(
    dataset, erin, frank, browser_of
):
    example_of(dataset, "low")
    page = reverse("admin:training_dataset_stale", args=[dataset.pk])

    engineer = browser_of(erin).get(page_of(dataset)).content.decode()
    integration = browser_of(frank).get(page_of(dataset)).content.decode()

    assert "1 label of this dataset was overturned since." in engineer
    assert page in engineer
    assert "overturned" not in integration


def test_the_page_lists_them_with_both_labels(dataset, erin, browser_of):
    example = example_of(dataset, "low", split="TEST")
    page = reverse("admin:training_dataset_stale", args=[dataset.pk])

    answer = browser_of(erin).get(page)

    assert f"{example.record} TEST 1 high low" in text_of(answer)


def test_the_page_without_any_says_that_all_stands(dataset, erin, browser_of):
    example_of(dataset, "high")
    page = reverse("admin:training_dataset_stale", args=[dataset.pk])

    assert "Every label still stands" in text_of(browser_of(erin).get(page))


def test_the_page_costs_the_same_for_few_and_many(dataset, erin, browser_of):
    page = reverse("admin:training_dataset_stale", args=[dataset.pk])
    browser, taken = browser_of(erin), []
    for count in (1, 20):
        for _ in range(count):
            example_of(dataset, "low")
        taken.append(queries_of(browser, page))

    assert taken[0] == taken[1] <= 12


def test_the_route_lists_them(dataset, erin, browser_of):
    for _ in range(3):
        example_of(dataset, "low")

    found = browser_of(erin).get(LIST, {"skip": 1, "limit": 1}).json()

    assert (found["count"], found["examples"], len(found["labels"])) == (3, 3, 1)
    assert (found["labels"][0]["frozen"], found["labels"][0]["now"]) == ("high", "low")
