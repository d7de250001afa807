"""What tests of supervision share: real processes of a child that only pretends."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from django.utils import timezone

from tests.waiting import wait_until
from training.domain.hyperparameters import Hyperparameters
from training.domain.job_spec import (
    BaseModelFiles,
    DataFile,
    Objective,
    TrainSpec,
    Tuning,
)
from training.launchers.local import LocalLauncher
from training.launchers.processes import Handle
from training.models import Job, TrainingRun
from training.services import completing, jobs

FAKE_CHILD = Path(__file__).resolve().parents[1] / "data" / "fake_child.py"
SHA = "a" * 64


_STARTED: list[Handle] = []


class RememberingLauncher(LocalLauncher):
    """The real launcher; it remembers what it started, to clean up after a test."""

    def submit(self, run_dir: Path, env: Mapping[str, str]) -> Handle:
        handle = super().submit(run_dir, env)
        _STARTED.append(handle)
        return handle


def acting(behaviour: str) -> LocalLauncher:
    """A launcher whose child behaves so."""
    return RememberingLauncher([sys.executable, str(FAKE_CHILD), behaviour])


def spec() -> TrainSpec:
    return TrainSpec(
        seed=7,
        labels=("high", "low"),
        train=DataFile("/data/train.jsonl", SHA),
        dev=DataFile("/data/dev.jsonl", SHA),
        objective=Objective.CLASSIFY,
        tuning=Tuning.LORA,
        base_model=BaseModelFiles("/models/encoder", SHA),
        hyperparameters=Hyperparameters(),
    )


def queued() -> Job:
    return jobs.queue_job(spec=spec())


def launched(behaviour: str) -> Job:
    job = queued()
    assert jobs.launch_job(
        job_id=job.pk, now=timezone.now(), launcher=acting(behaviour)
    )
    job.refresh_from_db()
    return job


def running(behaviour: str = "train") -> Job:
    """A launched job whose first heartbeat has been seen."""
    job = launched(behaviour)
    wait_until(lambda: (Path(job.run_dir) / "heartbeat").exists())
    return reconciled(job, behaviour)


def reconciled(job: Job, behaviour: str = "train", now=None) -> Job:
    """The job as it stands after a reconciliation; `job` itself is not touched."""
    jobs.reconcile_jobs(now=now or timezone.now(), launcher=acting(behaviour))
    return Job.objects.get(pk=job.pk)


def until_over(job: Job, behaviour: str) -> Job:
    return jobs.wait_for(job_id=job.pk, launcher=acting(behaviour), poll_seconds=0.02)


def finished(run: TrainingRun, behaviour: str = "finish") -> TrainingRun:
    """The run after its child is over and what that left has been taken in."""
    until_over(run.job, behaviour)
    completing.complete_finished_runs()
    return TrainingRun.objects.with_facts().get(pk=run.pk)


def later(seconds: float) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)


def has_ended(pid: int) -> bool:
    """Whether the process is gone, or a zombie that waits to be collected."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(")")[2].split()[0] in "ZX"


def kill(job: Job, number: int = signal.SIGKILL) -> None:
    """Signal the child and wait until it has ended."""
    os.kill(job.pid, number)
    wait_until(lambda: has_ended(job.pid))


def end_all_children() -> None:
    """Leave no process behind, whatever the test has done."""
    for handle in _STARTED:
        LocalLauncher().cancel(handle, force=True)
    _STARTED.clear()
