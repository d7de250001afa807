"""Serve the console and run the task queue, for one machine.

Two child processes, gunicorn and the queue's cluster; when one ends, the other is
stopped and the command ends with its exit code. Deployments run the two lines of the
Procfile under their own supervisor instead.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

GRACE_SECONDS = 15
POLL_SECONDS = 0.5


class Command(BaseCommand):
    help = "Serve the console and run the task queue on this machine."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bind", default="127.0.0.1:8000", help="address:port")

    def handle(self, *_args: Any, **options: Any) -> None:
        call_command("install_schedules", stdout=self.stderr)
        bind = options["bind"]
        signal.signal(signal.SIGTERM, _leave)
        children = [self._start(command) for command in _commands(bind)]
        self.stdout.write(f"Console at http://{bind}/  (stop with Ctrl-C)")
        self.stdout.flush()
        code = 0
        try:
            code = _first_exit(children)
        except KeyboardInterrupt:
            self.stdout.write("Stopping.")
        finally:
            _stop(children)
        sys.exit(code)

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C reaches this process alone, which then stops
        # its children in order.
        return subprocess.Popen(  # noqa: S603
            command, cwd=settings.BASE_DIR, start_new_session=True, env=os.environ
        )


def _commands(bind: str) -> list[list[str]]:
    python = sys.executable
    web = ["gunicorn", "netft_site.wsgi", "--bind", bind, "--threads", "4"]
    return [
        [python, "-m", *web, "--workers", "2", "--log-level", "warning"],
        [python, "manage.py", "qcluster"],
    ]


def _first_exit(children: list[subprocess.Popen[bytes]]) -> int:
    while True:
        for child in children:
            code = child.poll()
            if code is not None:
                return code
        time.sleep(POLL_SECONDS)


def _stop(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        _signal(child, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    for child in children:
        try:
            child.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _signal(child, signal.SIGKILL)


def _signal(child: subprocess.Popen[bytes], number: int) -> None:
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(number)


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
