"""See how a job fares: its process, and the files in its run directory.

Reading changes nothing but the row's own record of what was read: figures, share,
stage and heartbeat. The process is looked at before its files, so where it is gone the
files have said their last word. Only files of the current attempt's fence count, with
one exception: a result is committed by the owner of the directory alone, so one of an
earlier attempt is as good as new, and a later attempt that finds it leaves at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from django.db import transaction

from training.domain import run_files
from training.domain.job_states import JobState
from training.domain.label_results import QualityResult, read_quality_result
from training.domain.run_files import (
    ErrorReport,
    Event,
    FileDigest,
    Heartbeat,
    PredictResult,
    TrainResult,
    read_error,
    read_heartbeat,
    read_predict_result,
    read_train_result,
    split_events,
)
from training.domain.run_progress import Progress, figures, follow
from training.domain.strict_json import SpecError
from training.domain.supervision import Observation, Outcome, Process
from training.launchers import processes
from training.launchers.local import LocalLauncher
from training.models import Job, Metric
from training.services import artifacts

_CHUNK = 4 << 20
_LONGEST_STAGE = 80

Result = TrainResult | PredictResult | QualityResult
T = TypeVar("T", Heartbeat, ErrorReport, TrainResult, PredictResult, QualityResult)


@dataclass(frozen=True)
class Sight:
    """An observation and the result behind it, where there is one."""

    seen: Observation
    result: Result | None = None


def observe(job: Job, launcher: LocalLauncher, now: datetime) -> Sight:
    """Look at the process and the files of the job's current attempt."""
    process, returncode = _process(job, launcher)
    beat = _of_this_attempt(job, run_files.HEARTBEAT, read_heartbeat)
    error = _of_this_attempt(job, run_files.ERROR, read_error)
    result = read_result(job)
    outcome = _outcome(job, process, result, error)
    cancelled_at = job.cancel_requested_at
    seen = Observation(
        state=JobState(job.state),
        attempt=job.attempt,
        process=process,
        returncode=returncode,
        has_beaten=beat is not None,
        silent_for=(now - _last_sign(job, beat, now)).total_seconds(),
        outcome=outcome,
        outcome_age=_age(job, outcome, now),
        error=error,
        cancel_asked_for=(now - cancelled_at).total_seconds() if cancelled_at else None,
    )
    return Sight(seen, result)


def read_result(job: Job) -> Result | None:
    """result.json, if it is there and can be read."""
    if job.kind == Job.Kind.PREDICT:
        return _read(job, run_files.RESULT, read_predict_result)
    if job.kind == Job.Kind.QUALITY:
        return _read(job, run_files.RESULT, read_quality_result)
    return _read(job, run_files.RESULT, read_train_result)


def handle_of(job: Job) -> processes.Handle | None:
    """The handle of the job's process, where it is known."""
    if job.pid is None:
        return None
    return processes.Handle(job.host, job.boot_id, job.pid, job.process_started_at)


def take_in_events(job: Job, now: datetime) -> bool:
    """Read on in events.jsonl; return whether there was anything new.

    Two readers at once: the one that moves the offset first writes, the other's
    reading is dropped.
    """
    chunk = _read_chunk(job)
    events, length = split_events(chunk)
    if length == 0 and len(chunk) < _CHUNK:
        return False
    # A line longer than a whole chunk is no event; it is passed over.
    offset = job.events_offset + (length or len(chunk))
    current = [event for event in events if event.attempt == job.attempt]
    progress = follow(Progress(job.progress, job.stage), current)
    changes = {
        "events_offset": offset,
        "progress": progress.share,
        "stage": progress.stage[:_LONGEST_STAGE],
    }
    rows = _metrics(job, events, now)
    with transaction.atomic():
        if Job.objects.still_as(job).read_up_to(job.events_offset).update(**changes):
            Metric.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    for name, value in changes.items():
        setattr(job, name, value)
    return True


def _metrics(job: Job, events: Iterable[Event], now: datetime) -> list[Metric]:
    """The figures of this attempt and those before it, as rows to store."""
    return [
        Metric(
            job=job,
            attempt=figure.attempt,
            seq=figure.seq,
            step=figure.step,
            name=figure.name,
            value=figure.value,
            at=_moment(figure.time, now),
        )
        for figure in figures(e for e in events if 1 <= e.attempt <= job.attempt)
    ]


def take_in_heartbeat(job: Job, now: datetime) -> None:
    """Store the last heartbeat, and who sends it where the launch was cut short."""
    beat = _of_this_attempt(job, run_files.HEARTBEAT, read_heartbeat)
    if beat is None:
        return
    changes: dict[str, object] = {}
    at = _moment(beat.time, now)
    if job.heartbeat_at is None or at > job.heartbeat_at:
        changes["heartbeat_at"] = at
    if job.pid is None and job.host == processes.host():
        changes |= {
            "pid": beat.pid,
            "boot_id": processes.boot_id(),
            "process_started_at": str(beat.started),
        }
    if changes and Job.objects.still_as(job).update(**changes):
        for name, value in changes.items():
            setattr(job, name, value)


def _process(job: Job, launcher: LocalLauncher) -> tuple[Process, int | None]:
    handle = handle_of(job)
    status = launcher.poll(handle) if handle else None
    if status is None:
        return Process.UNKNOWN, None
    if status.alive:
        return Process.ALIVE, None
    return Process.GONE, status.returncode


def _outcome(
    job: Job, process: Process, result: Result | None, error: ErrorReport | None
) -> Outcome:
    if result is None:
        return Outcome.NONE if error is None else Outcome.ERROR
    if process is Process.ALIVE:
        # What it names is verified once, when the process has left.
        return Outcome.RESULT
    intact = artifacts.is_intact(Path(job.run_dir), _left_by(result))
    return Outcome.RESULT if intact else Outcome.DAMAGED


def _left_by(result: Result) -> FileDigest:
    """The file or folder that a result promises."""
    if isinstance(result, TrainResult):
        return result.artifact
    if isinstance(result, QualityResult):
        return result.doubts
    return result.predictions


def _last_sign(job: Job, beat: Heartbeat | None, now: datetime) -> datetime:
    signs = [job.heartbeat_at or job.created_at]
    if beat is not None:
        signs.append(_moment(beat.time, now))
    return max(signs)


def _moment(seconds: float, now: datetime) -> datetime:
    """A time that a process wrote; never later than now, whatever it says."""
    return datetime.fromtimestamp(min(max(seconds, 0.0), now.timestamp()), UTC)


def _age(job: Job, outcome: Outcome, now: datetime) -> float:
    if outcome is Outcome.NONE:
        return 0.0
    name = run_files.ERROR if outcome is Outcome.ERROR else run_files.RESULT
    written = (Path(job.run_dir) / name).stat().st_mtime
    return now.timestamp() - written


def _of_this_attempt(job: Job, name: str, read: Callable[[bytes], T]) -> T | None:
    """A file of the run directory, if it can be read and carries the job's fence."""
    found = _read(job, name, read)
    return found if found is not None and found.fence == job.fence else None


def _read(job: Job, name: str, read: Callable[[bytes], T]) -> T | None:
    if not job.run_dir:
        return None
    try:
        return read((Path(job.run_dir) / name).read_bytes())
    except (OSError, SpecError):
        return None


def _read_chunk(job: Job) -> bytes:
    if not job.run_dir:
        return b""
    try:
        with (Path(job.run_dir) / run_files.EVENTS).open("rb") as stream:
            stream.seek(job.events_offset)
            return stream.read(_CHUNK)
    except FileNotFoundError:
        return b""
