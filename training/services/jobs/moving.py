"""The only writer of a job's state: a checked move, made by compare-and-set.

Two supervisors may look at one job at once. Both may decide to move it; the database
lets one of them, and the other is told so.
"""

from __future__ import annotations

from typing import Any

from training.domain.job_states import JobState, check_move
from training.models import Job


def move(job: Job, to: JobState, **changes: Any) -> bool:
    """Move a job, unless somebody has moved it since ``job`` was read.

    Returns whether this call moved it; if so, ``job`` is up to date. Raises
    IllegalMove for a move outside the table.
    """
    check_move(JobState(job.state), to)
    changes["state"] = to.value
    if not Job.objects.still_as(job).update(**changes):
        return False
    for name, value in changes.items():
        setattr(job, name, value)
    return True
