"""Real text that nobody here wrote: little of it is touched, and it still parses."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ntc_templates.parse import parse_output
from textfsm.parser import TextFSMError

from annotation.domain.sanitize import Sanitized
from tests.annotation.sanitizing import SANITIZER

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
# False alarms counted by hand on the show outputs: what stands here is none.
TRUE_PHONES = {"ntc-87052331b7cb": 1}  # a system contact that is a number


def rows(name: str) -> list[dict[str, Any]]:
    path = DATA / name / "dev.jsonl"
    if not path.is_file():
        pytest.skip(f"{name} is not beside this checkout")
    return [json.loads(line) for line in path.open()]


@pytest.fixture(scope="module")
def show_outputs() -> list[tuple[dict[str, Any], Sanitized]]:
    return [(row, SANITIZER.sanitize(row["text"])) for row in rows("ntc_show_outputs")]


def test_few_bug_reports_are_held_and_few_of_their_words_change():
    texts = [row["text"] for row in rows("mozilla_severity")]
    picked = random.Random(2026).sample(texts, 2000)

    results = [SANITIZER.sanitize(text) for text in picked]

    changed = words = 0
    for text, result in zip(picked, results, strict=True):
        before = Counter(text.split())
        words += before.total()
        changed += (before - Counter(result.text.split())).total()
    assert sum(result.held for result in results) <= 0.05 * len(results)
    assert changed <= 0.005 * words


def test_few_lines_of_show_output_are_flagged_and_none_is_held(show_outputs):
    lines = sum(row["text"].count("\n") + 1 for row, _ in show_outputs)
    flagged = sum(
        len({done.text.count("\n", 0, wire.start) for wire in done.tripwires})
        for _, done in show_outputs
    )

    assert not any(done.held for _, done in show_outputs)
    assert flagged <= 0.04 * lines


def test_show_output_has_hardly_a_false_card_or_phone(show_outputs):
    megabytes = sum(len(row["text"].encode()) for row, _ in show_outputs) / 1e6
    found = Counter(
        row["id"]
        for row, done in show_outputs
        for span in done.spans
        if span.type in ("card", "phone", "ssn", "iban")
    )

    false = found - Counter(TRUE_PHONES)
    assert false.total() <= 0.2 * megabytes


def test_show_outputs_parse_to_the_same_structure_as_before(show_outputs):
    parsed = same = 0
    for row, done in show_outputs:
        before = structure(row, row["text"])
        if before:
            parsed += 1
            same += structure(row, done.text) == before

    assert parsed > 700
    assert same >= 0.99 * parsed


def structure(row: dict[str, Any], text: str) -> list[dict[str, int]] | None:
    """What a template reads: of every row, which fields are filled, lists by length."""
    try:
        found = parse_output(row["platform"], row["command"], text)
    except (TextFSMError, Exception):  # noqa: BLE001  (the package raises bare ones)
        return None
    return [
        {name: len(value) if isinstance(value, list) else bool(value)
         for name, value in one.items()}
        for one in found
    ]  # fmt: skip


def secrets_of(row: dict[str, Any], done: Sanitized) -> Iterator[tuple[str, str]]:
    for span in done.spans:
        if span.type in ("cred", "snmp", "token", "pem"):
            yield row["id"], done.text[max(0, span.start - 40) : span.end].lower()


def test_show_output_has_hardly_a_false_credential(show_outputs):
    megabytes = sum(len(row["text"].encode()) for row, _ in show_outputs) / 1e6
    found = [one for row, done in show_outputs for one in secrets_of(row, done)]
    words = ("communit", "securityname", "key", "secret", "password", "wpa2")

    # Read by hand: all that stand behind such a word are communities, keys, secrets.
    odd = [one for one in found if not any(word in one[1] for word in words)]
    assert len(odd) <= megabytes
