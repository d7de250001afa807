"""The states of a job and the moves between them.

This table is the whole state machine: a move that is not in it is a fault in the
program and is refused. Who decides on a move is `supervision`; who writes it, with a
compare-and-set so that two supervisors never make it twice, is `services.jobs`.
"""

from __future__ import annotations

from enum import StrEnum


class JobState(StrEnum):
    """Where a job stands. `docs/jobs.md` says what each means to a person."""

    QUEUED = "QUEUED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    CANCELLING = "CANCELLING"
    ORPHANED = "ORPHANED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    ERRORED = "ERRORED"
    CANCELLED = "CANCELLED"


class IllegalMove(ValueError):
    """A move that the table does not allow; a fault in the program."""

    def __init__(self, before: JobState, after: JobState) -> None:
        super().__init__(f"no job moves from {before} to {after}")


FINISHED = frozenset(
    {JobState.SUCCEEDED, JobState.FAILED, JobState.ERRORED, JobState.CANCELLED}
)
ALLOWED_MOVES: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.STARTING, JobState.CANCELLED}),
    JobState.STARTING: frozenset(
        {JobState.RUNNING, JobState.CANCELLING, JobState.ORPHANED, *FINISHED}
    ),
    JobState.RUNNING: frozenset({JobState.CANCELLING, JobState.ORPHANED, *FINISHED}),
    # A process may finish in the moment somebody asks it to stop.
    JobState.CANCELLING: frozenset(FINISHED),
    # An orphan starts again under a new fence, or ends; one that was only thought
    # dead may still bring its result.
    JobState.ORPHANED: frozenset(
        {
            JobState.STARTING,
            JobState.CANCELLING,
            JobState.SUCCEEDED,
            JobState.ERRORED,
            JobState.CANCELLED,
        }
    ),
    **{state: frozenset() for state in FINISHED},
}


def check_move(before: JobState, after: JobState) -> None:
    """Raise IllegalMove unless the table allows the move."""
    if after not in ALLOWED_MOVES[before]:
        raise IllegalMove(before, after)
