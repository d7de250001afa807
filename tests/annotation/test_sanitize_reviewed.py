"""What a review asks of the engine: reasons, false alarms, texts sanitized before."""

from __future__ import annotations

import pytest

from annotation.domain.importing.cleaning import Cleaner
from annotation.domain.importing.recleaning import Recleaner
from annotation.domain.importing.tickets import Ticket
from annotation.domain.sanitize import (
    Keyring,
    Knowledge,
    Sanitizer,
    value_hash,
    without_named,
)
from annotation.domain.sanitize.rules import COMMANDS, SHAPES
from tests.annotation.reviewing_texts import HELD_BODY, WIRE
from tests.annotation.sanitizing import KEY, SANITIZER

KEYRING = Keyring(KEY, "test")
TEXT = (
    "enable secret hunter22X on 9.9.12.4 ok\n"
    "login fails with pass\u200bword: Zer0W1dth! twice\n"
    "and pw Xk9fLw2mQ8zR1 said"
)


def excusing(*hashes: str) -> Sanitizer:
    return Sanitizer(KEYRING, Knowledge(excused=frozenset(hashes)))


def test_explaining_finds_what_sanitizing_finds():
    found, hashes = SANITIZER.explain(TEXT)

    assert found == SANITIZER.sanitize(TEXT)
    assert len(hashes) == len(found.spans) == len(set(hashes))
    assert all("\0" not in span.rule for span in found.spans)


@pytest.mark.parametrize("value", ["hunter22X", "9.9.12.4", "Xk9fLw2mQ8zR1"])
def test_a_false_alarm_stands_whatever_else_its_line_loses(value):
    """The rounds after the first one see the line with its other replacements."""
    found, hashes = SANITIZER.explain(TEXT)
    token = {
        TEXT.index(value): span.token
        for span, value in zip(
            found.spans,
            ["hunter22X", "9.9.12.4", "Zer0W1dth!", "Xk9fLw2mQ8zR1"],
            strict=True,
        )
    }[TEXT.index(value)]
    at = [span.token for span in found.spans].index(token)

    excused = excusing(hashes[at]).sanitize(TEXT)

    assert excused.text == found.text.replace(token, value)
    assert len(excused.spans) == len(found.spans) - 1
    assert not excused.tripwires


def test_an_excused_value_is_no_tripwire_either():
    text = "enable secret Ab3dEf6hIj9kLm0 here"
    _, hashes = SANITIZER.explain(text)

    assert excusing(*hashes).sanitize(text).text == text


def test_the_hashes_of_a_ticket_are_those_of_its_parts():
    ticket = Ticket(1, title="T" * 600, body="on 9.9.12.4", resolution=TEXT)
    cleaner = Cleaner(SANITIZER, lambda raw: "0")

    alarms, clean = cleaner.alarms(ticket), cleaner.clean(ticket, "A")

    for name, places in clean.spans.items():
        assert [p[:3] for p in alarms[name]] == [p[:3] for p in places]
    assert alarms["resolution"][0][3] == SANITIZER.explain(TEXT)[1][0]


def test_certain_tripwires_are_taken_with_their_echoes():
    assert SANITIZER.sanitize(HELD_BODY).held

    taken = SANITIZER.taking_wires().sanitize(HELD_BODY)

    assert not taken.held
    assert WIRE not in taken.text
    assert [(span.type, span.rule) for span in taken.spans] == [
        ("cred", "tripwire")
    ] * 2
    assert SANITIZER.sanitize(HELD_BODY).held


def test_nothing_else_is_taken():
    assert SANITIZER.taking_wires().sanitize(TEXT) == SANITIZER.sanitize(TEXT)
    assert SANITIZER.taking_wires().sanitize("bad \ufffd byte").held


def test_a_text_without_its_spans_keeps_its_mapped_addresses():
    once = SANITIZER.sanitize(TEXT).text
    again = SANITIZER.keeping_addresses()

    assert again.sanitize(once).text == once
    assert SANITIZER.sanitize(once).text != once


@pytest.mark.parametrize(
    "text",
    ["say sekret, he", "x=sekret&y", "u:sekret@box", '("sekret")', "http://a/sekret"],
)
def test_a_missed_value_is_found_inside_a_compound_word(text):
    known = Knowledge(missed={value_hash(KEYRING, "sekret"): "cred"})

    assert "sekret" not in Sanitizer(KEYRING, known).sanitize(text).text


def test_a_missed_value_is_not_found_inside_a_plain_word():
    known = Knowledge(missed={value_hash(KEYRING, "sekret"): "cred"})

    text = "sekretariat, unsekret"
    assert Sanitizer(KEYRING, known).sanitize(text).text == text


def test_values_are_found_again_by_their_pseudonyms():
    tokens = [KEYRING.token("cred", "Winter2024!"), KEYRING.token("person", "Jo Nes")]

    found = without_named(KEYRING, "It is Winter2024!, says Jo Nes. Winter is", tokens)

    assert found == f"It is {tokens[0]}, says {tokens[1]}. Winter is"


def test_searching_the_gaps_of_what_was_just_cleaned_finds_nothing():
    """Else every change of knowledge would report leaks that are none."""
    cleaner = Cleaner(SANITIZER, lambda raw: raw.hex()[:64])
    gaps = Recleaner(SANITIZER)
    examples = [text for rule in (*SHAPES, *COMMANDS) for text in rule.matches]

    for number, text in enumerate(examples):
        ticket = Ticket(number, title=text[:60], body=text, resolution=f"see {text}")
        clean = cleaner.clean(ticket, "A")
        again = gaps.again(clean)
        assert clean.held or (again.fresh, again.ticket) == ([], clean), text
