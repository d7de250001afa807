"""Wait for a job without any worker: launch it, and supervise it until it ends.

Commands with `--wait` use this. A worker may supervise the same job meanwhile; both do
the same, and neither hurts the other.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from django.utils import timezone

from training.launchers.local import LocalLauncher
from training.models import Job
from training.services.jobs.reconciling import reconcile_jobs

POLL_SECONDS = 1.0

ShowProgress = Callable[[int, int, str], None]


def wait_for(
    *,
    job_id: int,
    progress: ShowProgress | None = None,
    launcher: LocalLauncher | None = None,
    poll_seconds: float = POLL_SECONDS,
) -> Job:
    """Return the job once it is over.

    `progress(done, total, label)` is told the percentage and the stage. Interrupting
    the wait leaves the job running.
    """
    launcher = launcher or LocalLauncher()
    while True:
        reconcile_jobs(now=timezone.now(), launcher=launcher)
        job = Job.objects.get(pk=job_id)
        if progress is not None:
            label = job.stage.partition(":")[0] or job.get_state_display()
            progress(round(100 * job.progress), 100, label)
        if job.is_finished:
            return job
        time.sleep(poll_seconds)
