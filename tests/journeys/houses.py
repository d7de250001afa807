"""A console of its own on disk, run from outside as an operator runs it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def founded(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a new console with one empty project, and `more` settings."""
    house = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{folder / 'house.sqlite3'}",
        "NETFT_DATA_DIR": str(folder / "var"),
        **more,
    }
    manage(house, "migrate", "--verbosity", "0")
    manage(house, "create_project", "noc")
    return house


def tickets_file(folder: Path, rows: Iterable[dict[str, str]]) -> Path:
    path = folder / "tickets.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def manage(house: dict[str, str], *args: str) -> None:
    """Run a command of manage.py, which must succeed."""
    command = [sys.executable, "manage.py", *args]
    done = subprocess.run(
        command, cwd=ROOT, env=house, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def shell(house: dict[str, str], code: str) -> None:
    manage(house, "shell", "--no-imports", "-c", code)


def database(house: dict[str, str]) -> closing[sqlite3.Connection]:
    """The console's database, read past the ORM while its processes write."""
    path = house["DATABASE_URL"].removeprefix("sqlite:///")
    return closing(sqlite3.connect(path, timeout=20))
