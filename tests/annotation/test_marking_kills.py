"""Killing the marking of near copies costs the step that was under way, no more."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
_FILL = """
from annotation.domain.duplicates import fingerprint
from annotation.models import Project, Record
from tests.annotation.test_marking import STORIES
project = Project.objects.get()
for n in range(120):
    story = STORIES[n % 3].format(n) + " what was tried: " + " ".join(
        f"step{(n // 3) % 20 * 50 + k}" for k in range(40))
    body = f"Any news?\\n> {story}" if n % 7 == 0 else story
    Record.objects.create(project=project, external_id=f"INC{n}", body=body,
        fingerprint=fingerprint(body))
"""
_MARK = """
from annotation.domain import judging
from annotation.models import Project
from annotation.services import marking, signatures
signatures.SIGN_CHUNK, signatures.STRETCH = 20, 50
marking.COMPARE_CHARACTERS, marking.MARK_CHUNK = 4000, 10
judging._COMPARED_AT_ONCE = 8
project = Project.objects.get()
step = None
while step is None or not step.is_last:
    print("step", flush=True)
    step = marking.advance(project_id=project.pk)
"""


class Place:
    """A database and a data folder, used from child processes."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / "house.sqlite3"
        self._environment = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{self.database}",
            "NETFT_DATA_DIR": str(folder / "var"),
            "PYTHONPATH": str(ROOT),
        }

    def filled(self) -> Place:
        """The place with a project and its records."""
        (self.database.parent / "var").mkdir(parents=True)
        assert self.manage("migrate", "--verbosity", "0").wait() == 0
        assert self.manage("create_project", "noc").wait() == 0
        assert self.shell(_FILL).wait() == 0
        return self

    def copied(self, folder: Path) -> Place:
        shutil.copytree(self.database.parent, folder)
        return Place(folder)

    def manage(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
        )

    def shell(self, script: str) -> subprocess.Popen[str]:
        return self.manage("shell", "--no-imports", "-c", script)

    def marks(self) -> list[tuple[int, int | None]]:
        query = "SELECT id, near_duplicate_of_id FROM annotation_record ORDER BY id"
        with closing(sqlite3.connect(self.database)) as database:
            return database.execute(query).fetchall()


def test_marking_goes_on_from_the_step_that_was_killed(tmp_path):
    killed = Place(tmp_path / "killed").filled()
    calm = killed.copied(tmp_path / "calm")
    steps = calm.shell(_MARK).communicate()[0].count("step")
    rng = random.Random(4)

    kills = begun = 0
    while True:
        worker = killed.shell(_MARK)
        for _ in range(rng.randint(3, 9)):
            begun += bool(worker.stdout.readline())
        if worker.poll() is None:
            worker.send_signal(signal.SIGKILL)
        begun += worker.communicate()[0].count("step")
        if worker.returncode == 0:
            break
        kills += 1

    assert kills >= 3
    assert killed.marks() == calm.marks()
    assert sum(first is not None for _, first in calm.marks()) == 60
    assert steps <= begun <= steps + kills
