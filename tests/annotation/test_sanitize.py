"""Every catalogue entry by its examples, what is held, and recall on golden cases."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from annotation.domain.sanitize import (
    Context,
    Keyring,
    Knowledge,
    Sanitizer,
    Span,
    engine,
)
from annotation.domain.sanitize.headers import COLUMNS, Column
from annotation.domain.sanitize.identifiers import IDENTIFIERS, find_identifiers
from annotation.domain.sanitize.identifiers import Rule as Identifier
from annotation.domain.sanitize.rules import COMMANDS, SHAPES, Rule
from annotation.domain.sanitize.sections import SECTIONS, Section
from annotation.domain.sanitize.views import view
from tests.annotation.sanitizing import KEY, SANITIZER

GOLDEN = Path(__file__).resolve().parents[2] / ".." / "shared" / "golden"
EXAMPLES = [
    pytest.param(entry, text, id=f"{entry.name}-{number}")
    for entry in (*SHAPES, *COMMANDS, *SECTIONS)
    for number, text in enumerate(entry.matches)
]
CLEAN = [
    pytest.param(entry, text, id=f"{entry.name}-{number}")
    for entry in (*SHAPES, *COMMANDS, *SECTIONS)
    for number, text in enumerate(entry.clean)
]


UNDER_HEADERS = [
    pytest.param(column, text, id=f"{column.name}-{number}")
    for column in COLUMNS
    for number, text in enumerate(column.matches)
]
NO_HEADERS = [
    pytest.param(column, text, id=f"{column.name}-{number}")
    for column in COLUMNS
    for number, text in enumerate(column.clean)
]


@pytest.mark.parametrize(("column", "text"), UNDER_HEADERS)
def test_a_column_is_read_under_its_header(column: Column, text: str):
    rules = {span.rule for span in SANITIZER.sanitize(text).spans}

    assert column.name in rules


@pytest.mark.parametrize(("column", "text"), NO_HEADERS)
def test_no_column_is_read_without_its_header(column: Column, text: str):
    rules = {span.rule for span in SANITIZER.sanitize(text).spans}

    assert column.name not in rules


NAMED = [
    pytest.param(entry, text, id=f"{entry.name}-{number}")
    for entry in IDENTIFIERS
    for number, text in enumerate(entry.matches)
]
PLAIN = [
    pytest.param(entry, text, id=f"{entry.name}-{number}")
    for entry in IDENTIFIERS
    for number, text in enumerate(entry.clean)
]


@pytest.mark.parametrize(("entry", "text"), NAMED)
def test_every_kind_of_identifier_is_found_in_its_examples(
    entry: Identifier, text: str
):
    found = find_identifiers(view(text))

    assert entry.name in {finding.rule for finding in found}


@pytest.mark.parametrize(("entry", "text"), PLAIN)
def test_no_kind_of_identifier_is_found_where_there_is_none(
    entry: Identifier, text: str
):
    assert entry.name not in {one.rule for one in find_identifiers(view(text))}


@pytest.mark.parametrize(("entry", "text"), EXAMPLES)
def test_every_catalogue_entry_catches_its_examples(entry: Rule | Section, text: str):
    result = SANITIZER.sanitize(text)

    assert "fake" not in result.text.lower()
    assert any(span.type == entry.type for span in result.spans)


@pytest.mark.parametrize(("entry", "text"), CLEAN)
def test_no_catalogue_entry_touches_what_it_must_not(entry: Rule | Section, text: str):
    spans = SANITIZER.sanitize(text).spans

    assert entry.name not in {span.rule for span in spans}


def test_hidden_characters_hide_nothing():
    text = (
        "pass\u200bword: Zer0W1dth! p\u0430ssword: Cyr1llicA! from １０．３０．１．１５"
    )

    result = SANITIZER.sanitize(text)

    assert "Zer0W1dth!" not in result.text
    assert "Cyr1llicA!" not in result.text
    assert "１０．３０．１．１５" not in result.text


@pytest.mark.parametrize("text", ["bad \ufffd byte", "a\x00b", "lone \ud800 half"])
def test_undecodable_text_is_held(text: str):
    result = SANITIZER.sanitize(text)

    assert (result.held, result.text) == (True, "")
    assert result.reason == "undecodable content"


def test_a_text_beyond_the_limit_is_held():
    result = Sanitizer(Keyring(KEY), max_chars=100).sanitize("a" * 101)

    assert result.held
    assert "100 characters" in result.reason


def test_a_broken_detector_holds_the_text_and_tells_none_of_it(
    monkeypatch: pytest.MonkeyPatch,
):
    def explode(*_args: object) -> None:
        raise ValueError("password: Winter2024!")

    monkeypatch.setattr(engine, "find_pii", explode)

    result = SANITIZER.sanitize("password: Winter2024!")

    assert (result.held, result.text, result.spans) == (True, "", ())
    assert result.reason == "engine failure: ValueError"


def test_a_manifest_that_does_not_fit_holds():
    manifest = [Span(0, 5, "cred", "x", "ZCRED")]

    assert SANITIZER.sanitize("hello", manifest=manifest).held


def test_a_manifest_of_another_key_holds():
    other = Sanitizer(Keyring(bytes(range(1, 33)))).sanitize("password: Winter2024!x")

    result = SANITIZER.sanitize(other.text, manifest=other.spans)

    assert (result.held, result.reason) == (True, "manifest of another key")


# What is caught of every kind; it only goes up.
RATCHET = {
    "cred": 1.0,
    "snmp": 1.0,
    "token": 1.0,
    "pem": 1.0,
    "ipv4": 1.0,
    "ipv6": 1.0,
    "mac": 1.0,
    "email": 1.0,
    "customer": 1.0,
    "domain": 1.0,
    "hostname": 1.0,
    "user": 1.0,
    "person": 1.0,
    "phone": 1.0,
    "card": 1.0,
    "ssn": 1.0,
    "serial": 1.0,
    "circuit": 1.0,
    "asn": 1.0,
}


def test_recall_on_the_golden_cases_never_goes_down():
    if not GOLDEN.is_dir():
        pytest.skip("the golden cases are not beside this checkout")
    names = json.loads((GOLDEN / "sanitize_context.json").read_text())
    sanitizer = Sanitizer(
        Keyring(KEY), Knowledge(Context(**{k: tuple(v) for k, v in names.items()}))
    )
    lines = (GOLDEN / "sanitize_cases.jsonl").read_text().splitlines()
    cases = [json.loads(line) for line in lines]

    results = [sanitizer.sanitize(case["text"]) for case in cases]

    caught, total, kept, wanted = Counter(), Counter(), 0, 0
    for case, result in zip(cases, results, strict=True):
        for kind, secret in zip(case["secret_types"], case["secrets"], strict=True):
            total[kind] += 1
            caught[kind] += secret not in result.text
        kept += sum(word in result.text for word in case["keep"])
        wanted += len(case["keep"])
    assert not any(result.held for result in results)
    worse = {k for k, share in RATCHET.items() if caught[k] / total[k] < share}
    assert not worse
    assert kept == wanted
