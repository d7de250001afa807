"""Reconciling: a job ends as its child did, and a lost child is resumed once."""

from __future__ import annotations

import json
import signal
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from tests.training.supervised import (
    acting,
    has_ended,
    kill,
    later,
    launched,
    queued,
    reconciled,
    running,
    until_over,
    wait_until,
)
from training.domain.job_states import JobState
from training.models import Job
from training.services import jobs
from training.services.jobs.moving import move

pytestmark = pytest.mark.django_db


def test_a_job_runs_from_the_queue_to_its_result_without_any_worker():
    shown = []

    job = jobs.wait_for(
        job_id=queued().pk,
        progress=lambda *seen: shown.append(seen),
        launcher=acting("finish"),
        poll_seconds=0.02,
    )

    assert (job.state, job.exit_class, job.attempt) == ("SUCCEEDED", "OK", 1)
    assert job.progress == 1.0
    assert job.result["best"]["dev_macro_f1"] == 0.7
    assert job.finished_at >= job.started_at
    assert shown[-1] == (100, 100, "Done")
    assert [(m.step, m.name, m.value) for m in job.metrics.all()] == [(1, "loss", 0.5)]


def test_the_first_heartbeat_makes_a_starting_job_a_running_one():
    job = running("train")

    assert job.state == "RUNNING"
    assert job.stage.startswith("Training")
    assert timezone.now() - job.heartbeat_at < timedelta(seconds=20)


def test_a_refusal_of_the_data_fails_the_job_with_what_to_do():
    job = until_over(queued(), "refuse")

    assert (job.state, job.exit_class) == ("FAILED", "DATA")
    assert job.message == "As the test wished. Wish for something else."
    assert job.attempt == 1


def test_a_crash_of_the_program_is_an_error_and_is_not_tried_again():
    job = until_over(queued(), "crash")

    assert (job.state, job.exit_class, job.attempt) == ("ERRORED", "CODE", 1)
    assert "exit code 70" in job.message


def test_a_child_that_writes_garbage_is_an_error_and_harms_nobody():
    job = until_over(queued(), "garbage")

    assert (job.state, job.exit_class) == ("ERRORED", "CODE")
    assert job.metrics.count() == 0
    assert job.progress == 0.0


def test_a_result_that_does_not_match_its_files_is_an_error():
    job = until_over(queued(), "damage")

    assert (job.state, job.exit_class) == ("ERRORED", "CODE")
    assert "does not match" in job.message


def test_a_child_that_is_killed_again_and_again_is_resumed_once():
    job = until_over(queued(), "die")

    assert (job.state, job.exit_class) == ("ERRORED", "HOST_OOM")
    assert (job.attempt, job.fence) == (2, 2)
    assert "out of memory" in job.message


def test_a_child_that_reports_memory_again_and_again_is_resumed_once():
    job = until_over(queued(), "out_of_memory")

    assert (job.state, job.exit_class, job.attempt) == ("ERRORED", "HOST_OOM", 2)


def test_a_killed_run_goes_on_and_ends_well():
    job = running("train")

    kill(job)
    resumed = reconciled(job)
    (Path(job.run_dir) / "go").touch()
    over = until_over(job, "train")

    assert resumed.state in ("STARTING", "RUNNING")
    assert (resumed.attempt, resumed.fence) == (2, 2)
    assert resumed.pid != job.pid
    assert (over.state, over.attempt) == ("SUCCEEDED", 2)
    assert "killed" in over.message
    assert set(over.metrics.values_list("attempt", flat=True)) == {1, 2}


@pytest.mark.parametrize("moment", ["before it beats", "while it runs", "at the end"])
def test_a_child_killed_at_any_moment_leaves_a_named_state(moment):
    job = launched("mute") if moment == "before it beats" else running("train")
    if moment == "at the end":
        (Path(job.run_dir) / "go").touch()
        wait_until(lambda: (Path(job.run_dir) / "artifact").exists())
    kill(job)

    once = reconciled(job, "die")
    over = until_over(job, "die")

    ended_well = moment == "at the end" and over.state == "SUCCEEDED"
    assert once.attempt == 2 or ended_well
    assert over.state in ("ERRORED", "SUCCEEDED")
    assert over.exit_class in ("HOST_OOM", "OK")


def test_a_signal_from_outside_is_a_loss_and_the_run_goes_on():
    job = running("train")

    kill(job, signal.SIGTERM)
    resumed = reconciled(job)

    assert json.loads((Path(job.run_dir) / "error.json").read_text())["fence"] == 1
    assert resumed.state in ("STARTING", "RUNNING")
    assert (resumed.attempt, resumed.exit_class) == (2, "LOST")


def test_a_child_that_never_beats_is_lost_only_when_its_process_is_gone():
    job = launched("mute")

    alive = reconciled(job, "mute", now=later(200))
    state_while_alive = alive.state
    kill(job)
    gone = reconciled(job, "mute")

    assert state_while_alive == "STARTING"
    assert gone.attempt == 2


def test_a_hung_child_is_ended_before_the_next_attempt_starts():
    job = running("stubborn")

    orphaned = reconciled(job, "stubborn", now=later(901))
    state_orphaned, still_alive = orphaned.state, not has_ended(job.pid)
    reconciled(job, "stubborn", now=later(1030))
    wait_until(lambda: has_ended(job.pid))
    resumed = reconciled(job, "stubborn", now=later(1031))

    assert state_orphaned == "ORPHANED"
    assert still_alive
    assert resumed.state in ("STARTING", "RUNNING")
    assert resumed.attempt == 2


def test_a_process_id_that_now_belongs_to_another_is_left_alone():
    job = running("stubborn")
    impostor = job.pid
    ticks = str(int(job.process_started_at) - 1)
    Job.objects.filter(pk=job.pk).update(process_started_at=ticks)

    resumed = reconciled(job, "stubborn")

    assert (resumed.attempt, resumed.exit_class) == (2, "LOST")
    assert not has_ended(impostor)


def test_a_job_of_a_machine_that_went_silent_is_resumed_here():
    job = running("train")
    Job.objects.filter(pk=job.pk).update(host="a-machine-that-burned")

    waits = reconciled(job, now=later(60))
    state_waiting = (waits.state, waits.attempt)
    resumed = reconciled(job, now=later(120))

    assert state_waiting == ("RUNNING", 1)
    assert resumed.attempt == 2
    assert resumed.host != "a-machine-that-burned"
    wait_until(lambda: has_ended(job.pid))


def test_a_reboot_is_noticed_at_once():
    job = running("train")
    Job.objects.filter(pk=job.pk).update(boot_id="the-boot-before")

    resumed = reconciled(job)

    assert (resumed.attempt, resumed.exit_class) == (2, "LOST")


def test_of_two_supervisors_that_decide_the_same_only_one_moves_the_job():
    job = running("train")
    one, other = Job.objects.get(pk=job.pk), Job.objects.get(pk=job.pk)

    moved = [
        move(one, JobState.CANCELLING, cancel_requested_at=timezone.now()),
        move(other, JobState.CANCELLING, cancel_requested_at=timezone.now()),
    ]

    assert moved == [True, False]


def test_a_supervisor_with_an_old_fence_moves_nothing():
    job = running("train")
    stale = Job.objects.get(pk=job.pk)
    kill(job)
    reconciled(job)
    Job.objects.filter(pk=job.pk).update(state="RUNNING")

    assert not move(stale, JobState.ORPHANED)


def test_an_outcome_of_an_earlier_attempt_is_not_believed():
    job = until_over(queued(), "refuse")
    Job.objects.filter(pk=job.pk).update(
        state="QUEUED", finished_at=None, exit_class=""
    )

    job.refresh_from_db()
    jobs.launch_job(job_id=job.pk, now=timezone.now(), launcher=acting("train"))
    job.refresh_from_db()
    still_going = reconciled(job)

    assert still_going.state in ("STARTING", "RUNNING")
    assert (Path(job.run_dir) / "error.json").exists()


def test_a_result_that_an_attempt_thought_lost_has_left_is_taken():
    job = running("train")
    (Path(job.run_dir) / "go").touch()
    wait_until(lambda: (Path(job.run_dir) / "result.json").exists())
    wait_until(lambda: has_ended(job.pid))
    Job.objects.filter(pk=job.pk).update(attempt=2, fence=2)

    over = reconciled(job)

    assert (over.state, over.result["fence"]) == ("SUCCEEDED", 1)
