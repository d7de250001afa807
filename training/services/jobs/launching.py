"""Start the process of a job: exactly one for every attempt, one on every device.

A launch is a compare-and-set on the row with a new fencing token; that no two active
jobs share a device of a machine is a constraint of the database. A second delivery of
the same launch, or a second worker launching at the same moment, changes nothing.
Whatever is interrupted half-way here is found by `reconciling`: a job that starts and
never beats is lost, and the next attempt's fence keeps a late process out.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction

from netft_site.base.files import write_atomic
from training.domain import run_files
from training.domain.job_spec import Device, Spec, read_spec, write_spec
from training.domain.job_states import JobState
from training.domain.run_files import ExitClass
from training.domain.strict_json import dump
from training.launchers import processes
from training.launchers.local import LocalLauncher, environment
from training.models import Job
from training.services.jobs.moving import move

logger = logging.getLogger(__name__)


def launch_job(
    *, job_id: int, now: datetime, launcher: LocalLauncher | None = None
) -> bool:
    """Start a queued job if a device is free; return whether this call started it.

    A job that is not queued, and one for which no device is free, stays as it is.
    """
    job = Job.objects.queued().filter(pk=job_id).first()
    return job is not None and start(job, now, launcher or LocalLauncher())


def launch_queued(*, now: datetime, launcher: LocalLauncher | None = None) -> int:
    """Start queued jobs, the oldest first, while devices are free; return how many."""
    started = 0
    for job in Job.objects.queued()[: len(settings.JOB_DEVICES)]:
        started += start(job, now, launcher or LocalLauncher())
    return started


def start(job: Job, now: datetime, launcher: LocalLauncher) -> bool:
    """Claim a queued or orphaned job for its next attempt and start the process."""
    if not _claim(job, now):
        return False
    try:
        threads = settings.JOB_THREADS or None
        run_dir = _prepare(job, threads)
        handle = launcher.submit(
            run_dir, environment(threads=threads, device=job.device)
        )
    except (OSError, ValueError) as error:
        logger.warning("job %s could not be started: %s", job.pk, type(error).__name__)
        _give_up(job, error, now)
        return False
    _record_process(job, handle, launcher)
    return True


def _claim(job: Job, now: datetime) -> bool:
    others = Job.objects.active().at(processes.host()).exclude(pk=job.pk)
    busy = set(others.values_list("device", flat=True))
    for device in settings.JOB_DEVICES:
        if device in busy:
            continue
        try:
            with transaction.atomic():
                return move(
                    job,
                    JobState.STARTING,
                    fence=job.fence + 1,
                    attempt=job.attempt + 1,
                    device=device,
                    host=processes.host(),
                    boot_id="",
                    pid=None,
                    process_started_at="",
                    heartbeat_at=now,
                    started_at=job.started_at or now,
                    progress=0,
                    stage="",
                )
        except IntegrityError:
            # Another launch took the device between the question and the claim.
            continue
    return False


def _prepare(job: Job, threads: int | None) -> Path:
    """Write what the process reads; the fence last, for it drives an old one out."""
    run_dir = Path(settings.DATA_DIR) / "runs" / str(job.pk)
    run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomic(run_dir / run_files.SPEC, write_spec(_spec_of(job, threads)))
    write_atomic(run_dir / run_files.FENCE, f"{job.fence}\n")
    job.run_dir = str(run_dir)
    Job.objects.still_as(job).update(run_dir=job.run_dir)
    return run_dir


def _spec_of(job: Job, threads: int | None) -> Spec:
    device = Device(job.device.partition(":")[0])
    return replace(
        read_spec(dump(job.spec)),
        attempt=job.attempt,
        fence=job.fence,
        device=device,
        threads=threads,
    )


def _record_process(
    job: Job, handle: processes.Handle, launcher: LocalLauncher
) -> None:
    """Remember the process; end it again where somebody cancelled meanwhile."""
    Job.objects.filter(pk=job.pk, fence=job.fence).update(
        pid=handle.pid, boot_id=handle.boot_id, process_started_at=handle.started
    )
    job.refresh_from_db()
    if job.state == JobState.CANCELLING:
        launcher.cancel(handle)


def _give_up(job: Job, error: OSError | ValueError, now: datetime) -> None:
    why = error.strerror if isinstance(error, OSError) else str(error)
    move(
        job,
        JobState.ERRORED,
        exit_class=ExitClass.CODE,
        message=f"The process could not be started: {why}."[:500],
        finished_at=now,
    )
