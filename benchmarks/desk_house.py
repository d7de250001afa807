"""A console on PostgreSQL with a project to label, and gunicorn before it.

Run as a script it fills the database that ``DATABASE_URL`` names and prints the
reviewers' tokens; `Console` starts and kills the web processes.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
PROSE = (
    "users on floor two report slow access and drops since the change window the "
    "uplink shows errors we replaced the optic and moved traffic to the backup path "
    "no alarm in monitoring please check duplex mismatch spanning tree recalculated"
)
WORDS = PROSE.split()
CATEGORIES = ("wan", "wireless", "routing", "firewall", "switching")


def fresh_database(url: str, name: str) -> str:
    """Create an empty database on the server of ``url``; return its own url."""
    with _server(url) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}"')
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def drop_database(url: str, name: str) -> None:
    """Remove what `fresh_database` made."""
    with _server(url) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _server(url: str) -> psycopg.Connection:
    """Connect to the database that every server has; that of ``url`` need not exist."""
    everywhere = urlunsplit(urlsplit(url)._replace(path="/postgres"))
    return psycopg.connect(everywhere, autocommit=True)


def fill(records: int, reviewers: int, overlap: int) -> list[str]:
    """Make the project, its records and its reviewers; return their tokens."""
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.db import connection

    from annotation.models import Membership, Project, Record, Reviewer
    from annotation.services import tokens

    now = datetime.now(UTC)
    project = Project.objects.create(
        slug="bench", name="Bench", key_id="k1", reviews_wanted=overlap
    )
    _records(Record, project.pk, records, overlap, now)
    secrets = []
    for number in range(reviewers):
        user = User.objects.create(username=f"r{number}")
        Reviewer.objects.create(user=user, name=f"r{number}")
        Membership.objects.create(user=user, project=project, role="REVIEWER")
        _, secret = tokens.issue(
            user=user, name="bench", now=now, lifetime=timedelta(days=1)
        )
        secrets.append(secret)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return secrets


def _records(record, project: int, count: int, overlap: int, now: datetime) -> None:
    from netft_site.base.bulk_insert import insert_many

    rng = random.Random(7)
    for start in range(0, count, 5000):
        insert_many(
            record,
            [
                {
                    "project_id": project,
                    "external_id": f"INC{n:07d}",
                    "title": f"Interface down on port {n % 48}",
                    "body": " ".join(rng.choices(WORDS, k=130)),
                    "category": rng.choice(CATEGORIES),
                    "priority": rng.choice((0, 0, 0, 10, 30)),
                    "state": "OPEN",
                    "reviews_wanted": overlap,
                    "lot": rng.getrandbits(31),
                    "created_at": now,
                }
                for n in range(start, min(start + 5000, count))
            ],
        )


class Console:
    """Gunicorn as `manage.py serve` starts it, on one port for good."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._bind = "{}:{}".format(*free.getsockname())
        self.url = f"http://{self._bind}"

    def start(self) -> None:
        """Start the master and its workers; return when they answer."""
        web = ["-m", "gunicorn", "netft_site.wsgi", "--bind", self._bind]
        self._process = subprocess.Popen(
            [sys.executable, *web, "--workers", "2", "--threads", "4"],
            cwd=ROOT,
            env=self._environment,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                httpx.get(f"{self.url}/health/", timeout=5).raise_for_status()
            except httpx.HTTPError:
                time.sleep(0.1)
            else:
                return
        raise RuntimeError("the console did not start")

    def kill_worker(self, rng: random.Random) -> None:
        """Kill one worker as it stands; the master starts another."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        workers = children.read_text().split()
        if workers:
            os.kill(int(rng.choice(workers)), signal.SIGKILL)

    def stop(self) -> None:
        """Kill master and workers at once."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "netft_site.settings")
    print("\n".join(fill(*(int(arg) for arg in sys.argv[1:4]))))
