"""Columns keep their place, and nothing but gaps gives way."""

from __future__ import annotations

from annotation.domain.sanitize import Span
from annotation.domain.sanitize.layout import keep_columns
from annotation.domain.sanitize.resolve import apply
from tests.annotation.sanitizing import SANITIZER

TABLE = """\
Interface              IP-Address      OK? Method Status
GigabitEthernet0/1     10.1.2.3        YES NVRAM  up
GigabitEthernet0/2     192.168.200.1   YES manual up
Loopback0              203.0.113.250   YES NVRAM  up"""


def replaced(text: str, value: str, token: str) -> str:
    start = text.index(value)
    pieces = [Span(start, start + len(value), "x", "x", token)]
    return apply(text, [], [*pieces, *keep_columns(text, pieces)])[0]


def test_the_columns_of_a_table_stay_under_their_headers():
    lines = SANITIZER.sanitize(TABLE).text.split("\n")

    place = lines[0].index("OK?")
    assert [line[place : place + 3] for line in lines[1:]] == ["YES", "YES", "YES"]


def test_a_longer_value_takes_from_the_gap_behind_it():
    assert replaced("ab   cd    ef", "ab", "xxxx") == "xxxx cd    ef"


def test_what_one_gap_cannot_give_the_next_one_does():
    assert replaced("ab  cd       ef", "ab", "x" * 6) == "x" * 6 + " cd    ef"


def test_a_shorter_value_gives_to_the_gap_behind_it():
    assert replaced("abcd   ef", "abcd", "x") == "x      ef"


def test_prose_is_left_as_it_is():
    assert replaced("seen ab today.", "ab", "xxxxxx") == "seen xxxxxx today."
    assert replaced("seen abcd.  And so on", "abcd", "x") == "seen x.  And so on"


def test_a_gap_of_the_next_line_is_not_touched():
    assert replaced("ab  c\nde    f", "ab", "x" * 9) == "x" * 9 + " c\nde    f"
