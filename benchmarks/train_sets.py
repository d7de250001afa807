"""Labelled texts for `train_cpu.py`: invented tickets, and real ones where they are."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

LEVELS = ("critical", "high", "medium", "low")
FEWEST_OF_A_CLASS = 20
_SUBJECTS = ("core switch", "WAN link", "access point", "VPN gateway", "BGP session")
_SYMPTOMS = (
    ("is down, whole site without service", "fails over again and again"),
    ("drops packets for many users", "lost its redundant path"),
    ("is slow at peak hours", "logs CRC errors on one port"),
    ("needs a new description", "should be added to monitoring"),
)
_FILLERS = (
    "interface counters show %d input errors since the last clear",
    "uptime is %d hours and no change was planned",
    "%d users called the desk and the ticket was passed on",
    "the log repeats the same message every %d seconds",
)

Row = dict[str, str]


@dataclass(frozen=True)
class Splits:
    """A task: its labels, and rows to learn from, to choose by, to be measured on."""

    name: str
    labels: tuple[str, ...]
    train: list[Row]
    dev: list[Row]
    test: list[Row]


def invented(count: int, seed: int) -> Splits:
    """Tickets of ticket-like lengths, about 15 to 100 tokens."""
    sizes = {"train": count, "dev": 75, "test": 200}
    rows = {
        name: _tickets(size, seed + place, name)
        for place, (name, size) in enumerate(sizes.items())
    }
    return Splits("invented", LEVELS, **rows)


def real(folder: Path, count: int, seed: int) -> list[Splits]:
    """The real tasks under a folder; empty where they are not there.

    Of bug summaries `count` are learned from; of network log lines all of the classes
    with 20 lines or more, three fifths of each.
    """
    found = []
    bugs = folder / "mozilla_severity" / "dev.jsonl"
    if bugs.is_file():
        found.append(_split("mozilla_severity", _read(bugs, "severity4"), seed, count))
    lines = folder / "noc_syslog" / "dev.jsonl"
    if lines.is_file():
        found.append(_split("noc_syslog", _read(lines, "category_l1"), seed, None))
    return found


def _read(path: Path, label: str) -> list[Row]:
    """Rows of one file, each text once, without rare classes."""
    rows: dict[str, Row] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        raw = json.loads(line)
        if raw[label]:
            row = {"id": raw["id"], "text": raw["text"], "label": raw[label]}
            rows.setdefault(raw["text"], row)
    sizes = Counter(row["label"] for row in rows.values())
    return [r for r in rows.values() if sizes[r["label"]] >= FEWEST_OF_A_CLASS]


def _split(name: str, rows: list[Row], seed: int, count: int | None) -> Splits:
    """Stratified: three fifths TRAIN, a fifth DEV, a fifth TEST; or `count` in TRAIN.

    With a count, DEV has a fifth as many and TEST 1,000 rows.
    """
    rng = random.Random(seed)
    labels = tuple(dict.fromkeys(row["label"] for row in rows))
    if set(labels) == set(LEVELS):
        labels = LEVELS
    size = len(rows)
    wanted = (count, count // 5, 1_000) if count else (size * 3 // 5, size // 5, size)
    parts: list[list[Row]] = [[], [], []]
    for label in labels:
        of_label = [row for row in rows if row["label"] == label]
        rng.shuffle(of_label)
        start = 0
        for part, total in zip(parts, wanted, strict=True):
            many = round(total * len(of_label) / size)
            part += of_label[start : start + many]
            start += many
    for part in parts:
        rng.shuffle(part)
    return Splits(name, labels, *parts)


def _tickets(count: int, seed: int, prefix: str) -> list[Row]:
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        level = rng.choices(range(4), weights=(1, 2, 4, 3))[0]
        shown = level if rng.random() < 0.8 else rng.randrange(4)
        parts = [f"{rng.choice(_SUBJECTS)} {rng.choice(_SYMPTOMS[shown])}"]
        for _ in range(rng.choice((0, 1, 1, 2, 2, 3, 5))):
            parts.append(rng.choice(_FILLERS) % rng.randrange(2, 900))
        text = ", ".join(parts)
        rows.append({"id": f"{prefix}{number}", "text": text, "label": LEVELS[level]})
    return rows
