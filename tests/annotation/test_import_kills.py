"""Killing an import at any moment loses no row, doubles none and leaks nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
ROWS = 3000
SECRETS = ("cnrySecretPw", "cnry.mail@example.org", "Cnry Person")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database with one project, copied for every test."""
    home = tmp_path_factory.mktemp("built")
    environment = _environment(home)
    _manage(environment, "migrate", "--verbosity", "0")
    _manage(environment, "create_project", "noc")
    with closing(sqlite3.connect(home / "house.sqlite3")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return home / "house.sqlite3"


@pytest.fixture
def house(built: Path, tmp_path: Path) -> dict[str, str]:
    """An environment with a database and a data directory of its own."""
    shutil.copy(built, tmp_path / "house.sqlite3")
    return _environment(tmp_path)


def _environment(home: Path) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{home / 'house.sqlite3'}",
        "NETFT_DATA_DIR": str(home / "var"),
    }


def _manage(environment: dict[str, str], *args: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *args],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def _file(tmp_path: Path) -> Path:
    path = tmp_path / "tickets.jsonl"
    with path.open("w") as lines:
        for n in range(ROWS):
            row = {
                "id": f"T{n}",
                "title": f"Link {n} down",
                "text": f"Port {n}: enable password {SECRETS[0]}{n}x, ask {SECRETS[1]}",
                "assigned_to": SECRETS[2],
            }
            if n % 50 == 0:
                row |= {"text": f"broken \ufffd {SECRETS[0]} {n}"}
            if n % 100 == 1:
                row |= {"title": "", "text": ""}
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path


def _kill_after(command: list[str], environment: dict[str, str], lines: int) -> None:
    """Start the import and kill it once it has shown some progress."""
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    )
    for _ in range(lines):
        process.stderr.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()


def _counts(house: dict[str, str]) -> tuple[int, ...]:
    path = house["DATABASE_URL"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as database:
        stored = database.execute("SELECT count(*) FROM annotation_record")
        batch = database.execute(
            "SELECT cursor, imported, held, rejected, duplicate "
            "FROM annotation_importbatch"
        )
        return (*stored.fetchone(), *batch.fetchone())


def _helpers_of(environment: dict[str, str]) -> list[int]:
    """Processes that still run with this environment's data directory."""
    mark = f"NETFT_DATA_DIR={environment['NETFT_DATA_DIR']}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in entry.read_bytes().split(b"\0"):
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("helpers", ["0", "1"])
def test_a_killed_import_goes_on_and_nothing_is_lost_or_doubled(
    house: dict[str, str], tmp_path: Path, helpers: str
):
    command = [sys.executable, "manage.py", "import_records", str(_file(tmp_path))]
    command += ["--project", "noc", "--helpers", helpers]

    for lines in (1, 2):
        _kill_after(command, house, lines)
        records, cursor, imported, held, rejected, duplicate = _counts(house)
        assert 0 < cursor < ROWS
        assert imported + held + rejected + duplicate == cursor
        assert records == imported + held
    done = json.loads(_manage(house, *command[2:], "--json"))

    assert (done["rows"], done["imported"]) == (ROWS, ROWS - 60 - 30)
    assert (done["held"], done["rejected"], done["duplicate"]) == (60, 30, 0)
    rejects = Path(done["rejects"]).read_text().splitlines()
    assert len(rejects) == 1 + 30
    assert len(set(rejects)) == len(rejects)
    assert _counts(house)[0] == ROWS - 30


def test_helpers_end_with_an_import_that_is_killed(
    house: dict[str, str], tmp_path: Path
):
    command = [sys.executable, "manage.py", "import_records", str(_file(tmp_path))]

    _kill_after([*command, "--project", "noc", "--helpers", "2"], house, 1)

    until = time.monotonic() + 15
    while _helpers_of(house) and time.monotonic() < until:
        time.sleep(0.1)
    assert _helpers_of(house) == []


def test_no_secret_is_on_disk_in_clear_during_or_after_an_import(
    house: dict[str, str], tmp_path: Path
):
    source = _file(tmp_path)
    command = [sys.executable, "manage.py", "import_records", str(source)]
    command += ["--project", "noc"]

    _kill_after(command, house, 2)
    during = _leaks(tmp_path, source)
    _manage(house, *command[2:])
    after = _leaks(tmp_path, source)

    assert during == []
    assert after == []


def _leaks(tmp_path: Path, source: Path) -> list[str]:
    """Files besides the source that hold a secret, looked at byte by byte."""
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path != source]
    assert len(files) >= 2
    return [
        f"{path.name}: {secret}"
        for path in files
        for secret in SECRETS
        if secret.encode() in path.read_bytes()
    ]
