"""Queue tasks of supervision: each takes one id or nothing and ends within seconds.

The queue may deliver any of them twice and at once; they change nothing more then.
"""

from __future__ import annotations

from django.utils import timezone

from training.services import completing, jobs


def launch_job(job_id: int) -> bool:
    """Start a queued job if a device is free."""
    return jobs.launch_job(job_id=job_id, now=timezone.now())


def reconcile_jobs() -> int:
    """Take in what the processes wrote, act on it, and fill free devices."""
    return completing.reconcile(now=timezone.now())
