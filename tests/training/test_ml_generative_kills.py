"""A run that writes, stopped or killed at any moment, ends as if it had not been."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys

import pytest

from tests.training import generative_runs
from tests.training.generative_runs import settings, spec_of
from tests.training.ml_runs import (
    ROOT,
    error,
    events,
    result,
    run_to_end,
    start,
    step_losses,
    this_process,
    wait_until,
    write_run,
)
from training.domain import run_files
from training.domain.job_spec import Objective, Tuning
from training.domain.run_files import EventKind, ExitClass
from training.ml.dpo import train_dpo
from training.ml.outcomes import Cancelled
from training.ml.sft import train_sft

TRAIN = {Objective.SFT: train_sft, Objective.DPO: train_dpo}
# Ends itself without a word while the third checkpoint is being written.
KILLED_MID_CHECKPOINT = """
import os, signal, sys
from training.ml import checkpoints, run
seal, sealed = checkpoints.seal, []
def seal_or_die(folder):
    sealed.append(folder)
    if len(sealed) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return seal(folder)
checkpoints.seal = seal_or_die
sys.exit(run.main(sys.argv[1:]))
"""
# Runs the job while no file may grow beyond so many bytes: a disk that is full.
ON_A_FULL_DISK = """
import resource, sys
from training.ml import run
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
sys.exit(run.main(sys.argv[1:]))
"""


class StopAfter:
    """A request to stop that arrives after so many steps."""

    def __init__(self, folder, step):
        self.folder, self.step = folder, step

    def check(self):
        if self.step in step_losses(self.folder):
            raise Cancelled


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return generative_runs.base(tmp_path_factory.mktemp("base"))


def child(program, folder):
    with (folder / "output.log").open("ab") as log:
        return subprocess.run(
            [sys.executable, "-c", program, str(folder)],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
            timeout=120,
            check=False,
        ).returncode


def resumed_from(folder):
    (state,) = [
        e.data for e in events(folder, EventKind.STATE) if "resumed_from_step" in e.data
    ]
    return state["resumed_from_step"]


@pytest.mark.parametrize(
    ("objective", "tuning"),
    [
        (Objective.SFT, Tuning.LORA),
        (Objective.SFT, Tuning.FULL),
        (Objective.DPO, Tuning.LORA),
    ],
)
def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(
    model, tmp_path, objective, tuning
):
    plain, stopped = tmp_path / "plain", tmp_path / "stopped"
    changes = {"objective": objective, "tuning": tuning, "checkpoint_steps": 1000}
    for folder in (plain, stopped):
        folder.mkdir()
        spec = spec_of(folder, model, **changes)
    expected = TRAIN[objective](spec, this_process(plain))

    run = this_process(stopped)
    object.__setattr__(run, "stop", StopAfter(stopped, 4))
    with pytest.raises(Cancelled):
        TRAIN[objective](spec, run)
    before = set(step_losses(stopped))
    trained = TRAIN[objective](spec, this_process(stopped))

    assert before == {1, 2, 3, 4}
    assert resumed_from(stopped) == 4
    assert step_losses(stopped) == pytest.approx(step_losses(plain), abs=1e-4)
    assert [r.dev_loss for r in trained.history] == pytest.approx(
        [r.dev_loss for r in expected.history], abs=1e-4
    )
    assert trained.artifact == expected.artifact


def test_a_stop_before_dev_is_looked_at_owes_the_look(model, tmp_path):
    spec = spec_of(tmp_path, model, checkpoint_steps=1000)
    run = this_process(tmp_path)
    object.__setattr__(run, "stop", StopAfter(tmp_path, 3))
    with pytest.raises(Cancelled):
        train_sft(spec, run)

    trained = train_sft(spec, this_process(tmp_path))

    assert [record.step for record in trained.history] == [0, 3, 6]


def test_patience_survives_a_stop(model, tmp_path):
    chosen = settings(epochs=9, lr=1e-7, patience=3)
    spec = spec_of(tmp_path, model, hyperparameters=chosen)
    run = this_process(tmp_path)
    object.__setattr__(run, "stop", StopAfter(tmp_path, 7))
    with pytest.raises(Cancelled):
        train_sft(spec, run)

    trained = train_sft(spec, this_process(tmp_path))

    assert trained.stopped_early
    assert [record.step for record in trained.history] == [0, 3, 6, 9]


@pytest.mark.slow
def test_a_run_killed_mid_checkpoint_resumes_from_a_whole_one(model, tmp_path):
    plain, killed = tmp_path / "plain", tmp_path / "killed"
    for folder in (plain, killed):
        folder.mkdir()
        spec = spec_of(folder, model)
    expected = train_sft(spec, this_process(plain))
    write_run(killed, spec)

    code = child(KILLED_MID_CHECKPOINT, killed)
    half = list((killed / run_files.CHECKPOINTS).glob(".*"))
    write_run(killed, dataclasses.replace(spec, attempt=2, fence=1))
    again = run_to_end(killed)

    assert (code, again) == (-signal.SIGKILL, 0)
    assert len(half) == 1
    assert resumed_from(killed) == 2
    assert step_losses(killed) == pytest.approx(step_losses(plain), abs=1e-4)
    assert result(killed).artifact == expected.artifact
    assert not list((killed / run_files.CHECKPOINTS).glob(".*"))


@pytest.mark.slow
def test_a_terminated_run_finishes_its_step_and_commits(model, tmp_path):
    chosen = settings(epochs=30)
    spec = spec_of(tmp_path, model, hyperparameters=chosen, checkpoint_steps=1000)
    write_run(tmp_path, spec)

    process = start(tmp_path)
    wait_until(lambda: 4 in step_losses(tmp_path), process)
    os.killpg(process.pid, signal.SIGTERM)
    code = process.wait(timeout=60)

    stopped = error(tmp_path)
    assert code == 143
    assert (stopped.exit_class, stopped.has_checkpoint) == (ExitClass.CANCELLED, True)
    last = [e.data["step"] for e in events(tmp_path, EventKind.CHECKPOINT)][-1]
    assert last == max(step_losses(tmp_path))


@pytest.mark.slow
def test_a_full_disk_ends_in_words(model, tmp_path):
    write_run(tmp_path, spec_of(tmp_path, model))

    code = child(ON_A_FULL_DISK, tmp_path)

    ended = error(tmp_path)
    assert code == run_files.EXIT_CODES[ExitClass.CODE]
    assert (ended.code, ended.has_checkpoint) == ("system", False)
    assert "File too large" in ended.message
