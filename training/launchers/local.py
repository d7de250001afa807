"""Start, watch and end a training process on this machine.

The process is detached: its own session and process group, its output in a file, no
pipe that could block it, and none of our secrets in its environment. It outlives the
worker, the web process and the command that started it. What it computes and how it
fares is in its run directory; this room knows only whether it lives.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.launchers import processes
from training.launchers.processes import Handle

COMMAND = (sys.executable, "-m", "training.ml.run")
OUTPUT = "output.log"
_ROOT = Path(__file__).resolve().parents[2]
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "LD_LIBRARY_PATH")

# Our own children, kept so that their zombies can be collected. A zombie tells its exit
# code to every supervisor, so one is collected only when its job is decided.
_children: dict[Handle, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Status:
    """Whether a process lives; its exit code as of subprocess where it is known."""

    alive: bool
    returncode: int | None = None


class LocalLauncher:
    """Runs `command RUN_DIR` as a detached process of this machine."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = tuple(command)

    def submit(self, run_dir: Path, env: Mapping[str, str]) -> Handle:
        """Start the process with exactly `env`. Raises OSError."""
        with (run_dir / OUTPUT).open("ab") as output:
            child = subprocess.Popen(  # noqa: S603 the command is our own
                [*self._command, str(run_dir)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=_ROOT,
                env=dict(env),
                start_new_session=True,
            )
        handle = processes.handle_of(child.pid)
        _children[handle] = child
        return handle

    def poll(self, handle: Handle) -> Status | None:
        """How the process fares; None where this machine cannot know."""
        if handle.host != processes.host():
            return None
        if handle.boot_id != processes.boot_id():
            return Status(alive=False)
        if not processes.has_proc():
            return _poll_without_proc(handle)
        stat = processes.read_stat(handle.pid)
        if stat is None or not processes.is_same(handle, stat):
            return Status(alive=False)
        if stat.has_ended:
            return Status(
                alive=False, returncode=os.waitstatus_to_exitcode(stat.wait_status)
            )
        return Status(alive=True)

    def cancel(self, handle: Handle, *, force: bool = False) -> bool:
        """Signal the process and all it started: SIGTERM, or SIGKILL with `force`.

        Returns whether there was anybody to tell. A process that is not the one of
        the handle is never touched.
        """
        status = self.poll(handle)
        if status is None or not status.alive:
            return False
        number = signal.SIGKILL if force else signal.SIGTERM
        with contextlib.suppress(ProcessLookupError):
            os.killpg(handle.pid, number)
        return True

    def collect(self, still_watched: Iterable[Handle]) -> None:
        """Collect the zombies among our children, except those still watched."""
        for handle in set(_children) - set(still_watched):
            if _children[handle].poll() is not None:
                del _children[handle]


def environment(*, threads: int | None, device: str = "cpu") -> dict[str, str]:
    """The whole environment of a training process: no settings, no secrets.

    `threads` bounds the numeric libraries from their first import on; None leaves
    them every core. `device` is one of NETFT_DEVICES: of ``cuda:1`` the process sees
    that GPU and no other.
    """
    kind, _, number = device.partition(":")
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    ours = {
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "PYTHONUNBUFFERED": "1",
        "CUDA_VISIBLE_DEVICES": (number or "0") if kind == "cuda" else "",
    }
    if threads is not None:
        ours |= {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    return {**passed, **ours}


def _poll_without_proc(handle: Handle) -> Status:
    child = _children.get(handle)
    if child is not None:
        returncode = child.poll()
        return Status(alive=returncode is None, returncode=returncode)
    return Status(alive=processes.exists(handle.pid))
