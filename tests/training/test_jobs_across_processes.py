"""Workers that die, race and deliver twice: processes of their own, one database."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.training.supervised import has_ended
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
PRELUDE = """
import json, os, sys, time
from datetime import timedelta
from pathlib import Path
import django
django.setup()
from django.utils import timezone
from tests.training.supervised import acting, queued
from training.models import Job
from training.services import jobs
def facts(job):
    names = ("id", "state", "pid", "attempt", "fence", "exit_class", "run_dir")
    print(json.dumps({n: getattr(job, n) for n in names}), flush=True)
"""


class Store:
    """Fresh databases for processes of their own, of the kind the suite runs on."""

    def __init__(self, folder: Path) -> None:
        self.given = urlsplit(os.environ.get("DATABASE_URL", ""))
        self.is_postgres = self.given.scheme.startswith("postgres")
        self.empty = folder / "empty.sqlite3"
        self.template = f"netft_jobs_{os.getpid()}"
        self.made: list[str] = []

    def url(self, name: str) -> str:
        """The address of a database; a name for PostgreSQL, a path for SQLite."""
        if self.is_postgres:
            return self.given._replace(path=f"/{name}").geturl()
        return f"sqlite:///{name}"

    def make_template(self, folder: Path) -> None:
        if self.is_postgres:
            self._run(f'CREATE DATABASE "{self.template}"', self.template)
        name = self.template if self.is_postgres else str(self.empty)
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
            cwd=ROOT,
            env=environment(folder, self.url(name)),
            check=True,
        )

    def make(self, folder: Path) -> str:
        """The address of a new, empty database with all tables."""
        if self.is_postgres:
            name = f"{self.template}_{len(self.made)}"
            self._run(f'CREATE DATABASE "{name}" TEMPLATE "{self.template}"', name)
            return self.url(name)
        return self.url(str(shutil.copy(self.empty, folder / "netft.sqlite3")))

    def drop_all(self) -> None:
        for name in reversed(self.made):
            with self._connect() as connection:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _run(self, statement: str, name: str) -> None:
        with self._connect() as connection:
            connection.execute(statement)
        self.made.append(name)

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(self.url("postgres"), autocommit=True)


@pytest.fixture(scope="session")
def store(tmp_path_factory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("store")
    store = Store(folder)
    store.make_template(folder)
    yield store
    store.drop_all()


@dataclass(frozen=True)
class Home:
    """A data directory and the database that goes with it."""

    path: Path
    database: str


@pytest.fixture
def home(store: Store, tmp_path: Path) -> Iterator[Home]:
    """A home of its own for each test; no child outlives it."""
    yield Home(tmp_path, store.make(tmp_path))
    for beat in tmp_path.glob("runs/*/heartbeat"):
        pid = json.loads(beat.read_text())["pid"]
        if not has_ended(pid):
            os.killpg(pid, signal.SIGKILL)


def environment(folder: Path, database: str) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "netft_site.settings",
        "NETFT_DATA_DIR": str(folder),
        "DATABASE_URL": database,
    }


def begin(home: Home, script: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + script],
        cwd=ROOT,
        env=environment(home.path, home.database),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(home: Home, script: str) -> dict:
    process = begin(home, script)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err[-2000:]
    return json.loads(out)


RECONCILE = """
jobs.reconcile_jobs(
    now=timezone.now() + timedelta(seconds={seconds}), launcher=acting("train")
)
facts(Job.objects.get(pk={job}))
"""
WAIT = """
facts(jobs.wait_for(job_id={job}, launcher=acting("train"), poll_seconds=0.02))
"""


def starts(job: dict) -> Counter[str]:
    """How often a process was started, by fence."""
    return Counter((Path(job["run_dir"]) / "starts").read_text().split())


def test_a_run_outlives_the_worker_that_launched_it(home):
    worker = begin(
        home,
        """
job = queued()
jobs.launch_job(job_id=job.pk, now=timezone.now(), launcher=acting("train"))
facts(Job.objects.get(pk=job.pk))
time.sleep(600)
""",
    )
    job = json.loads(worker.stdout.readline())
    wait_until(lambda: (Path(job["run_dir"]) / "heartbeat").exists())

    worker.kill()
    worker.wait()
    lives_on = not has_ended(job["pid"])
    taken_over = run(home, RECONCILE.format(job=job["id"], seconds=0))
    (Path(job["run_dir"]) / "go").touch()
    over = run(home, WAIT.format(job=job["id"]))

    assert lives_on
    assert (taken_over["state"], taken_over["attempt"]) == ("RUNNING", 1)
    assert (over["state"], over["attempt"], over["pid"]) == ("SUCCEEDED", 1, job["pid"])


def test_a_death_is_told_to_whoever_looks_even_if_the_parent_is_alive(home):
    worker = begin(
        home,
        """
job = queued()
jobs.launch_job(job_id=job.pk, now=timezone.now(), launcher=acting("train"))
facts(Job.objects.get(pk=job.pk))
time.sleep(600)
""",
    )
    job = json.loads(worker.stdout.readline())
    wait_until(lambda: (Path(job["run_dir"]) / "heartbeat").exists())

    os.kill(job["pid"], signal.SIGKILL)
    wait_until(lambda: has_ended(job["pid"]))
    resumed = run(home, RECONCILE.format(job=job["id"], seconds=0))
    worker.kill()
    worker.communicate()

    assert (resumed["attempt"], resumed["exit_class"]) == (2, "HOST_OOM")


@pytest.mark.parametrize("seed", range(6))
def test_a_worker_killed_at_any_moment_of_a_launch_loses_nothing(home, seed):
    job = run(home, "facts(queued())")
    worker = begin(
        home,
        f"""
print("ready", flush=True)
jobs.launch_job(job_id={job["id"]}, now=timezone.now(), launcher=acting("train"))
time.sleep(600)
""",
    )
    worker.stdout.readline()
    time.sleep(random.Random(seed).uniform(0.0, 0.12))
    worker.kill()
    worker.communicate()

    found = run(home, RECONCILE.format(job=job["id"], seconds=91))
    (Path(found["run_dir"]) / "go").touch()
    over = run(home, WAIT.format(job=job["id"]))

    assert over["state"] == "SUCCEEDED"
    assert over["attempt"] <= 2
    assert max(starts(over).values()) == 1


@pytest.mark.parametrize("count", [1, 3], ids=["one job", "three jobs"])
def test_of_workers_that_launch_at_once_exactly_one_starts_a_process(home, count):
    ids = [run(home, "facts(queued())")["id"] for _ in range(count)]
    workers = [
        begin(
            home,
            f"""
print("ready", flush=True)
while not Path("{home.path}/now").exists():
    pass
started = jobs.launch_job(
    job_id={ids[n % count]}, now=timezone.now(), launcher=acting("train")
)
print(json.dumps(started))
""",
        )
        for n in range(3)
    ]
    for worker in workers:
        worker.stdout.readline()

    (home.path / "now").touch()
    answers = [worker.communicate(timeout=60)[0].strip() for worker in workers]

    wait_until(lambda: list(home.path.glob("runs/*/heartbeat")))
    time.sleep(0.2)
    started = [path.read_text() for path in home.path.glob("runs/*/starts")]
    assert sorted(answers) == ["false", "false", "true"]
    assert started == ["1\n"]


def test_supervisors_that_reconcile_at_once_agree(home):
    job = run(home, "facts(queued())")
    run(
        home,
        f"""
jobs.launch_job(job_id={job["id"]}, now=timezone.now(), launcher=acting("train"))
facts(Job.objects.get(pk={job["id"]}))
""",
    )
    waiting = [begin(home, WAIT.format(job=job["id"])) for _ in range(3)]

    wait_until(lambda: list(home.path.glob("runs/*/heartbeat")))
    pid = json.loads(next(home.path.glob("runs/*/heartbeat")).read_text())["pid"]
    os.kill(pid, signal.SIGKILL)
    time.sleep(1.0)
    (home.path / "runs" / str(job["id"]) / "go").touch()
    seen = [json.loads(process.communicate(timeout=60)[0]) for process in waiting]

    assert {answer["state"] for answer in seen} == {"SUCCEEDED"}
    assert {answer["attempt"] for answer in seen} == {2}
    assert starts(seen[0]) == {"1": 1, "2": 1}
