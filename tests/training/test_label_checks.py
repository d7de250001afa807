"""Searching a frozen dataset for wrong labels: queued, kept, taken in once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from netft_site.base.refusals import Refused
from tests.factories import DatasetFactory
from tests.training.frozen import frozen_dataset
from training.models import Job, LabelCheck
from training.services import jobs, label_checks

pytestmark = pytest.mark.django_db(transaction=True)

FLIPPED = {"TRAIN": [{}, {"label": "critical"}]}


def searched(dataset) -> LabelCheck:
    return label_checks.wait_for(check=label_checks.start(dataset=dataset))


def test_a_wrong_label_is_found_and_the_list_is_kept(project):
    dataset = frozen_dataset(project, TRAIN=40, extra=FLIPPED)

    check = searched(dataset)

    assert check.status == LabelCheck.Status.DONE, check.failure
    (doubt,) = label_checks.read_doubts(check=check)
    assert (doubt.id, doubt.given, doubt.suggested) == ("TRAIN-1", "critical", "low")
    assert check.facts["doubted"] == 1
    assert check.facts["examples"] == {"critical": 27, "low": 25}
    assert check.facts["accuracy"]["n"] == 52

    shutil.rmtree(check.job.run_dir)

    assert label_checks.read_doubts(check=check) == [doubt]
    assert label_checks.read_doubts(check=check, skip=1) == []


def test_test_tickets_are_not_read(project):
    dataset = frozen_dataset(project, TEST=30, CALIBRATION=30)

    check = label_checks.start(dataset=dataset)

    assert "test.jsonl" not in str(check.job.spec)
    assert "calibration.jsonl" not in str(check.job.spec)


def test_a_search_that_stands_is_not_begun_again(project):
    dataset = frozen_dataset(project)

    first = label_checks.start(dataset=dataset)
    again = label_checks.start(dataset=dataset)

    assert first == again
    assert Job.objects.count() == 1


def test_a_search_that_failed_can_be_begun_again(project):
    dataset = frozen_dataset(project)
    first = label_checks.start(dataset=dataset)
    jobs.cancel_job(job_id=first.job_id, user=None, now=timezone.now())
    assert label_checks.sweep(now=timezone.now()) == 1
    first.refresh_from_db()

    again = label_checks.start(dataset=dataset)

    assert first.status == LabelCheck.Status.FAILED
    assert "Cancelled" in first.failure
    assert again != first
    assert label_checks.latest(dataset=dataset) == again


def test_too_little_to_judge_by_is_said(project):
    check = searched(frozen_dataset(project, TRAIN=4, DEV=2))

    assert check.status == LabelCheck.Status.FAILED
    assert "Fewer than two labels" in check.failure


def test_a_list_that_was_changed_is_not_shown(project):
    check = searched(frozen_dataset(project))
    (Path(settings.DATA_DIR) / check.path).write_text("{}\n")

    with pytest.raises(Refused) as refusal:
        label_checks.read_doubts(check=check)

    assert refusal.value.code == "file_changed"


def test_taking_in_twice_changes_nothing(project):
    check = searched(frozen_dataset(project))
    stored = LabelCheck.objects.values().get()

    assert not label_checks.finish(check=check, now=timezone.now())
    assert LabelCheck.objects.values().get() == stored


def test_only_frozen_datasets_are_searched(project):
    with pytest.raises(Refused) as refusal:
        label_checks.start(dataset=DatasetFactory(project=project))

    assert refusal.value.code == "dataset_not_frozen"
