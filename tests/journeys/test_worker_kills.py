"""Killing the queue's cluster in the middle of an import loses no row and doubles none.

A real `qcluster` dies with its workers; another one, told by the sweep, goes on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.journeys.houses import ROOT, database, founded, shell, tickets_file

pytestmark = pytest.mark.slow
ROWS = 4000
START = """
from pathlib import Path
from django.utils import timezone
from annotation.models import Project
from annotation.services import importing
with Path({path!r}).open("rb") as stream:
    batch = importing.receive(project=Project.objects.get(), stream=stream,
                              file_name="tickets.jsonl", source="UPLOAD")
importing.start(batch=batch, now=timezone.now())
"""
SWEEP = """
from django.utils import timezone
from annotation.services import importing
assert importing.resume_stalled(since=timezone.now()) == 1
"""


@pytest.fixture
def house(tmp_path: Path) -> dict[str, str]:
    """The environment of a project whose import waits in the queue."""
    rows = (
        {"id": f"T{n}", "title": f"Link {n} is down", "text": f"password Pw{n}x7!"}
        for n in range(ROWS)
    )
    house = founded(tmp_path)
    shell(house, START.format(path=str(tickets_file(tmp_path, rows))))
    return house


@contextmanager
def cluster(environment: dict[str, str]) -> Iterator[None]:
    """Run a cluster; at the end of the block it is killed with all its workers."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "qcluster"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _batch(house: dict[str, str]) -> tuple[int, int, int, str]:
    """Rows dealt with, rows imported, records stored, and the import's state."""
    with database(house) as stored:
        found = stored.execute(
            "SELECT cursor, imported, (SELECT count(*) FROM annotation_record), status "
            "FROM annotation_importbatch"
        )
        return found.fetchone()


def _wait_for(house: dict[str, str], condition) -> None:
    until = time.monotonic() + 90
    while not condition(_batch(house)):
        assert time.monotonic() < until, f"stuck at {_batch(house)}"
        time.sleep(0.02)


def test_an_import_goes_on_after_its_cluster_was_killed(house):
    with cluster(house):
        _wait_for(house, lambda batch: batch[0] > 0)
    cursor, imported, stored, status = _batch(house)
    assert 0 < cursor < ROWS
    assert imported == stored == cursor
    assert status == "RUNNING"

    shell(house, SWEEP)
    with cluster(house):
        _wait_for(house, lambda batch: batch[3] != "RUNNING")

    assert _batch(house) == (ROWS, ROWS, ROWS, "DONE")
