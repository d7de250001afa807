"""`manage.py sanitize`: text and JSONL through the real process, no database."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from netft_site.base.refusals import Refused

ROOT = Path(__file__).resolve().parents[2]
CONTEXT = {"customers": ["Northwind Freight"], "users": ["bsmith"]}


def _run(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run the command with a database that does not exist: it needs none."""
    environment = {**os.environ, "DATABASE_URL": "sqlite:////nowhere/at/all.sqlite3"}
    return subprocess.run(
        [sys.executable, "manage.py", "sanitize", *arguments],
        input=given,
        capture_output=True,
        check=False,
        cwd=ROOT,
        env=environment,
    )


def _rows(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def context(tmp_path: Path) -> str:
    path = tmp_path / "context.json"
    path.write_text(json.dumps(CONTEXT))
    return str(path)


def test_text_comes_out_as_text_with_its_line_ends(tmp_path: Path, context: str):
    path = tmp_path / "ticket.txt"
    path.write_bytes(b"password: Winter2024!\r\nNorthwind Freight is down")

    done = _run(str(path), "--context", context)

    assert done.returncode == 0
    assert done.stdout.startswith(b"password: ZCRED_")
    assert b"\r\nZCUST_" in done.stdout
    assert done.stdout.endswith(b" is down")


def test_held_text_prints_nothing_and_refuses():
    done = _run(given=b"half a \xff byte and a password: Winter2024!")

    assert (done.returncode, done.stdout) == (1, b"")
    assert b"undecodable" in done.stderr
    assert b"Winter2024!" not in done.stderr


def test_json_is_one_object_with_places_in_the_returned_text():
    done = _run("-", "--json", given="é password: Winter2024!".encode())

    (row,) = _rows(done)
    assert done.stdout.isascii()
    assert set(row) == {"text", "spans", "tripwires", "held"}
    (span,) = row["spans"]
    assert set(span) == {"start", "end", "type", "rule", "token"}
    assert row["text"][span["start"] : span["end"]] == span["token"]
    assert row["held"] is False


def test_jsonl_gives_one_line_for_each_line_whatever_it_holds():
    given = (
        b'{"text": "host 10.1.2.3", "id": 7}\n'
        b"not json\n"
        b'{"text": 5}\n'
        b'{"text": "lone \\ud800"}\n'
        b'{"text": "broken \xff"}\n'
        b"\n"
        b'{"text": "all quiet"}'
    )

    done = _run("--format", "jsonl", given=given)

    rows = _rows(done)
    assert done.returncode == 0
    assert [row["held"] for row in rows] == [False, True, True, True, True, True, False]
    assert [row["text"] for row in rows if row["held"]] == [""] * 5
    assert rows[0]["spans"][0]["type"] == "ipv4"
    assert rows[-1]["text"] == "all quiet"
    assert done.stderr.count(b"no JSON object") == 3


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "no_context"),
        ("{", "bad_context"),
        ('{"clients": []}', "bad_context"),
        ('{"users": "bsmith"}', "bad_context"),
        ("[]", "bad_context"),
    ],
)
@pytest.mark.parametrize("form", ["text", "jsonl"])
def test_a_bad_dictionary_refuses_before_any_text_is_read(
    tmp_path: Path, content: str | None, code: str, form: str
):
    path = tmp_path / "context.json"
    if content is not None:
        path.write_text(content)

    out = io.StringIO()
    with pytest.raises(Refused) as refusal:
        call_command(
            "sanitize", "--format", form, "--context", str(path), "--json", stdout=out
        )

    assert refusal.value.code == code
    assert json.loads(out.getvalue()) == refusal.value.as_dict()


def test_a_missing_file_refuses_and_a_wrong_format_is_a_wrong_call(tmp_path: Path):
    missing = _run(str(tmp_path / "absent.txt"), "--json")
    wrong = _run("--format", "xml")

    assert (missing.returncode, wrong.returncode) == (1, 2)
    assert _rows(missing)[0]["error"]["code"] == "no_file"
