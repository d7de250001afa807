"""Queue tasks of sanitizing again: one project on for a few seconds, and a sweep."""

from __future__ import annotations

import time

from annotation.services import resanitizing
from netft_site.base.enqueue import enqueue

WORK_SECONDS = 6.0


def resanitize(project_id: int) -> int:
    """Sanitize outdated records of a project for a few seconds; queue the rest."""
    until = time.monotonic() + WORK_SECONDS
    total = 0
    while done := resanitizing.run(project_id=project_id, seconds=WORK_SECONDS):
        total += done
        if time.monotonic() > until:
            enqueue(resanitizing.TASK, project_id)
            break
    return total


def resanitize_outdated() -> int:
    """Queue the projects with outdated records; for a schedule of a few minutes."""
    projects = resanitizing.outdated_projects()
    for project_id in projects:
        enqueue(resanitizing.TASK, project_id)
    return len(projects)
