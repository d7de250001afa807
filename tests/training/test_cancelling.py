"""Cancelling a job: at once, on request, by force, and never undone."""

from __future__ import annotations

import pytest
from django.utils import timezone

from netft_site.base.refusals import Refused
from tests.training.supervised import (
    acting,
    has_ended,
    kill,
    later,
    queued,
    reconciled,
    running,
    until_over,
    wait_until,
)
from training.models import Job
from training.services import jobs

pytestmark = pytest.mark.django_db


def test_a_cancelled_run_saves_and_leaves():
    job = running("train")

    jobs.cancel_job(job_id=job.pk, user=None, now=timezone.now())
    state_at_once = Job.objects.get(pk=job.pk).state
    over = until_over(job, "train")

    assert state_at_once == "CANCELLING"
    assert (over.state, over.exit_class) == ("CANCELLED", "CANCELLED")
    assert over.message == "Stopped on request."


def test_cancelling_twice_is_cancelling_once():
    job = running("stubborn")

    first = jobs.cancel_job(job_id=job.pk, user=None, now=timezone.now())
    second = jobs.cancel_job(job_id=job.pk, user=None, now=later(50))

    assert second.cancel_requested_at == first.cancel_requested_at


def test_a_queued_job_is_cancelled_at_once():
    job = queued()

    over = jobs.cancel_job(job_id=job.pk, user=None, now=timezone.now())

    assert (over.state, over.attempt) == ("CANCELLED", 0)


def test_a_job_that_is_over_cannot_be_cancelled():
    job = until_over(queued(), "finish")

    with pytest.raises(Refused) as refusal:
        jobs.cancel_job(job_id=job.pk, user=None, now=timezone.now())

    assert refusal.value.code == "job_finished"


def test_a_child_that_ignores_the_request_is_ended_after_two_minutes():
    job = running("stubborn")
    jobs.cancel_job(job_id=job.pk, user=None, now=timezone.now())

    reconciled(job, "stubborn", now=later(110))
    alive_in_time = not has_ended(job.pid)
    reconciled(job, "stubborn", now=later(121))
    wait_until(lambda: has_ended(job.pid))
    over = reconciled(job, "stubborn", now=later(122))

    assert alive_in_time
    assert (over.state, over.exit_class) == ("CANCELLED", "CANCELLED")
    assert "two minutes" in over.message


def test_a_cancelled_job_is_never_resumed():
    job = running("train")
    jobs.cancel_job(job_id=job.pk, user=None, now=timezone.now())

    kill(job)
    over = reconciled(job)

    assert (over.state, over.attempt) == ("CANCELLED", 1)


def test_a_job_cancelled_while_it_starts_is_told_as_soon_as_it_can_be():
    job = queued()

    class CancelsInBetween(type(acting("train"))):
        def submit(self, run_dir, env):
            jobs.cancel_job(job_id=job.pk, user=None, now=timezone.now())
            return super().submit(run_dir, env)

    launcher = CancelsInBetween(acting("train")._command)
    jobs.launch_job(job_id=job.pk, now=timezone.now(), launcher=launcher)
    job.refresh_from_db()
    wait_until(lambda: has_ended(job.pid))
    over = reconciled(job)

    assert over.state == "CANCELLED"
