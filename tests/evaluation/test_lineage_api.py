"""A record's lineage over HTTP: what it tells, and to whom."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.factories import ReviewerFactory, ReviewFactory
from tests.training.built import build
from tests.training.worlds import settle_many

pytestmark = pytest.mark.django_db


def lineage_of(browser, record, project="noc"):
    place = reverse("api-record-lineage", args=[project, record.pk])
    return browser.get(place)


@pytest.fixture
def records(project):
    return settle_many(project, 40)


def test_an_example_of_each_task_is_told_with_what_stood_behind_it(
    project, records, browser_of, alice
):
    senior = ReviewerFactory(grade="SENIOR")
    for record in records:
        ReviewFactory(
            record=record,
            reviewer=senior,
            severity=record.verdicts.get().severity,
            response="Run show log, then call the carrier.",
        )
    build(project, tasks=["severity", "triage"])
    records[0].verdicts.update(severity="critical")

    told = lineage_of(browser_of(alice), records[0]).json()

    assert [one["task"] for one in told["examples"]] == ["Severity", "Triage answer"]
    assert {one["split"] for one in told["examples"]} == {told["examples"][0]["split"]}
    assert all(one["is_stale"] for one in told["examples"])
    assert told["examples"][0]["dataset"] == "noc/triage@1"
    assert told["verdicts"][0]["severity"] == "critical"
    assert told["runs"] == told["scored"] == []


def test_a_label_of_one_review_is_never_stale(project, records, browser_of, alice):
    for record in records:
        record.verdicts.update(severity="high")
        for level in ("high", "low"):
            ReviewFactory(record=record, reviewer=ReviewerFactory(), severity=level)
    dataset = build(project, label_source="every_review")
    trained = dataset.examples.filter(split="TRAIN").first().record

    told = lineage_of(browser_of(alice), trained).json()["examples"]

    assert {one["task"] for one in told} == {"Severity, by one review"}
    assert {one["label"]: one["is_stale"] for one in told} == {
        "high": False,
        "low": False,
    }


@pytest.mark.parametrize(
    ("name", "status", "sees_runs"),
    [
        ("alice", 200, True),
        ("bob", 403, False),
        ("carol", 403, False),
        ("dana", 403, False),
        ("erin", 200, True),
        ("frank", 403, False),
        ("grace", 200, True),
        ("mallory", 404, False),
    ],
)
def test_each_of_the_cast_reads_what_they_may(
    name, status, sees_runs, records, browser_of, request
):
    answer = lineage_of(browser_of(request.getfixturevalue(name)), records[0])

    assert answer.status_code == status
    if status == 200:
        assert (answer.json()["runs"] is not None) == sees_runs


def test_a_record_of_another_project_is_not_found(mallory, records, browser_of):
    assert lineage_of(browser_of(mallory), records[0], "elsewhere").status_code == 404
