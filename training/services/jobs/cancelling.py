"""Ask a job to stop.

A queued job is over at once. A running one gets a flag and SIGTERM; it finishes its
step, saves and leaves. Reconciliation repeats the signal, and after two minutes ends
the process.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.contrib.auth.models import User

from netft_site.base.refusals import Refused
from training.domain.job_states import JobState
from training.domain.run_files import ExitClass
from training.launchers.local import LocalLauncher
from training.models import Job
from training.services.jobs.moving import move
from training.services.jobs.observing import handle_of

logger = logging.getLogger(__name__)

# The supervisor may move the job in between; it moves far less often than this.
_TRIES = 5


def cancel_job(
    *,
    job_id: int,
    user: User | None,
    now: datetime,
    launcher: LocalLauncher | None = None,
) -> Job:
    """Cancel a job; asking twice is asking once.

    Raises Refused (``job_finished``) where it is over already.
    """
    for _ in range(_TRIES):
        job = Job.objects.get(pk=job_id)
        if job.state == JobState.CANCELLING:
            return job
        if job.is_finished:
            raise Refused(
                "job_finished", f"Job {job.pk} is over: {job.get_state_display()}."
            )
        if _ask_to_stop(job, now):
            by = user.pk if user else None
            logger.info("job %s: cancelled by user %s", job.pk, by)
            handle = handle_of(job)
            if handle is not None and job.state == JobState.CANCELLING:
                (launcher or LocalLauncher()).cancel(handle)
            return job
    raise Refused("job_busy", f"Job {job_id} is changing state; try again.")


def _ask_to_stop(job: Job, now: datetime) -> bool:
    if job.state == JobState.QUEUED:
        return move(
            job,
            JobState.CANCELLED,
            exit_class=ExitClass.CANCELLED,
            message="Cancelled before it started.",
            cancel_requested_at=now,
            finished_at=now,
        )
    return move(job, JobState.CANCELLING, cancel_requested_at=now)
