"""Fake secrets go in at every door of the text; none of them comes out at another.

The console is run as people run it: import, reviews, dataset, export. Then its
database, its files, its words on the terminal and the export are searched.
"""

from __future__ import annotations

import csv
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from random import Random

import pytest

from annotation.domain.sanitize import Keyring, Sanitizer
from annotation.domain.sanitize.canaries import (
    REMADE_TYPES,
    SECRET_TYPES,
    TEMPLATES,
    Planted,
    fate_of,
    plant,
)
from tests.journeys.houses import ROOT, database, founded, tickets_file

pytestmark = pytest.mark.slow
KEY = bytes(range(60, 92))
LEVELS = ("critical", "high", "medium", "low")
PLAIN = "Users of floor {n} report slow pages since {n} o'clock.\nPlease look at it."


@pytest.fixture(scope="module")
def planted() -> list[Planted]:
    """Canaries whose form their carrier gives away, each in a text of its own."""
    texts = [PLAIN.format(n=n) for n in range(len(TEMPLATES))]
    sanitizer = Sanitizer(Keyring(KEY))
    found = plant(texts, Random(2026))
    fates = [fate_of(one, sanitizer.sanitize(one.text)) for one in found]
    assert not [
        fate.planted.template
        for fate in fates
        if fate.fate == "survived" and fate.planted.span_type in SECRET_TYPES
    ]
    return [
        fate.planted
        for fate in fates
        if fate.fate != "survived" and fate.planted.span_type not in REMADE_TYPES
    ]


@pytest.fixture(scope="module")
def traces(planted: list[Planted], tmp_path_factory: pytest.TempPathFactory) -> str:
    """All that the console wrote anywhere, as one text."""
    folder = tmp_path_factory.mktemp("console")
    house = founded(
        folder,
        NETFT_PSEUDONYM_KEYS=f"main:{b64encode(KEY).decode()}",
        NETFT_DEFAULT_KEY_ID="main",
        NETFT_LOG_LEVEL="DEBUG",
    )
    said = [
        told(house, "import_records", str(tickets(folder, planted)), *COLUMNS),
        told(house, "import_reviews", str(reviews(folder, planted)), "--project",
             "noc", "--create-reviewers", "--json"),
        told(house, "build_dataset", "first", "--project", "noc", "--json"),
        told(house, "export_dataset", "first", "--format", "classification", "-o",
             str(folder / "var" / "export.jsonl")),
    ]  # fmt: skip
    with database(house) as connection:
        dump = "\n".join(connection.iterdump())
    files = [
        path.read_bytes().decode("latin-1") + path.name
        for path in (folder / "var").rglob("*")
        if path.is_file()
    ]
    return "\n".join([*said, dump, *files])


COLUMNS = ("--project", "noc", "--json", "--map", "external_id=id", "--map",
           "title=title", "--map", "body=text", "--map", "resolution=solution",
           "--map", "category=kind")  # fmt: skip


def told(house: dict[str, str], *args: str) -> str:
    """Run a command, which must succeed, and return all that it said."""
    command = [sys.executable, "manage.py", *args]
    done = subprocess.run(
        command, cwd=ROOT, env=house, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout + done.stderr


def tickets(folder: Path, planted: list[Planted]) -> Path:
    """A canary in the body of each ticket, and another one in some resolutions."""
    return tickets_file(
        folder,
        (
            {
                "id": f"T{n}",
                "title": f"Slow pages on floor {n}",
                "text": one.text,
                "solution": planted[n - 2].text if n % 2 else "Cleaned the optic.",
                "kind": ("lan", "wan", "wifi")[n % 3],
            }
            for n, one in enumerate(planted)
        ),
    )


def reviews(folder: Path, planted: list[Planted]) -> Path:
    """Two reviewers agree on every ticket, and one tells a secret in an answer."""
    path = folder / "reviews.csv"
    with path.open("w", newline="") as stream:
        sheet = csv.writer(stream)
        sheet.writerow(["external_id", "reviewer", "severity", "response"])
        for n, one in enumerate(planted):
            level = LEVELS[n % 4]
            sheet.writerow([f"T{n}", "bea", level, one.text])
            sheet.writerow([f"T{n}", "carl", level, ""])
    return path


def test_every_ticket_went_all_the_way(traces: str, planted: list[Planted]):
    assert len(planted) > 150
    assert traces.count('"label"') > 50


@pytest.mark.parametrize("span_type", sorted({t.type for t in TEMPLATES}))
def test_no_planted_value_stands_anywhere(
    span_type: str, traces: str, planted: list[Planted]
):
    mine = [one for one in planted if one.span_type == span_type]

    found = {one.template for one in mine if one.value in traces}

    assert not found
