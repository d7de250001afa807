"""The training process: `python -m training.ml.run RUN_DIR`.

It reads `spec.json`, does the one job in it and leaves `result.json` or `error.json`;
everything in between goes into the files described in `training.domain.run_files`.
It needs no settings, no database and no secret, and it may be killed at any moment:
started again in the same directory it goes on from the last committed checkpoint.
"""

from __future__ import annotations

import faulthandler
import fcntl
import os
import platform
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import IO

from netft_site.base.files import write_atomic
from training.domain import run_files
from training.domain.job_spec import (
    Objective,
    PredictSpec,
    QualitySpec,
    Spec,
    TrainSpec,
    read_spec,
)
from training.domain.label_results import QualityResult
from training.domain.run_files import (
    EXIT_CODES,
    STALE_EXIT_CODE,
    ErrorReport,
    Phase,
    PredictResult,
    Trained,
    TrainResult,
)
from training.domain.strict_json import SpecError, dump
from training.ml.callbacks import Heartbeat, Reporter, Run, StopRequest
from training.ml.outcomes import (
    BadInput,
    RunError,
    as_run_error,
    traceback_without_message,
)

# A predecessor that lost its fence leaves at its next heartbeat; longer than three of
# them it cannot take.
_LOCK_PATIENCE = 3 * run_files.HEARTBEAT_SECONDS
_LOCK_POLL = 0.2
_LIBRARIES = (
    "torch", "transformers", "peft", "trl", "scikit-learn", "tokenizers", "numpy",
)  # fmt: skip


def main(arguments: list[str]) -> int:
    """Run the job of one directory; returns the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m training.ml.run RUN_DIR\n")
        return 2
    faulthandler.enable()
    _set_up_libraries()
    run_dir = Path(arguments[0]).resolve()
    stop = StopRequest()
    stop.listen()
    with (run_dir / "lock").open("a") as lock:
        if not _acquire(lock):
            return STALE_EXIT_CODE
        if (run_dir / run_files.RESULT).exists():
            return 0
        return _run_locked(run_dir, stop)


def _run_locked(run_dir: Path, stop: StopRequest) -> int:
    begun = time.monotonic()
    try:
        spec = read_spec((run_dir / run_files.SPEC).read_bytes())
    except (SpecError, OSError) as error:
        refusal = BadInput("spec_invalid", f"spec.json: {_plain(error)}")
        return _report_error(run_dir, 0, 0, refusal)
    heartbeat = Heartbeat(run_dir, spec.attempt, spec.fence)
    try:
        heartbeat.check_fence()
        (run_dir / run_files.ERROR).unlink(missing_ok=True)
        heartbeat.start()
        run = Run(run_dir, Reporter(run_dir, spec.attempt), heartbeat, stop)
        result = _work(spec, run, begun)
        heartbeat.check_fence()
        write_atomic(run_dir / run_files.RESULT, dump(result) + "\n")
        run.reporter.state(Phase.DONE)
    except Exception as error:  # noqa: BLE001 - the process's own door: no end unsaid
        sys.stderr.write(traceback_without_message(error))
        heartbeat.check_fence()
        return _report_error(run_dir, spec.attempt, spec.fence, as_run_error(error))
    return 0


def _work(
    spec: Spec, run: Run, begun: float
) -> TrainResult | PredictResult | QualityResult:
    if isinstance(spec, TrainSpec):
        train = _training(spec)
        run.stop.check()
        return _train_result(spec, train(spec, run), begun)
    if isinstance(spec, QualitySpec):
        return _judge_labels(spec, run, begun)
    return _predict(spec, run, begun)


def _judge_labels(spec: QualitySpec, run: Run, begun: float) -> QualityResult:
    from training.ml.label_check import check_labels

    facts, digest = check_labels(spec, run)
    return QualityResult(
        spec.attempt,
        spec.fence,
        doubts=digest,
        facts=facts,
        seconds=_since(begun),
        libraries=_libraries(),
    )


def _predict(spec: PredictSpec, run: Run, begun: float) -> PredictResult:
    from training.ml.predict import predict

    digest, rows, cut = predict(spec, run)
    return PredictResult(
        spec.attempt,
        spec.fence,
        predictions=digest,
        rows=rows,
        truncated=cut,
        seconds=_since(begun),
        libraries=_libraries(),
    )


def _training(spec: TrainSpec) -> Callable[[TrainSpec, Run], Trained]:
    # torch and its kin take seconds to import: a run that is refused, already over or
    # in no need of them should not wait.
    if spec.objective is Objective.CLASSIFY:
        from training.ml.classify import train_classifier

        return train_classifier
    if spec.objective is Objective.SFT:
        from training.ml.sft import train_sft

        return train_sft
    if spec.objective is Objective.DPO:
        from training.ml.dpo import train_dpo

        return train_dpo
    from training.ml.baselines import train_baseline

    return train_baseline


def _train_result(spec: TrainSpec, trained: Trained, begun: float) -> TrainResult:
    return TrainResult(
        attempt=spec.attempt,
        fence=spec.fence,
        seconds=_since(begun),
        libraries=_libraries(),
        **vars(trained),
    )


def _report_error(run_dir: Path, attempt: int, fence: int, error: RunError) -> int:
    folder = run_dir / run_files.CHECKPOINTS
    report = ErrorReport(
        attempt=attempt,
        fence=fence,
        exit_class=error.exit_class,
        code=error.code,
        message=error.message,
        advice=error.advice,
        has_checkpoint=any(folder.glob("[0-9]*")),
    )
    write_atomic(run_dir / run_files.ERROR, dump(report) + "\n")
    return EXIT_CODES[error.exit_class]


def _acquire(lock: IO[str]) -> bool:
    """Take the directory's lock; the kernel frees it when its holder dies."""
    deadline = time.monotonic() + _LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(_LOCK_POLL)
        else:
            return True


def _set_up_libraries() -> None:
    """No library may reach for the network, or fill the log with its own affairs."""
    warnings.filterwarnings("ignore", category=FutureWarning)
    for name in (
        "HF_HUB_OFFLINE",
        "TRANSFORMERS_OFFLINE",
        "HF_DATASETS_OFFLINE",
        "HF_HUB_DISABLE_TELEMETRY",
    ):
        os.environ[name] = "1"
    # Threads that spin while they wait make a shared machine many times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def _plain(error: SpecError | OSError) -> str:
    return (
        str(error) if isinstance(error, SpecError) else error.strerror or "unreadable"
    )


def _since(begun: float) -> float:
    return round(time.monotonic() - begun, 2)


def _libraries() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in _LIBRARIES},
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
