"""Jobs: queue, launch, reconcile, cancel, wait for them."""

from training.services.jobs.cancelling import cancel_job
from training.services.jobs.launching import launch_job, launch_queued
from training.services.jobs.queueing import queue_job
from training.services.jobs.reconciling import reconcile_job, reconcile_jobs
from training.services.jobs.waiting import wait_for

__all__ = [
    "cancel_job",
    "launch_job",
    "launch_queued",
    "queue_job",
    "reconcile_job",
    "reconcile_jobs",
    "wait_for",
]
