"""Values known by a hash alone are found just where the slow way finds them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.sanitize import Keyring
from annotation.domain.sanitize.knowledge import candidates, value_hash
from annotation.domain.sanitize.recalled import KnownHashes, KnownTokens
from annotation.services.known_secrets import tokens_in

KEYRING = Keyring(bytes(range(32)))
WORDS = ("Qz7!xkw9", "brontal2041kvan", "key=Qz7!xkw9", "winter", "Gi1/0/3", "10.0.0.1")
SECRETS = ("Qz7!xkw9", "brontal2041kvan", "winter", "Gi1/0/3", "pass\ud800word1")


def tokens(values=SECRETS, kinds=("cred", "snmp", "token", "pem")) -> list[str]:
    return [KEYRING.token(kind, value) for kind in kinds for value in values]


@pytest.fixture
def known() -> KnownTokens:
    return KnownTokens(KEYRING, tokens())


texts = st.lists(
    st.one_of(
        st.sampled_from(WORDS),
        st.text(max_size=12),
        st.sampled_from(["\n", "\x1c", "(", '"', "", "pass\ud800word1"]),
    ),
    max_size=12,
).map(" ".join)


@given(texts)
def test_known_tokens_are_those_that_comparing_word_by_word_finds(text):
    known = KnownTokens(KEYRING, tokens())

    found = known.find(text)

    assert found == tokens_in(text, KEYRING).keys() & set(tokens())
    # Once more, with what is remembered.
    assert known.find(text) == found


def test_a_word_that_was_harmless_is_found_beside_a_known_one(known):
    assert known.find("rack 12ab34cd") == set()

    found = known.find("rack 12ab34cd, key=Qz7!xkw9")

    assert found == set(tokens(["Qz7!xkw9"], ["cred", "snmp", "token"]))


def test_what_is_no_token_of_this_key_is_found_nowhere():
    other = Keyring(bytes(32 * [7])).token("cred", "Qz7!xkw9")
    known = KnownTokens(KEYRING, [other, "ZCRED_short", "ZCRED_189abcdefghij", "x"])

    assert known.find("key=Qz7!xkw9 189abcdefghij") == set()


@given(texts)
def test_known_hashes_are_those_of_the_words_and_phrases_of_a_text(text):
    hashes = [value_hash(KEYRING, v) for v in ("Qz7!xkw9", "winter Gi1/0/3")]
    known = KnownHashes(KEYRING, hashes)

    slow = {value_hash(KEYRING, text[a:b]) for a, b in candidates(text)}

    assert known.stand_in(text) == bool(slow & set(hashes))


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ("he said winter  Gi1/0/3, then left", True),
        ("he said winter\nGi1/0/3, then left", False),
        ("a winter of Gi1/0/3", False),
    ],
)
def test_a_phrase_is_one_value_within_a_line(text, stands):
    known = KnownHashes(KEYRING, [value_hash(KEYRING, "winter Gi1/0/3")])

    assert known.stand_in(text) is stands
