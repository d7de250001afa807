"""What stops a freeze, and what a refused build leaves behind."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from annotation.models import Record
from netft_site.base.refusals import Refused
from tests.training.built import EASY, build
from tests.training.worlds import settle, settle_many
from training.models import Dataset, SplitAssignment
from training.services.datasets import building, folders

pytestmark = pytest.mark.django_db


def settle_apart(dataset, records) -> None:
    """Give records that were never frozen two different splits, by hand."""
    for record, split in zip(records, ("TRAIN", "TEST"), strict=True):
        SplitAssignment.objects.create(
            record=record, group_key=f"g-{record.pk}", split=split
        )


class TestRefusals:
    """What stops a freeze, and what it leaves behind."""

    def assert_refused(self, project, match: str, **recipe) -> Dataset:
        with pytest.raises(Refused, match=match):
            build(project, **recipe)
        dataset = Dataset.objects.get()
        assert dataset.status == "FAILED"
        assert dataset.failure
        assert not dataset.examples.exists()
        assert not SplitAssignment.objects.exists()
        assert list(folders.frozen_folder(dataset).parent.iterdir()) == []
        return dataset

    def test_an_exact_copy_across_splits_refuses_the_freeze(self, project):
        settle_many(project, 60)
        copies = [
            settle(project, 900 + n, title="Same", body="Core  switch DOWN in A")
            for n in range(2)
        ]
        dataset = building.start(
            project=project, name="x", recipe=EASY, in_background=False
        )
        building.advance(dataset_id=dataset.pk, now=timezone.now())
        # As if a person had decided that the two are different stories.
        Record.objects.filter(pk__in=[c.pk for c in copies]).update(
            near_duplicate_of=None
        )
        settle_apart(dataset, copies)

        with pytest.raises(Refused, match="same text"):
            building.build_to_end(dataset_id=dataset.pk, clock=timezone.now)

        failed = Dataset.objects.get()
        errors = [f for f in failed.manifest["findings"] if f["severity"] == "E"]
        assert {f["rule"] for f in errors} >= {"duplicate_across_splits"}
        assert "Core" not in json.dumps(failed.manifest["findings"])

    def test_an_unknown_label_refuses_the_freeze(self, project):
        settle_many(project, 60)
        settle(project, 900, severity="p9")

        self.assert_refused(project, "no level of the project")

    def test_a_class_with_too_few_examples_refuses_the_freeze(self, project):
        settle_many(project, 60)
        settle(project, 900, severity="critical", method="MAJORITY")

        self.assert_refused(project, "needed", min_per_class=5)

    def test_a_project_without_verdicts_is_refused(self, project):
        with pytest.raises(Refused, match="No record may enter"):
            build(project)

    def test_a_refused_build_can_be_repeated_after_the_repair(self, project):
        settle_many(project, 60)
        bad = settle(project, 900, severity="p9")
        self.assert_refused(project, "no level")
        Record.objects.filter(pk=bad.pk).update(state="EXCLUDED")

        dataset = build(project)

        assert (dataset.version, dataset.status) == (2, "FROZEN")
