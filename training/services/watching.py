"""Everything a person watching a run wants to know, read and never written.

Figures come from the rows, the log and the time left from the last part of the run's
events. The process's own output is not shown: it stays in the run's folder for whoever
runs the machine. No line of the log quotes a ticket; the training process sees to it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from training.domain import run_files, run_words
from training.domain.job_states import JobState
from training.domain.run_files import (
    Event,
    EventKind,
    ExitClass,
    TrainResult,
    split_events,
)
from training.domain.run_progress import Progress, follow
from training.domain.run_words import RunFacts, RunWords
from training.launchers.local import OUTPUT
from training.models import Job, ModelVersion, TrainingRun
from training.services import artifacts
from training.services.completing import DAMAGED
from training.services.curves import Point, read_curves
from training.services.describing import elapsed_seconds, read_result

_TAIL_BYTES = 128 << 10
_TAIL_LINES = 200
# Four heartbeats.
_HEARD_OF = 20.0


@dataclass(frozen=True)
class LogLine:
    """One line of the log; `level` is info or warning."""

    at: datetime
    attempt: int
    text: str
    level: str = "info"


@dataclass(frozen=True)
class ArtifactFile:
    """A file of the stored artifact; `size` in bytes."""

    name: str
    size: int


@dataclass(frozen=True)
class RunView:
    """A run at one moment."""

    run: TrainingRun
    job: Job
    model: ModelVersion | None
    words: RunWords
    percent: int
    elapsed: str
    left: str
    silence: str
    curves: dict[str, list[Point]]
    log: list[LogLine]
    result: TrainResult | None
    files: list[ArtifactFile]
    output_path: str

    @property
    def is_over(self) -> bool:
        """Whether nothing will change any more."""
        if self.job.state == JobState.SUCCEEDED:
            return self.model is not None or self.job.message == DAMAGED
        return self.job.is_finished

    @property
    def can_be_cancelled(self) -> bool:
        """Whether a request to stop would still mean something."""
        return not self.job.is_finished and self.job.state != JobState.CANCELLING

    @property
    def best_f1(self) -> Point | None:
        """The best macro-F1 on DEV so far; of equals the lowest loss, the earliest."""
        curve = self.curves.get("dev_macro_f1", [])
        losses = {point.step: point.value for point in self.curves.get("dev_loss", [])}
        return max(
            curve,
            key=lambda p: (p.value, -losses.get(p.step, math.inf), -p.step),
            default=None,
        )

    @property
    def best_loss(self) -> Point | None:
        """The lowest loss on DEV so far, the earliest of equals: what chooses the
        model where no scores are known.
        """
        curve = self.curves.get("dev_loss", [])
        return min(curve, key=lambda p: (p.value, p.step), default=None)

    @property
    def best_figure(self) -> Point | None:
        """What a model that writes shows beside the loss, where it is lowest: its own
        share of right tokens, or of pairs with the better answer before the worse.
        """
        best = self.best_loss
        for name in ("dev_token_accuracy", "dev_preferred"):
            for point in self.curves.get(name, []):
                if best and point.step == best.step:
                    return point
        return None

    @property
    def best_accuracy(self) -> Point | None:
        """Accuracy on DEV at the step of the best macro-F1."""
        best = self.best_f1
        curve = self.curves.get("dev_accuracy", [])
        return next((p for p in curve if best and p.step == best.step), None)


def watch(*, run: TrainingRun, now: datetime) -> RunView:
    """Read one run. `run` comes from ``with_facts()``."""
    job = run.job
    model = getattr(run, "model_version", None)
    events = _last_events(job)
    facts = RunFacts(
        state=JobState(job.state),
        exit_class=ExitClass(job.exit_class) if job.exit_class else None,
        attempt=job.attempt,
        stage=job.stage,
        has_model=model is not None,
        checkpoint_step=_checkpoint_step(events),
    )
    return RunView(
        run=run,
        job=job,
        model=model,
        words=run_words.describe(facts),
        percent=round(100 * job.progress),
        elapsed=_elapsed(job, now),
        left=_left(job, events, now),
        silence=_silence(job, now),
        curves=read_curves(job),
        log=_log(events),
        result=read_result(job),
        files=_files(model),
        output_path=str(Path(job.run_dir) / OUTPUT) if job.run_dir else "",
    )


def _last_events(job: Job) -> list[Event]:
    if not job.run_dir:
        return []
    try:
        with (Path(job.run_dir) / run_files.EVENTS).open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - _TAIL_BYTES))
            # The first line may be cut; it is then no event and is left out.
            events, _ = split_events(stream.read(_TAIL_BYTES))
    except OSError:
        return []
    return events


def _log(events: Iterable[Event]) -> list[LogLine]:
    """The last lines, without those that repeat the one before."""
    lines: list[LogLine] = []
    for event in events:
        line = _log_line(event)
        if line and not (lines and lines[-1].text == line.text):
            lines.append(line)
    return lines[-_TAIL_LINES:]


def _log_line(event: Event) -> LogLine | None:
    text, level = "", "info"
    if event.kind is EventKind.LOG:
        text = str(event.data.get("message", ""))
        level = "warning" if event.data.get("level") == "warning" else "info"
    elif event.kind is EventKind.STATE:
        text = follow(Progress(), [event]).stage
        resumed = event.data.get("resumed_from_step")
        if resumed is not None:
            text = f"{text}, resumed from step {resumed}"
    elif event.kind is EventKind.CHECKPOINT:
        text = f"Checkpoint saved after step {event.data.get('step')}"
    at = datetime.fromtimestamp(min(max(event.time, 0.0), 4e9), UTC)
    return LogLine(at, event.attempt, text[:500], level) if text else None


def _checkpoint_step(events: list[Event]) -> int | None:
    steps = [
        event.data.get("step") for event in events if event.kind is EventKind.CHECKPOINT
    ]
    last = steps[-1] if steps else None
    return last if isinstance(last, int) else None


def _elapsed(job: Job, now: datetime) -> str:
    if job.started_at is None:
        return ""
    seconds = elapsed_seconds(job)
    if seconds is None:
        seconds = (now - job.started_at).total_seconds()
    return run_words.duration(max(0.0, seconds))


def _left(job: Job, events: list[Event], now: datetime) -> str:
    if job.state != JobState.RUNNING:
        return ""
    current = [event for event in events if event.attempt == job.attempt]
    eta = follow(Progress(), current).eta_seconds
    if eta is None:
        return ""
    told_at = max(e.time for e in current if e.kind is EventKind.PROGRESS)
    return run_words.remaining(max(0.0, eta - (now.timestamp() - told_at)))


def _silence(job: Job, now: datetime) -> str:
    """How long ago the process was last heard of, while it should be heard of."""
    if job.heartbeat_at is None or job.is_finished:
        return ""
    seconds = (now - job.heartbeat_at).total_seconds()
    if seconds < _HEARD_OF:
        return "just now"
    return f"{run_words.roughly(seconds)} ago"


def _files(model: ModelVersion | None) -> list[ArtifactFile]:
    if model is None:
        return []
    sizes = artifacts.sizes(Path(model.artifact_path))
    return [ArtifactFile(name, size) for name, size in sizes.items()]
