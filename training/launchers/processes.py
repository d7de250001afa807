"""Who a process is, so that a reused process id is never taken for it.

A process is known by its host, the boot, its id and its start time in clock ticks
since that boot (proc_pid_stat(5), fields 22 and, for its state, 3). Where /proc is
missing, as on macOS, the id alone has to do.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_ZOMBIE_STATES = ("Z", "X")


@dataclass(frozen=True)
class Handle:
    """A process on one machine; `started` is in clock ticks, "0" where unknown."""

    host: str
    boot_id: str
    pid: int
    started: str


@dataclass(frozen=True)
class Stat:
    """What /proc/PID/stat says. `wait_status` is as of waitpid, of a zombie only."""

    state: str
    started: str
    wait_status: int

    @property
    def has_ended(self) -> bool:
        return self.state in _ZOMBIE_STATES


@cache
def host() -> str:
    """The name of this machine."""
    return socket.gethostname()


@cache
def boot_id() -> str:
    """The identity of this boot of the machine; empty where it has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def handle_of(pid: int) -> Handle:
    """The handle of a process of this machine."""
    stat = read_stat(pid)
    return Handle(host(), boot_id(), pid, stat.started if stat else "0")


def read_stat(pid: int) -> Stat | None:
    """What is known about a process id; None where no such process is seen.

    Fields are counted from the last bracket, because the command in field 2 may hold
    brackets and spaces. Field 52, the exit status, reads 0 without the right to trace.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    status = int(fields[49]) if len(fields) > 49 else 0
    return Stat(state=fields[0], started=fields[19], wait_status=status)


def is_same(handle: Handle, stat: Stat) -> bool:
    """Whether the process seen now is the one the handle was made of."""
    return handle.boot_id == boot_id() and handle.started == stat.started


def exists(pid: int) -> bool:
    """Whether the id is taken, where /proc cannot say more."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def has_proc() -> bool:
    """Whether this system shows its processes under /proc."""
    return read_stat(os.getpid()) is not None
