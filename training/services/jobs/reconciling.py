"""Bring the rows in line with the processes; the heart of supervision.

It runs every minute, from every open run page and inside every command that waits.
Any number may run at once, in any process: each change is a compare-and-set, and
reading is idempotent. It never waits for anything and hosts nothing itself.
"""

from __future__ import annotations

import logging
from datetime import datetime

from training.domain import supervision
from training.domain.job_states import JobState
from training.domain.strict_json import encode
from training.domain.supervision import (
    ConfirmRunning,
    Decision,
    Finish,
    Orphan,
    Resume,
    Stop,
    Wait,
)
from training.launchers.local import LocalLauncher
from training.models import Job
from training.services.jobs import launching
from training.services.jobs.moving import move
from training.services.jobs.observing import (
    Sight,
    handle_of,
    observe,
    take_in_events,
    take_in_heartbeat,
)

logger = logging.getLogger(__name__)

# Orphan, resume and confirm are three moves; more in one go would be a fault.
_MOVES_A_PASS = 4
_LONGEST_MESSAGE = 500


def reconcile_jobs(*, now: datetime, launcher: LocalLauncher | None = None) -> int:
    """Reconcile every active job, then fill the free devices from the queue.

    Returns how many jobs are active afterwards.
    """
    launcher = launcher or LocalLauncher()
    for job in Job.objects.active():
        reconcile_job(job=job, now=now, launcher=launcher)
    launching.launch_queued(now=now, launcher=launcher)
    active = list(Job.objects.active())
    launcher.collect(handle for job in active if (handle := handle_of(job)))
    return len(active)


def reconcile_job(*, job: Job, now: datetime, launcher: LocalLauncher) -> None:
    """Take in what one job's process has written and act on how it fares."""
    for _ in range(_MOVES_A_PASS):
        take_in_heartbeat(job, now)
        sight = observe(job, launcher, now)
        # After the look at the process: where it is gone, these are its last words.
        while take_in_events(job, now):
            pass
        decision = supervision.decide(sight.seen)
        if not _apply(job, decision, sight, now, launcher):
            return
        job.refresh_from_db()


def _apply(
    job: Job,
    decision: Decision,
    sight: Sight,
    now: datetime,
    launcher: LocalLauncher,
) -> bool:
    """Carry out one decision; return whether the job has to be looked at again."""
    match decision:
        case Wait():
            return False
        case ConfirmRunning():
            return move(job, JobState.RUNNING)
        case Stop(force=force):
            handle = handle_of(job)
            if handle is not None:
                launcher.cancel(handle, force=force)
            return False
        case Orphan(exit_class=exit_class, message=message):
            logger.warning("job %s is orphaned: %s", job.pk, exit_class)
            return move(job, JobState.ORPHANED, exit_class=exit_class, message=message)
        case Resume():
            return launching.start(job, now, launcher)
        case Finish():
            _finish(job, decision, sight, now)
            return False


def _finish(job: Job, decision: Finish, sight: Sight, now: datetime) -> None:
    succeeded = decision.state is JobState.SUCCEEDED
    changes: dict[str, object] = {"progress": 1.0} if succeeded else {}
    if succeeded and sight.result is not None:
        changes["result"] = encode(sight.result)
    # Why an earlier attempt was lost is kept where the last one has nothing to add.
    message = decision.message or job.message
    if move(
        job,
        decision.state,
        exit_class=decision.exit_class,
        message=message[:_LONGEST_MESSAGE],
        finished_at=now,
        **changes,
    ):
        logger.info("job %s: %s %s", job.pk, decision.state, decision.exit_class)
