from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError
from django.utils import timezone
from django_q.models import OrmQ

from tests.factories import JobFactory
from tests.training.supervised import (
    acting,
    has_ended,
    kill,
    launched,
    queued,
    reconciled,
    running,
    spec,
    until_over,
    wait_until,
)
from training.domain.job_spec import read_spec
from training.launchers import processes
from training.launchers.local import LocalLauncher, Status, environment
from training.models import Job
from training.services import jobs
from training.services.jobs.observing import handle_of

pytestmark = pytest.mark.django_db


def test_a_queued_job_is_enqueued_when_its_transaction_commits(
    django_capture_on_commit_callbacks,
):
    with django_capture_on_commit_callbacks() as waiting:
        job = queued()

    assert job.state == "QUEUED"
    assert OrmQ.objects.count() == 0
    for send in waiting:
        send()
    (message,) = OrmQ.objects.all()
    assert message.task["func"] == "training.tasks.jobs.launch_job"
    assert message.task["args"] == (job.pk,)


def test_a_launch_writes_the_spec_and_the_fence_and_remembers_the_process():
    job = launched("train")

    run_dir = Path(job.run_dir)
    written = read_spec((run_dir / "spec.json").read_bytes())
    assert written == replace(spec(), attempt=1, fence=1)
    assert (run_dir / "fence").read_text() == "1\n"
    assert stat.S_IMODE(run_dir.stat().st_mode) == 0o700
    assert (job.state, job.attempt, job.fence) == ("STARTING", 1, 1)
    assert job.boot_id == processes.boot_id()
    assert os.getpgid(job.pid) == os.getsid(job.pid) == job.pid


def test_a_second_delivery_of_a_launch_changes_nothing():
    job = launched("train")

    again = jobs.launch_job(job_id=job.pk, now=timezone.now(), launcher=acting("train"))

    unchanged = Job.objects.get(pk=job.pk)
    assert not again
    assert (unchanged.pid, unchanged.fence) == (job.pid, job.fence)


def test_a_launch_of_a_job_that_does_not_exist_is_no_crash():
    assert not jobs.launch_job(job_id=10**9, now=timezone.now())


def test_the_next_job_waits_until_the_device_is_free():
    first, second = running("train"), queued()

    refused = not jobs.launch_job(
        job_id=second.pk, now=timezone.now(), launcher=acting("finish")
    )
    (Path(first.run_dir) / "go").touch()
    first = until_over(first, "finish")
    second = until_over(second, "finish")

    assert refused
    assert [first.state, second.state] == ["SUCCEEDED", "SUCCEEDED"]
    assert second.started_at >= first.finished_at


def test_two_devices_run_two_jobs(settings):
    settings.JOB_DEVICES = ["cpu", "cpu:2"]

    first, second = launched("train"), launched("train")
    third = queued()
    jobs.launch_queued(now=timezone.now(), launcher=acting("train"))

    third.refresh_from_db()
    assert {first.device, second.device} == {"cpu", "cpu:2"}
    assert third.state == "QUEUED"


def test_the_database_itself_refuses_two_active_jobs_on_one_device():
    JobFactory(state="RUNNING", host="here", device="cpu")
    JobFactory(state="RUNNING", host="elsewhere", device="cpu")

    with pytest.raises(IntegrityError):
        JobFactory(state="STARTING", host="here", device="cpu")


def test_the_process_gets_no_secret_and_no_setting(monkeypatch):
    monkeypatch.setenv("NETFT_SECRET_KEY", "do-not-tell")
    monkeypatch.setenv("DATABASE_URL", "postgres://user:password@host/db")
    job = running("train")

    block = Path(f"/proc/{job.pid}/environ").read_bytes()

    names = {part.split(b"=")[0].decode() for part in block.split(b"\0") if part}
    assert names == set(environment(threads=None))
    assert not {n for n in names if n.startswith(("DJANGO", "NETFT", "DATABASE"))}
    assert b"do-not-tell" not in block


def test_threads_bound_the_numeric_libraries(settings):
    settings.JOB_THREADS = 3

    job = running("train")

    block = Path(f"/proc/{job.pid}/environ").read_bytes()
    assert b"OMP_NUM_THREADS=3" in block
    assert json.loads((Path(job.run_dir) / "spec.json").read_text())["threads"] == 3


def test_a_process_that_cannot_be_started_is_an_error_in_words():
    job = queued()

    started = jobs.launch_job(
        job_id=job.pk, now=timezone.now(), launcher=LocalLauncher(["/no/such/program"])
    )

    job.refresh_from_db()
    assert not started
    assert (job.state, job.exit_class) == ("ERRORED", "CODE")
    assert job.message == (
        "The process could not be started: No such file or directory."
    )


def test_a_spec_that_this_version_cannot_read_is_an_error_in_words():
    job = JobFactory(spec={"kind": "TRAIN", "seed": 1})

    jobs.launch_job(job_id=job.pk, now=timezone.now(), launcher=acting("finish"))

    job.refresh_from_db()
    assert job.state == "ERRORED"
    assert "missing key" in job.message


def test_a_reused_process_id_is_never_taken_for_the_child():
    job = launched("train")
    handle = handle_of(job)
    impostor = replace(handle, started=str(int(handle.started) + 1))

    launcher = acting("train")

    assert launcher.poll(handle) == Status(alive=True)
    assert launcher.poll(impostor) == Status(alive=False)
    assert not launcher.cancel(impostor, force=True)
    assert not has_ended(job.pid)


def test_a_process_of_another_boot_is_gone_and_of_another_host_unknown():
    handle = handle_of(launched("train"))

    launcher = acting("train")

    assert launcher.poll(replace(handle, boot_id="before")) == Status(alive=False)
    assert launcher.poll(replace(handle, host="elsewhere")) is None


def test_the_exit_code_of_a_child_is_known_until_its_job_is_decided():
    job = launched("die")
    wait_until(lambda: has_ended(job.pid))
    handle, launcher = handle_of(job), acting("die")

    launcher.collect([handle])
    seen_first, seen_again = launcher.poll(handle), launcher.poll(handle)
    launcher.collect([])

    assert seen_first == seen_again == Status(alive=False, returncode=-9)
    wait_until(lambda: not Path(f"/proc/{job.pid}").exists())


def test_no_zombie_stays_after_a_job():
    job = until_over(queued(), "finish")

    assert not Path(f"/proc/{job.pid}").exists()


def test_a_child_of_an_old_fence_leaves_by_itself_and_says_nothing():
    job = running("train")

    (Path(job.run_dir) / "fence").write_text("2\n")
    wait_until(lambda: has_ended(job.pid))

    assert not (Path(job.run_dir) / "result.json").exists()
    assert not (Path(job.run_dir) / "error.json").exists()


def test_a_launch_that_was_cut_short_before_its_process_starts_again_later():
    job = queued()
    Job.objects.filter(pk=job.pk).update(
        state="STARTING",
        fence=1,
        attempt=1,
        device="cpu",
        host=processes.host(),
        heartbeat_at=timezone.now(),
    )

    early = reconciled(job, "train")
    state_early = early.state
    later = reconciled(job, "train", now=timezone.now() + timedelta(seconds=91))

    assert state_early == "STARTING"
    assert later.state in ("STARTING", "RUNNING")
    assert (later.attempt, later.fence) == (2, 2)
    assert later.pid


def test_a_launch_that_was_cut_short_after_its_process_is_taken_over():
    job = launched("train")
    wait_until(lambda: (Path(job.run_dir) / "heartbeat").exists())
    Job.objects.filter(pk=job.pk).update(pid=None, boot_id="", process_started_at="")

    taken = reconciled(job, "train")

    assert (taken.state, taken.pid, taken.attempt) == ("RUNNING", job.pid, 1)
    assert taken.process_started_at == job.process_started_at
    kill(job)
