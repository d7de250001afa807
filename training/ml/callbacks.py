"""What a running job tells the outside, and what it listens to.

A Reporter appends events; a Heartbeat says who is alive and ends the process as soon
as the run directory belongs to another attempt; a StopRequest remembers SIGTERM until
the work reaches a place where it can stop. None of them knows what is being computed.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netft_site.base.files import write_atomic
from training.domain import run_files
from training.domain.run_files import Event, EventKind, Phase
from training.domain.strict_json import dump
from training.ml.outcomes import Cancelled

_PROGRESS_SECONDS = 1.0


class Reporter:
    """Appends to events.jsonl; each line is flushed, so a tail sees it at once."""

    def __init__(self, run_dir: Path, attempt: int) -> None:
        path = run_dir / run_files.EVENTS
        torn = path.exists() and not path.read_bytes().endswith(b"\n")
        self._stream = path.open("ab", buffering=0)
        if torn:
            # A killed attempt left half a line; what follows must start a new one.
            self._stream.write(b"\n")
        self._attempt = attempt
        self._seq = 0
        self._progress_at = 0.0

    def log(self, message: str, *, level: str = "info") -> None:
        """A sentence for people."""
        self._append(EventKind.LOG, level=level, message=message)

    def metric(self, step: int, **values: float) -> None:
        """Figures that belong to one optimizer step."""
        self._append(EventKind.METRIC, step=step, values=values)

    def progress(
        self, done: int, total: int, unit: str, *, eta_seconds: float | None = None
    ) -> None:
        """How far the work is; at most one a second, and always the last."""
        now = time.monotonic()
        if done < total and now - self._progress_at < _PROGRESS_SECONDS:
            return
        self._progress_at = now
        eta = None if eta_seconds is None else round(eta_seconds, 1)
        self._append(
            EventKind.PROGRESS, done=done, total=total, unit=unit, eta_seconds=eta
        )

    def checkpoint(self, step: int, epoch: int, name: str) -> None:
        """A checkpoint is committed."""
        self._append(EventKind.CHECKPOINT, step=step, epoch=epoch, name=name)

    def state(self, phase: Phase, **facts: int) -> None:
        """The run enters a phase."""
        self._append(EventKind.STATE, phase=phase, **facts)

    def _append(self, kind: EventKind, **data: Any) -> None:
        self._seq += 1
        event = Event(self._seq, self._attempt, round(time.time(), 3), kind, data)
        self._stream.write(dump(event).encode() + b"\n")


class Heartbeat(threading.Thread):
    """Writes `heartbeat` every few seconds and reads `fence` each time.

    Where the fence is no longer this attempt's, the process ends at once, wherever it
    is: everything it leaves is either committed by rename or ignored.
    """

    def __init__(self, run_dir: Path, attempt: int, fence: int) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._run_dir = run_dir
        self._attempt = attempt
        self._fence = fence
        self._born = process_start_ticks()

    def run(self) -> None:
        """Beat until the process ends."""
        while True:
            self.check_fence()
            self._beat()
            time.sleep(run_files.HEARTBEAT_SECONDS)

    def check_fence(self) -> None:
        """End the process if the run directory has passed to another attempt.

        Also called before anything is committed. Without a fence file the process was
        started by hand, and nobody else can own the directory.
        """
        try:
            owner = int((self._run_dir / run_files.FENCE).read_text())
        except FileNotFoundError:
            return
        if owner != self._fence:
            sys.stderr.write("The run belongs to another attempt; leaving.\n")
            sys.stderr.flush()
            os._exit(run_files.STALE_EXIT_CODE)

    def _beat(self) -> None:
        beat = run_files.Heartbeat(
            os.getpid(), self._born, self._attempt, self._fence, time.time()
        )
        try:
            write_atomic(self._run_dir / run_files.HEARTBEAT, dump(beat))
        except OSError as error:
            # A full disk must not look like a dead process; try again next time.
            sys.stderr.write(f"heartbeat not written: {error.strerror}\n")


class StopRequest:
    """Whether SIGTERM or SIGINT has arrived."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def listen(self) -> None:
        """Take over both signals."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._asked.set())

    def __bool__(self) -> bool:
        return self._asked.is_set()

    def check(self) -> None:
        """Raise Cancelled where a stop was asked for."""
        if self:
            raise Cancelled


@dataclass(frozen=True)
class Run:
    """What every part of a job gets to know about the run it belongs to."""

    dir: Path
    reporter: Reporter
    heartbeat: Heartbeat
    stop: StopRequest

    def path(self, given: str) -> Path:
        """A path of the spec: relative ones start at the run directory."""
        return self.dir / given


def process_start_ticks() -> int:
    """Start of this process in clock ticks since boot; 0 where /proc is missing.

    Field 22 of /proc/self/stat (proc_pid_stat(5)). The command in field 2 may hold
    spaces and brackets, so fields are counted from the last bracket.
    """
    try:
        text = Path("/proc/self/stat").read_text()
    except FileNotFoundError:
        return 0
    return int(text.rpartition(")")[2].split()[19])
