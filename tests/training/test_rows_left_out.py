"""One row that may not enter takes no other task's row of its record with it."""

from __future__ import annotations

import pytest

from annotation.models import KnownSecret, Project, Record, Reviewer
from annotation.services.vault import keyring_of
from tests.factories import ReviewerFactory, ReviewFactory
from tests.training.built import build, read
from tests.training.worlds import distinct_text, settle, settle_many
from training.models import Dataset

pytestmark = pytest.mark.django_db

VALUE = "brontal2041kvan"
TASKS = ["severity", "resolution"]
SPLITS = ("TRAIN", "DEV", "CALIBRATION", "TEST")


@pytest.fixture
def known(project) -> Project:
    """Forty tickets with resolutions in a project that knows one secret."""
    for record in settle_many(project, 40):
        Record.objects.filter(pk=record.pk).update(
            resolution=f"Replaced module {record.pk} in rack 4.",
            resolution_mark="CONFIRMED",
        )
    token = keyring_of(project.key_id).token("cred", VALUE)
    KnownSecret.objects.create(project=project, token=token)
    return project


def with_resolution(project: Project, resolution: str, **values) -> Record:
    return settle(
        project, 90, resolution=resolution, resolution_mark="CONFIRMED", **values
    )


def tasks_of(dataset: Dataset, record: Record) -> set[str]:
    return {
        row.get("task", "severity")
        for split in SPLITS
        for row in read(dataset, split)
        if row.get("record", row["id"]) == record.external_id
    }


def test_an_unsafe_resolution_leaves_the_severity_of_its_ticket(known):
    record = with_resolution(known, f"Log in, it is {VALUE}, then clear the counters.")

    dataset = build(known, tasks=TASKS)

    assert tasks_of(dataset, record) == {"severity"}
    assert dataset.manifest["left_out"] == {}
    assert dataset.manifest["left_out_of"]["resolution"] == {"unsafe": 1}
    assert dataset.manifest["left_out_of"]["severity"] == {}


def test_an_unsafe_text_stands_in_every_task_and_none_is_left(known):
    record = with_resolution(
        known, "Cleared the counters.", body=f"{distinct_text(90)} saw {VALUE} on it"
    )

    dataset = build(known, tasks=TASKS)

    assert tasks_of(dataset, record) == set()
    assert dataset.manifest["left_out"] == {"unsafe": 1}
    assert dataset.manifest["left_out_of"]["resolution"] == {"unsafe": 1}


def test_a_long_resolution_leaves_the_severity_of_its_ticket(known):
    record = with_resolution(known, "Cleared the counters. " * 200)

    dataset = build(known, tasks=TASKS, length={"most": 600, "policy": "drop"})

    assert tasks_of(dataset, record) == {"severity"}
    assert dataset.manifest["left_out_of"]["resolution"] == {"too_long": 1}
    assert dataset.manifest["left_out_of"]["severity"] == {}


def answer(record: Record, response: str, reviewer: Reviewer) -> None:
    """A standing answer with the record's verdict."""
    severity = record.verdicts.get().severity
    ReviewFactory(
        record=record, reviewer=reviewer, severity=severity, response=response
    )


def test_one_unsafe_review_leaves_the_other_reviews_of_its_record(known):
    record = settle(known, 90)
    for response in (f"Log in, it is {VALUE}.", ""):
        answer(record, response, ReviewerFactory(grade="SENIOR"))

    dataset = build(known, label_source="every_review", shares={"TRAIN": 1.0})

    rows = {row.get("copy_of", row["id"]) for row in read(dataset, "TRAIN")}
    assert {row for row in rows if row.startswith(record.external_id)} == {
        f"{record.external_id}#review2"
    }


def test_an_unsafe_title_keeps_no_later_ticket_out_that_would_show_it(known):
    senior = ReviewerFactory(grade="SENIOR")
    leaky = settle(known, 90, title=f"Sees {VALUE}")
    later = settle(known, 93)
    assert later.category == leaky.category
    for record in Record.objects.of(known):
        answer(record, "Clear the line.", senior)

    dataset = build(known, tasks=["triage"], shares={"TRAIN": 1.0})

    assert tasks_of(dataset, leaky) == set()
    assert tasks_of(dataset, later) == {"triage"}
    assert dataset.manifest["left_out"] == {"unsafe": 1}
    assert dataset.manifest["checked_under"] is not None
