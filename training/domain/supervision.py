"""What the supervisor should do about a job, given what it sees.

One pure function: an observation of the row, the process and the run's files goes in,
one decision comes out. The supervisor applies it and asks again until the answer is to
wait. Nothing is done here: no clock, no file, no signal.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from training.domain.job_states import FINISHED, JobState
from training.domain.run_files import (
    STALE_EXIT_CODE,
    ErrorReport,
    ExitClass,
    classify_exit,
)

# Eighteen missed heartbeats.
STALE_SECONDS = 90.0
# A process that lives but says nothing may be swapping or waking from sleep with its
# machine, so it is given far longer than one that is gone.
HUNG_SECONDS = 900.0
# SageMaker's grace between SIGTERM and SIGKILL.
GRACE_SECONDS = 120.0
# A process has written its result and only has to leave.
LEAVING_SECONDS = 60.0
# The first start and one resumption.
MAX_ATTEMPTS = 2

_INTERRUPTED = {
    ExitClass.LOST: "The process ended without a word.",
    ExitClass.HOST_OOM: (
        "The process was killed; nearly always that is the system out of memory."
    ),
    ExitClass.CANCELLED: "The process was stopped by a signal that nobody sent here.",
}


class Process(StrEnum):
    """What is known about the process of the current attempt."""

    ALIVE = "ALIVE"
    GONE = "GONE"
    # No process id is known (yet), or it lives on a machine that cannot be asked.
    UNKNOWN = "UNKNOWN"


class Outcome(StrEnum):
    """What the files of the current attempt say about its end."""

    NONE = "NONE"
    RESULT = "RESULT"
    # A result is there, but what it promises is not, or not as promised.
    DAMAGED = "DAMAGED"
    ERROR = "ERROR"


@dataclass(frozen=True)
class Observation:
    """A job at one moment. Times are in seconds.

    returncode: as of subprocess, where it could be read from the ended process.
    silent_for: since the last heartbeat, or since the attempt was started.
    outcome_age: since the result or the error was written.
    cancel_asked_for: since somebody asked to cancel; None where nobody did.
    """

    state: JobState
    attempt: int
    process: Process
    returncode: int | None = None
    has_beaten: bool = False
    silent_for: float = 0.0
    outcome: Outcome = Outcome.NONE
    outcome_age: float = 0.0
    error: ErrorReport | None = None
    cancel_asked_for: float | None = None


@dataclass(frozen=True)
class Wait:
    """Nothing is to be done now."""


@dataclass(frozen=True)
class ConfirmRunning:
    """The first heartbeat has come."""


@dataclass(frozen=True)
class Stop:
    """Ask the process to end (SIGTERM), or end it (`force`, SIGKILL)."""

    force: bool


@dataclass(frozen=True)
class Orphan:
    """The attempt is lost through no fault of its own."""

    exit_class: ExitClass
    message: str


@dataclass(frozen=True)
class Resume:
    """Start the next attempt; it goes on from the last committed checkpoint."""


@dataclass(frozen=True)
class Finish:
    """The job has ended."""

    state: JobState
    exit_class: ExitClass
    message: str = ""


Decision = Wait | ConfirmRunning | Stop | Orphan | Resume | Finish


def decide(seen: Observation) -> Decision:
    """The next thing to do about a job.

    A process that is out of sight counts as ended when it has been silent for
    STALE_SECONDS: should it still live, the fence of the next attempt ends it.
    """
    if seen.state is JobState.QUEUED or seen.state in FINISHED:
        return Wait()
    if seen.process is Process.GONE:
        return _after_the_end(seen)
    if seen.process is Process.UNKNOWN:
        if seen.silent_for > STALE_SECONDS:
            return _after_the_end(seen)
        return _on_the_first_beat(seen)
    return _while_alive(seen)


def _while_alive(seen: Observation) -> Decision:
    if seen.state is JobState.CANCELLING:
        return Stop(force=(seen.cancel_asked_for or 0.0) > GRACE_SECONDS)
    if seen.state is JobState.ORPHANED:
        # Only a hung process is orphaned alive; it has to go before another starts.
        return Stop(force=seen.silent_for > HUNG_SECONDS + GRACE_SECONDS)
    if seen.outcome is not Outcome.NONE:
        return Stop(force=True) if seen.outcome_age > LEAVING_SECONDS else Wait()
    if seen.silent_for > HUNG_SECONDS:
        minutes = round(seen.silent_for / 60)
        return Orphan(ExitClass.LOST, f"No sign of life for {minutes} minutes.")
    return _on_the_first_beat(seen)


def _on_the_first_beat(seen: Observation) -> Decision:
    if seen.state is JobState.STARTING and seen.has_beaten:
        return ConfirmRunning()
    return Wait()


def _after_the_end(seen: Observation) -> Decision:
    if seen.outcome is Outcome.RESULT:
        return Finish(JobState.SUCCEEDED, ExitClass.OK)
    if seen.state is JobState.ORPHANED:
        if seen.attempt < MAX_ATTEMPTS:
            return Resume()
        return Finish(JobState.ERRORED, ExitClass.LOST, _INTERRUPTED[ExitClass.LOST])
    if seen.state is JobState.CANCELLING:
        return Finish(JobState.CANCELLED, ExitClass.CANCELLED, _cancelled(seen))
    if seen.outcome is Outcome.DAMAGED:
        return Finish(
            JobState.ERRORED,
            ExitClass.CODE,
            "The result does not match the files it names.",
        )
    if seen.error is not None:
        return _after_an_error(seen, seen.error)
    exit_class = classify_exit(seen.returncode)
    if seen.returncode == STALE_EXIT_CODE:
        # It found another process in its run directory.
        exit_class = ExitClass.LOST
    if exit_class in _INTERRUPTED:
        return _interrupted(seen, exit_class)
    return Finish(
        JobState.ERRORED,
        ExitClass.CODE,
        f"The process ended with exit code {seen.returncode} and no report.",
    )


def _after_an_error(seen: Observation, error: ErrorReport) -> Decision:
    if error.exit_class in (ExitClass.HOST_OOM, ExitClass.CANCELLED):
        return _interrupted(seen, error.exit_class)
    words = f"{error.message} {error.advice}".strip()
    refused = error.exit_class is ExitClass.DATA
    state = JobState.FAILED if refused else JobState.ERRORED
    return Finish(state, error.exit_class, words)


def _interrupted(seen: Observation, exit_class: ExitClass) -> Decision:
    message = _INTERRUPTED[exit_class]
    # A signal from outside is a loss, not a wish of somebody here to cancel.
    known_as = ExitClass.LOST if exit_class is ExitClass.CANCELLED else exit_class
    if seen.attempt < MAX_ATTEMPTS:
        return Orphan(known_as, message)
    message = f"{message} It was resumed once before, so it is not started again."
    return Finish(JobState.ERRORED, known_as, message)


def _cancelled(seen: Observation) -> str:
    if seen.error is not None and seen.error.exit_class is not ExitClass.CANCELLED:
        return f"Stopped on request. It also reported: {seen.error.message}"
    if seen.error is not None:
        return "Stopped on request."
    if (seen.cancel_asked_for or 0.0) > GRACE_SECONDS:
        return "It did not stop within two minutes and was ended."
    return "Stopped on request before it could save."
