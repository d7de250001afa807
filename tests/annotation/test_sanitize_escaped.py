"""Text inside JSON strings and base64 is read as what it says."""

from __future__ import annotations

import base64
import json

import pytest

from annotation.domain.sanitize.rules import COMMANDS, SHAPES
from annotation.domain.sanitize.sections import SECTIONS
from annotation.domain.sanitize.views import view
from tests.annotation.sanitizing import SANITIZER

EXAMPLES = [
    pytest.param(text, id=f"{entry.name}-{number}")
    for entry in (*SHAPES, *COMMANDS, *SECTIONS)
    for number, text in enumerate(entry.matches)
]


@pytest.mark.parametrize("text", EXAMPLES)
def test_what_is_caught_in_a_text_is_caught_in_its_json(text: str):
    raw = json.dumps({"id": 7, "body": f"before\n{text}\nafter"})

    result = SANITIZER.sanitize(raw)

    assert "fak" not in result.text.lower()
    body = json.loads(result.text)["body"]
    assert body.startswith("before\n")
    assert body.endswith("after")


@pytest.mark.parametrize("text", ["enable secret 0 fak3word", "snmpwalk -c fak3word h"])
def test_json_in_json_is_read_too(text: str):
    raw = json.dumps({"log": json.dumps({"line": f"x\n{text}\ny"})})

    result = SANITIZER.sanitize(raw)

    assert "fak3word" not in result.text
    assert "line" in json.loads(json.loads(result.text)["log"])


@pytest.mark.parametrize(
    "text",
    [
        "enable secret fak3word",
        "hostname fra1-core-rtr01\nsnmp-server community fak3word RO\n" * 4,
        "mysql -u root -pfak3word db",
    ],
)
@pytest.mark.parametrize("encode", [base64.b64encode, base64.encodebytes])
def test_base64_that_hides_a_secret_goes_as_a_whole(text: str, encode):
    encoded = encode(text.encode()).decode()

    assert encoded.strip() not in SANITIZER.sanitize(f"config: {encoded} end").text


def test_base64_that_hides_nothing_stays():
    encoded = base64.b64encode(b"interface up, all users are happy again").decode()

    assert encoded in SANITIZER.sanitize(f"note {encoded} end").text


@pytest.mark.parametrize("text", [r"C:\new\table", r"\\srv\names\t", r"regex \d+\n"])
def test_backslashes_of_paths_are_no_escapes(text: str):
    assert view(text).text == text


def test_a_replaced_range_covers_a_whole_escape():
    raw = r'{"a":"password: Zx9\u00e4Qr7!k\n10.1.2.3"}'

    result = SANITIZER.sanitize(raw)

    assert json.loads(result.text)["a"].startswith("password: ZCRED_")
    assert "Qr7" not in result.text
