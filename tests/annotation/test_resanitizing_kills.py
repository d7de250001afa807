"""Killing the work at any moment loses no record and reports no leak twice."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
RECORDS = 400
VALUE = "fritzbox42"
_PREPARE = f"""
from django.utils import timezone
from annotation.models import Project, Record
from annotation.services import dictionary, importing
project = Project.objects.get()
bodies = [f"box {{n}} is {VALUE}" for n in range({RECORDS})]
rows = [dict(external_id=str(n), body=body) for n, body in enumerate(bodies)]
importing.add(project=project, rows=rows, now=timezone.now())
dictionary.add_terms(project=project, kind="hostname", names=["{VALUE}"], by=None)
"""
_WORK = """
from annotation.models import Project
from annotation.services import resanitizing
resanitizing.run_to_end(project=Project.objects.get())
"""
_DONE = "SELECT count(*) FROM annotation_leak"


@pytest.fixture
def shell(tmp_path: Path) -> Callable[[str], subprocess.Popen]:
    """Start a script of the project on a database of its own."""
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'house.sqlite3'}",
        "NETFT_DATA_DIR": str(tmp_path / "var"),
    }

    def manage(*args: str) -> subprocess.Popen:
        command = [sys.executable, "manage.py", *args]
        return subprocess.Popen(command, cwd=ROOT, env=environment)

    assert manage("migrate", "--verbosity", "0").wait() == 0
    assert manage("create_project", "noc").wait() == 0
    return lambda script: manage("shell", "--no-imports", "-c", script)


def test_killed_work_goes_on_with_the_next_record(shell, tmp_path):
    database = tmp_path / "house.sqlite3"
    assert shell(_PREPARE).wait() == 0

    seen = []
    for wanted in (1, 120):
        worker = shell(_WORK)
        until = time.monotonic() + 60
        while _one(database, _DONE) < wanted and time.monotonic() < until:
            time.sleep(0.01)
        worker.send_signal(signal.SIGKILL)
        assert worker.wait() == -signal.SIGKILL
        seen.append(_one(database, _DONE))
    assert shell(_WORK).wait() == 0

    assert 1 <= seen[0] < seen[1] < RECORDS
    assert _one(database, _DONE) == RECORDS
    events = "SELECT count(DISTINCT record_id) FROM annotation_sanitizingevent"
    assert _one(database, events) == RECORDS
    left = f"SELECT count(*) FROM annotation_record WHERE body LIKE '%{VALUE}%'"
    assert _one(database, left) == 0


def _one(database: Path, query: str) -> int:
    with closing(sqlite3.connect(database, timeout=20)) as connection:
        return int(connection.execute(query).fetchone()[0])
