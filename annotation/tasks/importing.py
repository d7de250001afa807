"""Queue tasks of the import: run one on, mark copies, sweep up what is over.

Each task works for a few seconds and queues the next one, so a worker that dies costs
one chunk, and a sweep finds imports that nobody moves any more.
"""

from __future__ import annotations

import time
from datetime import timedelta

from django.utils import timezone

from annotation.services import importing, marking, purging
from netft_site.base.enqueue import enqueue

WORK_SECONDS = 8.0
STALLED_AFTER = timedelta(minutes=3)
RUN_TASK = "annotation.tasks.importing.run_import"
MARK_TASK = "annotation.tasks.importing.mark_near_duplicates"


def run_import(batch_id: int) -> str:
    """Run chunks of one import for a few seconds; queue the rest."""
    until = time.monotonic() + WORK_SECONDS
    while True:
        batch = importing.run_chunk(batch_id=batch_id, now=timezone.now())
        if batch.is_finished:
            return batch.status
        if time.monotonic() > until:
            enqueue(RUN_TASK, batch_id)
            return batch.status


def resume_stalled() -> int:
    """Queue running imports that stood still; for a schedule of every few minutes."""
    since = timezone.now() - STALLED_AFTER
    return importing.resume_stalled(since=since)


def mark_near_duplicates(project_id: int) -> int:
    """Take one step of marking a project's near copies; queue the next one."""
    step = marking.advance(project_id=project_id)
    if not step.is_last:
        enqueue(MARK_TASK, project_id)
    return step.changed


def mark_new_records() -> int:
    """Queue the marking of projects with other texts; for a schedule of ten minutes."""
    projects = marking.projects_to_mark()
    for project_id in projects:
        enqueue(MARK_TASK, project_id)
    return len(projects)


def purge_expired() -> int:
    """Remove raw text and files whose time is over; for a daily schedule."""
    return purging.purge_expired_raw(now=timezone.now()) + purging.purge_files(
        now=timezone.now()
    )
