"""What the training process writes into its run directory, and what it means.

The supervisor never talks to the process: it reads these files. `events.jsonl` is
append-only and tailed by byte offset; `heartbeat`, `result.json` and `error.json` are
replaced by rename, so a reader sees the old file or the new one, never half of one.
Nothing here opens a file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from training.domain.strict_json import SpecError, load

SPEC = "spec.json"
EVENTS = "events.jsonl"
HEARTBEAT = "heartbeat"
FENCE = "fence"
RESULT = "result.json"
ERROR = "error.json"
ARTIFACT = "artifact"
CHECKPOINTS = "checkpoints"
PREDICTIONS = "predictions.jsonl"
DOUBTS = "doubts.jsonl"

HEARTBEAT_SECONDS = 5.0


class ExitClass(StrEnum):
    """How an attempt ended. LOST is given by the supervisor, never by the process."""

    OK = "OK"
    DATA = "DATA"
    CODE = "CODE"
    CUDA_OOM = "CUDA_OOM"
    HOST_OOM = "HOST_OOM"
    CANCELLED = "CANCELLED"
    LOST = "LOST"


# 65 and 70 are EX_DATAERR and EX_SOFTWARE of sysexits.h; 143 is 128 + SIGTERM.
EXIT_CODES: dict[ExitClass, int] = {
    ExitClass.OK: 0,
    ExitClass.DATA: 65,
    ExitClass.CODE: 70,
    ExitClass.CUDA_OOM: 71,
    ExitClass.HOST_OOM: 72,
    ExitClass.CANCELLED: 143,
}
# The process found that it no longer owns the run directory (EX_TEMPFAIL). It leaves
# without a word: result.json and error.json belong to its successor.
STALE_EXIT_CODE = 75


class EventKind(StrEnum):
    LOG = "log"
    METRIC = "metric"
    PROGRESS = "progress"
    CHECKPOINT = "checkpoint"
    STATE = "state"


class Phase(StrEnum):
    """The `phase` of a state event."""

    VERIFYING = "verifying"
    LOADING = "loading"
    EMBEDDING = "embedding"
    TRAINING = "training"
    PREDICTING = "predicting"
    CHECKING = "checking"
    SAVING = "saving"
    STOPPING = "stopping"
    DONE = "done"


@dataclass(frozen=True)
class Event:
    """One line of events.jsonl. `seq` counts from 1 within an attempt.

    `data` by kind:
    log         {"level": "info" | "warning", "message"}
    metric      {"step", "values": {name: number}}
    progress    {"done", "total", "unit", "eta_seconds": number | null}
    checkpoint  {"step", "epoch", "name"}
    state       {"phase"}, and when training resumes {"phase", "resumed_from_step"}
    """

    seq: int
    attempt: int
    time: float
    kind: EventKind
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Heartbeat:
    """Who is alive: `started` is the start time in clock ticks since boot, from
    /proc/PID/stat, and tells a reused process id from the process itself.
    """

    pid: int
    started: int
    attempt: int
    fence: int
    time: float


@dataclass(frozen=True)
class FileDigest:
    """A file or directory in the run directory; a directory's sha256 is that of its
    manifest.json.
    """

    path: str
    sha256: str


@dataclass(frozen=True)
class EpochRecord:
    """DEV after an epoch. Epoch 0 is the frozen encoder under the logistic head.

    For a model that writes, DEV at one of several looks in an epoch; accuracy and
    macro-F1 are then not known, and epoch 0 is the model before training.
    """

    epoch: int
    step: int
    train_loss: float | None
    dev_loss: float
    dev_accuracy: float | None = None
    dev_macro_f1: float | None = None


@dataclass(frozen=True)
class Trained:
    """What a training leaves; `best` is the epoch whose weights are the artifact.

    settled: the hyperparameters with every `auto` replaced.
    rows: {"train", "dev"}, of a model that writes {"domain_windows"} too.
    truncated: {"train", "dev"}, rows cut at max_length, or of a model that writes left
    out beyond it.
    """

    artifact: FileDigest
    best: EpochRecord
    history: tuple[EpochRecord, ...]
    stopped_early: bool
    rows: dict[str, int]
    truncated: dict[str, int]
    settled: dict[str, Any]


@dataclass(frozen=True)
class TrainResult(Trained):
    """result.json of a TRAIN job: the run adds whose it is, its time and versions."""

    attempt: int
    fence: int
    seconds: float
    libraries: dict[str, str]


@dataclass(frozen=True)
class PredictResult:
    """result.json of a PREDICT job."""

    attempt: int
    fence: int
    predictions: FileDigest
    rows: int
    truncated: int
    seconds: float
    libraries: dict[str, str]


@dataclass(frozen=True)
class ErrorReport:
    """error.json. `code` is a stable word for programs, `message` and `advice` are for
    people; none of them quotes a ticket. `has_checkpoint`: a further attempt goes on
    from a committed checkpoint.
    """

    attempt: int
    fence: int
    exit_class: ExitClass
    code: str
    message: str
    advice: str
    has_checkpoint: bool


@dataclass(frozen=True)
class Prediction:
    """One line of predictions.jsonl. Probabilities sum to 1 over all labels;
    latency_ms is the time of the item's batch divided by its rows.
    """

    id: str
    label: str
    probabilities: dict[str, float]
    latency_ms: float


def read_train_result(text: str | bytes) -> TrainResult:
    """Parse result.json of a TRAIN job. Raises SpecError."""
    return load(TrainResult, text)


def read_predict_result(text: str | bytes) -> PredictResult:
    """Parse result.json of a PREDICT job. Raises SpecError."""
    return load(PredictResult, text)


def read_error(text: str | bytes) -> ErrorReport:
    """Parse error.json. Raises SpecError."""
    return load(ErrorReport, text)


def read_heartbeat(text: str | bytes) -> Heartbeat:
    """Parse heartbeat. Raises SpecError."""
    return load(Heartbeat, text)


def read_prediction(line: str | bytes) -> Prediction:
    """Parse one line of predictions.jsonl. Raises SpecError."""
    return load(Prediction, line)


def split_events(chunk: bytes) -> tuple[list[Event], int]:
    """Events in a chunk read from a line start, and the bytes to move the offset by.

    A last line without its newline is left for the next read. A line that is not an
    event (the torn end of a killed attempt) is skipped.
    """
    end = chunk.rfind(b"\n") + 1
    events = []
    for line in chunk[:end].splitlines():
        try:
            events.append(load(Event, line))
        except SpecError:
            continue
    return events, end


def classify_exit(returncode: int | None) -> ExitClass:
    """Exit class where no error.json of this attempt exists.

    `returncode` as of subprocess (negative: signal). None: it was never seen to end.
    SIGKILL that nobody here sent is nearly always the kernel out of memory.
    """
    if returncode is None:
        return ExitClass.LOST
    if returncode in (-9, 137):
        return ExitClass.HOST_OOM
    if returncode in (-15, -2, 130):
        return ExitClass.CANCELLED
    by_code = {code: exit_class for exit_class, code in EXIT_CODES.items()}
    return by_code.get(returncode, ExitClass.CODE)
