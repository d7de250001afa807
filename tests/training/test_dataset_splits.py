"""The split a ticket lands in: for good, with its incident and its near copies."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from django.utils import timezone

from annotation.models import Record
from netft_site.base.refusals import Refused
from tests.training.built import EASY, build, ids, read
from tests.training.worlds import distinct_text, settle, settle_many
from training.models import Dataset, SplitAssignment
from training.services.datasets import building, folders

pytestmark = pytest.mark.django_db


def test_a_test_ticket_stays_a_test_ticket_in_later_versions(project):
    settle_many(project, 60)
    first = build(project)
    settle_many(project, 60, start=60)

    second = build(project, seed=9, shares={"TRAIN": 0.8, "DEV": 0.1, "TEST": 0.1})

    for split in ("TRAIN", "DEV", "CALIBRATION", "TEST"):
        assert ids(first, split) <= ids(second, split)
    assert SplitAssignment.objects.count() == 120


def test_nothing_new_enters_a_kept_test_split(project):
    settle_many(project, 60)
    first = build(project)
    settle_many(project, 60, start=60)

    second = build(project, test={"kept": True})

    assert ids(first, "TEST") == ids(second, "TEST")
    first_file, second_file = (folders.split_path(d, "TEST") for d in (first, second))
    assert first_file.read_bytes() == second_file.read_bytes()


def test_tickets_of_one_incident_stay_in_one_split(project):
    for number in range(60):
        settle(project, number, incident_key=f"MI{number // 4}")

    dataset = build(project)

    splits: dict[str, set[str]] = {}
    for example in dataset.examples.select_related("record"):
        splits.setdefault(example.record.incident_key, set()).add(example.split)
    assert all(len(found) == 1 for found in splits.values())
    assert len({next(iter(found)) for found in splits.values()}) == 4


def test_absolute_sizes_are_met_with_the_mix_kept(project):
    settle_many(project, 200)

    dataset = build(
        project,
        shares={"TRAIN": 0.2, "DEV": 0.1, "CALIBRATION": 0.0, "TEST": 0.7},
        sizes={"TRAIN": 30, "TEST": 90},
    )

    splits = dataset.manifest["splits"]
    assert [splits[s]["examples"] for s in ("TRAIN", "DEV", "TEST")] == [30, 20, 90]
    assert dataset.manifest["left_out"] == {"over_size": 60}
    labels = Counter(row["label"] for row in read(dataset, "TEST"))
    assert max(labels.values()) - min(labels.values()) <= 3


def near_copies(project, count: int = 10, **values) -> list[Record]:
    """Tickets that tell the same story with one word changed in each."""
    records = []
    for number in range(count):
        words = distinct_text(500).split()
        words[number % len(words)] = "changed"
        records.append(
            settle(project, 900 + number, title="Storm", body=" ".join(words), **values)
        )
    return records


class TestNearDuplicates:
    """Texts that are nearly the same never lie in two splits."""

    def test_near_copies_are_found_and_kept_together(self, project):
        settle_many(project, 60)
        near_copies(project)

        dataset = build(project)

        storm = dataset.examples.filter(record__title="Storm")
        assert storm.count() == 10
        assert storm.values("split").distinct().count() == 1

    def test_the_same_story_on_other_devices_stays_together(self, project):
        settle_many(project, 60)
        for number in range(10):
            body = f"10.0.0.{number} {distinct_text(500)}"
            settle(project, 900 + number, title="Storm", body=body)

        dataset = build(project)

        storm = dataset.examples.filter(record__title="Storm")
        assert storm.values("split").distinct().count() == 1

    def test_near_copies_that_were_split_before_leave_only_the_test_tickets(
        self, project
    ):
        settle_many(project, 60)
        storm = near_copies(project)
        for number, record in enumerate(storm):
            SplitAssignment.objects.create(
                record=record,
                group_key=f"g-{number}",
                split=("TRAIN", "DEV", "TEST")[number % 3],
            )

        dataset = build(project)

        kept = dataset.examples.filter(record__in=storm)
        assert set(kept.values_list("split", flat=True)) == {"TEST"}
        assert kept.count() == 3
        assert dataset.manifest["left_out"]["bridges_splits"] == 7

    def test_a_text_that_changed_after_marking_refuses_the_freeze(self, project):
        records = settle_many(project, 60)
        dataset = building.start(
            project=project, name="x", recipe=EASY, in_background=False
        )
        for _ in range(2):
            building.advance(dataset_id=dataset.pk, now=timezone.now())
        words = distinct_text(500).split()
        for number, record in enumerate(records[:20]):
            words[number] = "changed"
            Record.objects.filter(pk=record.pk).update(body=" ".join(words))

        with pytest.raises(Refused, match="nearly equal texts"):
            building.build_to_end(dataset_id=dataset.pk, clock=timezone.now)

        failed = Dataset.objects.get()
        errors = [f for f in failed.manifest["findings"] if f["severity"] == "E"]
        assert {f["rule"] for f in errors} == {"near_duplicate_across_splits"}
        assert "changed" not in json.dumps(failed.manifest["findings"])
        assert not SplitAssignment.objects.exists()
