"""The task queue on Redis: a task put there by one process runs in another."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import missing

ROOT = Path(__file__).resolve().parents[2]
TASK = "annotation.tasks.queueing.release_expired"
PATIENCE_SECONDS = 60

pytestmark = [pytest.mark.redis, pytest.mark.slow]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    url = os.environ.get("NETFT_TEST_REDIS_URL", "")
    if not url:
        missing("Redis", "NETFT_TEST_REDIS_URL is not set")
    return {
        **os.environ,
        "REDIS_URL": url,
        "NETFT_DATA_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'queue.sqlite3'}",
    }


@pytest.fixture
def cluster(environment: dict[str, str]) -> Iterator[None]:
    subprocess.run(_manage("migrate", "-v0"), cwd=ROOT, env=environment, check=True)
    process = subprocess.Popen(
        _manage("qcluster"), cwd=ROOT, env=environment, stderr=subprocess.DEVNULL
    )
    yield
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=30)


def test_a_task_travels_through_redis(environment, cluster, tmp_path):
    put = f"from netft_site.base.enqueue import enqueue; enqueue('{TASK}')"

    subprocess.run(
        _manage("shell", "-v0", "-c", put), cwd=ROOT, env=environment, check=True
    )

    assert _ran(tmp_path / "queue.sqlite3", TASK)


def _ran(database: Path, task: str) -> bool:
    """Wait until the task stands in the table of finished tasks."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        with sqlite3.connect(database) as connection:
            rows = connection.execute(
                "SELECT success FROM django_q_task WHERE func = ?", [task]
            ).fetchall()
        if rows:
            return bool(rows[0][0])
        time.sleep(0.5)
    return False


def _manage(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]
