"""What a kill at any moment leaves, and that starting again repairs it."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal

import pytest

from tests.training.ml_runs import (
    classify_spec,
    error,
    events,
    result,
    run_to_end,
    start,
    step_losses,
    wait_until,
    write_run,
)
from training.domain import run_files
from training.domain.run_files import EventKind, ExitClass

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """The same work without any kill."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    write_run(folder, classify_spec(folder))
    assert run_to_end(folder) == 0, (folder / "output.log").read_text()
    return folder


def stop_at_step(folder, step, number):
    """Start the run, send a signal once this step is logged, return the exit code."""
    process = start(folder)
    wait_until(lambda: step in step_losses(folder), process)
    os.killpg(process.pid, number)
    return process.wait(timeout=60)


def resumed_from(folder):
    (state,) = [
        e.data for e in events(folder, EventKind.STATE) if "resumed_from_step" in e.data
    ]
    return state["resumed_from_step"]


def assert_same_work(folder, uninterrupted):
    """Bit for bit: losses, curve on DEV and artifact."""
    assert step_losses(folder) == step_losses(uninterrupted)
    assert result(folder).history == result(uninterrupted).history
    assert result(folder).artifact == result(uninterrupted).artifact


def test_a_killed_run_resumes_and_ends_as_if_it_had_not_been(uninterrupted, tmp_path):
    spec = classify_spec(tmp_path)
    write_run(tmp_path, spec)

    killed = stop_at_step(tmp_path, 6, signal.SIGKILL)
    write_run(tmp_path, dataclasses.replace(spec, attempt=2, fence=1))
    code = run_to_end(tmp_path)

    assert (killed, code) == (-9, 0)
    assert resumed_from(tmp_path) >= 4
    assert min(step_losses(tmp_path, attempt=2)) == resumed_from(tmp_path) + 1
    assert_same_work(tmp_path, uninterrupted)


def test_a_terminated_run_saves_says_so_and_resumes(uninterrupted, tmp_path):
    # No regular checkpoint: the one resumed from is the one the signal asked for.
    spec = classify_spec(tmp_path, checkpoint_steps=1000)
    write_run(tmp_path, spec)

    code = stop_at_step(tmp_path, 6, signal.SIGTERM)
    stopped = error(tmp_path)
    write_run(tmp_path, dataclasses.replace(spec, attempt=2, fence=1))
    again = run_to_end(tmp_path)

    assert (code, again) == (143, 0)
    assert (stopped.exit_class, stopped.has_checkpoint) == (ExitClass.CANCELLED, True)
    assert not (tmp_path / run_files.ERROR).exists()
    assert resumed_from(tmp_path) >= 6
    assert_same_work(tmp_path, uninterrupted)


def test_a_damaged_checkpoint_is_passed_over_for_the_older_one(uninterrupted, tmp_path):
    spec = classify_spec(tmp_path)
    write_run(tmp_path, spec)
    stop_at_step(tmp_path, 9, signal.SIGKILL)
    older, newest = sorted((tmp_path / run_files.CHECKPOINTS).glob("[0-9]*"))[-2:]
    with (newest / "weights.safetensors").open("r+b") as stream:
        stream.seek(-4, 2)
        stream.write(b"\xff\xff\xff\xff")

    write_run(tmp_path, dataclasses.replace(spec, attempt=2, fence=1))
    code = run_to_end(tmp_path)

    warnings = [e.data["message"] for e in events(tmp_path, EventKind.LOG, attempt=2)]
    assert code == 0
    assert f"Checkpoint {newest.name} is not usable." in warnings
    assert older.name not in " ".join(warnings)
    assert_same_work(tmp_path, uninterrupted)


def test_a_run_killed_before_its_result_only_writes_the_result(uninterrupted, tmp_path):
    shutil.copytree(uninterrupted, tmp_path, dirs_exist_ok=True)
    (tmp_path / run_files.RESULT).unlink()
    write_run(
        tmp_path, dataclasses.replace(classify_spec(tmp_path), attempt=2, fence=1)
    )

    code = run_to_end(tmp_path)

    assert code == 0
    assert step_losses(tmp_path, attempt=2) == {}
    assert result(tmp_path).artifact == result(uninterrupted).artifact


def test_a_running_process_leaves_when_its_fence_moves_on(tmp_path):
    spec = classify_spec(tmp_path, checkpoint_steps=1)
    write_run(tmp_path, spec)
    process = start(tmp_path)
    wait_until(lambda: 1 in step_losses(tmp_path), process)

    (tmp_path / run_files.FENCE).write_text("1\n")

    assert process.wait(timeout=30) == run_files.STALE_EXIT_CODE
    assert not (tmp_path / run_files.RESULT).exists()
    assert not (tmp_path / run_files.ERROR).exists()


def test_of_two_processes_on_one_directory_one_trains(tmp_path):
    write_run(tmp_path, classify_spec(tmp_path))

    first, second = start(tmp_path), start(tmp_path)
    codes = [process.wait(timeout=120) for process in (first, second)]

    assert 0 in codes
    assert set(codes) <= {0, run_files.STALE_EXIT_CODE}
    trainings = [e for e in events(tmp_path, EventKind.STATE) if e.seq == 1]
    assert len(trainings) == 1


def test_the_heartbeat_says_which_process_is_alive(tmp_path):
    write_run(tmp_path, classify_spec(tmp_path, attempt=3, fence=5))
    process = start(tmp_path)

    wait_until((tmp_path / run_files.HEARTBEAT).exists, process)
    beat = run_files.read_heartbeat((tmp_path / run_files.HEARTBEAT).read_bytes())
    os.killpg(process.pid, signal.SIGTERM)
    code = process.wait(timeout=60)

    assert (beat.pid, beat.attempt, beat.fence) == (process.pid, 3, 5)
    assert beat.started > 0
    assert code == 143
