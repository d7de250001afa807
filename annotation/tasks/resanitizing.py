"""Queue tasks of sanitizing again: one project on for a few seconds, and a sweep."""

from __future__ import annotations

import time

from annotation.services import resanitizing
from annotation.services.unreadable import Unreadable
from netft_site.base.enqueue import enqueue

WORK_SECONDS = 6.0


def resanitize(project_id: int, after: int = 0) -> int:
    """Sanitize outdated records of a project for a few seconds; queue the rest.

    Those up to the sanitization `after` were tried and cannot be opened. The task fails
    when it meets such a record, once all that can be done is done or queued.
    """
    until = time.monotonic() + WORK_SECONDS
    total, found = 0, Unreadable(last=after)
    while done := resanitizing.run(
        project_id=project_id, seconds=WORK_SECONDS, unreadable=found
    ):
        total += done
        if time.monotonic() > until:
            enqueue(resanitizing.TASK, project_id, *filter(None, [found.last]))
            break
    found.raise_if_any(project_id)
    return total


def resanitize_outdated() -> int:
    """Queue the projects with outdated records; for a schedule of a few minutes."""
    projects = resanitizing.outdated_projects()
    for project_id in projects:
        enqueue(resanitizing.TASK, project_id)
    return len(projects)
