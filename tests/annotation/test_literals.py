"""One scan for every literal finds what looking for each of them would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.sanitize.literals import Literals

PIECES = ["pass", "password", "word", "key", " -", "$", "ß", "日本", "x"]
WORDS = st.lists(st.sampled_from([*PIECES, " ", "\n", "p", "😀"]), max_size=40)


@given(WORDS.map("".join))
def test_every_place_of_every_literal_is_found(text: str):
    places = Literals(PIECES).places(text)

    for literal in PIECES:
        begins = [at for at in range(len(text)) if text.startswith(literal, at)]
        assert list(places.get(literal, ())) == begins


def test_a_text_without_any_has_no_places():
    assert Literals(["pass"]).places("link is down") == {}
