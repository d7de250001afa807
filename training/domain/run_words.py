"""A run's state in words a person can act on.

One function turns the facts of a run into a headline, the answer to "is there a usable
model?", and what to do next. States and exit classes are named once here, so the page,
its tests and the documentation say the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from training.domain.job_states import JobState
from training.domain.run_files import ExitClass

_WAITING = {
    JobState.QUEUED: "Waiting for a free device.",
    JobState.STARTING: "Starting the training process.",
    JobState.ORPHANED: (
        "The training process was lost; it starts again from the last checkpoint."
    ),
    JobState.CANCELLING: (
        "Stopping: the step is finished and a checkpoint saved, within two minutes."
    ),
}
_TONES = {
    JobState.QUEUED: "info",
    JobState.STARTING: "live",
    JobState.RUNNING: "live",
    JobState.CANCELLING: "warn",
    JobState.ORPHANED: "warn",
    JobState.SUCCEEDED: "good",
    JobState.FAILED: "bad",
    JobState.ERRORED: "bad",
    JobState.CANCELLED: "quiet",
}
_TITLES = {
    ExitClass.DATA: "A check refused the data",
    ExitClass.CODE: "The program failed",
    ExitClass.CUDA_OOM: "The device ran out of memory",
    ExitClass.HOST_OOM: "Killed, probably for want of memory",
    ExitClass.LOST: "The training process was lost",
}
_ADVICE = {
    ExitClass.DATA: "Correct what is named, then train again. Nothing was trained.",
    ExitClass.CODE: (
        "The data are not at fault. Whoever runs this machine finds the full output in "
        "the run's folder."
    ),
    ExitClass.CUDA_OOM: "Lower max_length or batch, then train again.",
    ExitClass.HOST_OOM: (
        "Lower max_length or batch, or free memory on the machine, then train again."
    ),
    ExitClass.LOST: (
        "The machine was restarted, or somebody ended the process. Train again when "
        "the machine is steady."
    ),
}


@dataclass(frozen=True)
class RunFacts:
    """What the words are made of. `checkpoint_step` is of the last checkpoint."""

    state: JobState
    exit_class: ExitClass | None = None
    attempt: int = 0
    stage: str = ""
    has_model: bool = False
    checkpoint_step: int | None = None


@dataclass(frozen=True)
class RunWords:
    """The words. `title` and `advice` are empty where nothing went wrong.

    answer: yes, no or not yet, to whether there is a usable model; reason: why.
    """

    tone: str
    headline: str
    answer: str
    reason: str
    is_usable: bool = False
    title: str = ""
    advice: str = ""


def describe(facts: RunFacts) -> RunWords:
    """Say how a run stands."""
    exit_class = facts.exit_class
    wrong = facts.state in (JobState.FAILED, JobState.ERRORED) and exit_class
    answer, reason = _usable(facts)
    return RunWords(
        tone=_TONES[facts.state],
        headline=_headline(facts),
        answer=answer,
        reason=reason,
        is_usable=facts.has_model,
        title=_TITLES.get(exit_class, "") if wrong and exit_class else "",
        advice=_ADVICE.get(exit_class, "") if wrong and exit_class else "",
    )


def duration(seconds: float) -> str:
    """A time span as people say it: 40 s, 3 min 20 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, rest = divmod(whole, 3600)
    return f"{hours} h {rest // 60} min"


def remaining(seconds: float) -> str:
    """The time left, as rough as it is known."""
    return "a few seconds left" if seconds < 10 else f"about {roughly(seconds)} left"


def roughly(seconds: float) -> str:
    """A time span rounded to what one would say aloud: 50 s, 3 min, 2 h 5 min."""
    if seconds < 50:
        return f"{10 * max(1, math.ceil(seconds / 10))} s"
    return duration(60 * max(1, round(seconds / 60)))


def _headline(facts: RunFacts) -> str:
    if facts.state is JobState.STARTING and facts.attempt > 1:
        return "Starting again from the last checkpoint."
    if facts.state is JobState.RUNNING:
        return facts.stage or "Running"
    if facts.state is JobState.SUCCEEDED:
        return "Finished."
    if facts.state is JobState.CANCELLED:
        return "Stopped on request."
    if facts.state is JobState.FAILED:
        return "Refused: nothing was trained."
    if facts.state is JobState.ERRORED:
        return "Ended by an error."
    return _WAITING[facts.state]


def _usable(facts: RunFacts) -> tuple[str, str]:
    if facts.has_model:
        return "Yes", "It is stored, and verified against its manifest."
    if facts.state is JobState.SUCCEEDED:
        return "Not yet", "Its artifact is being verified and stored."
    if facts.state in (JobState.QUEUED, JobState.STARTING, JobState.RUNNING):
        return "Not yet", "The model is stored when the run has finished."
    kept = (
        f" Its checkpoint after step {facts.checkpoint_step:,} is kept on disk."
        if facts.checkpoint_step
        else ""
    )
    if facts.state is JobState.ORPHANED:
        return "Not yet", f"The run goes on by itself.{kept}"
    if facts.state in (JobState.CANCELLED, JobState.CANCELLING):
        advice = "For a model in less time, train again with fewer epochs."
        return "No", f"A stopped run stores no model.{kept} {advice}"
    return "No", f"This run left no model.{kept}"
