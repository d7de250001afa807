"""Tokens: keyed, checked, the same for every spelling of one value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.sanitize import TOKEN_SHAPE, KeyRefused, Keyring
from annotation.domain.sanitize.pseudonyms import LABELS, canonical

RING = Keyring(bytes(range(32)), "k1")
OTHER = Keyring(bytes(range(1, 33)), "k2")
kinds = st.sampled_from(sorted(LABELS))
values = st.text(min_size=1)


@given(kind=kinds, value=values)
def test_a_token_has_its_shape_and_is_recognised_as_ours(kind: str, value: str):
    token = RING.token(kind, value)

    assert TOKEN_SHAPE.fullmatch(token)
    assert token.startswith(f"Z{LABELS[kind]}_")
    assert RING.is_token(token)


@given(kind=kinds, value=values)
def test_another_key_makes_another_token_and_disowns_ours(kind: str, value: str):
    assert OTHER.token(kind, value) != RING.token(kind, value)


def test_of_many_tokens_of_another_key_almost_none_pass_our_check():
    foreign = [OTHER.token("cred", str(n)) for n in range(2000)]

    assert sum(map(RING.is_token, foreign)) <= 2


def test_a_changed_character_breaks_the_check():
    token = RING.token("hostname", "fra1-core-rtr01")
    changed = token[:-1] + ("A" if token[-1] != "A" else "B")

    assert RING.is_token(token)
    assert not RING.is_token(changed)


def test_tokens_are_found_inside_longer_words():
    token = RING.token("customer", "Northwind")
    text = f"vs_{token}_https ZCUST_ABCDEFGHIJKLM {token}"

    found = [text[start:end] for start, end in RING.own_tokens(text)]

    assert found == [token, token]


@pytest.mark.parametrize(
    ("kind", "spellings"),
    [
        ("customer", ["Northwind Freight", "NORTHWIND-FREIGHT", "northwindfreight"]),
        ("email", ["Tom@Example.com", "tom@example.com"]),
        ("hostname", ["FRA1-CORE", "fra1-core"]),
    ],
)
def test_spellings_of_one_name_share_a_token(kind: str, spellings: list[str]):
    assert len({RING.token(kind, spelling) for spelling in spellings}) == 1


def test_secrets_that_differ_in_case_differ():
    assert RING.token("cred", "Secret1") != RING.token("cred", "secret1")


def test_a_name_of_separators_only_still_has_a_form():
    assert canonical("customer", "--") == "--"


def test_fifty_thousand_values_have_as_many_tokens():
    tokens = {RING.token("cred", f"value {n}") for n in range(50_000)}

    assert len(tokens) == 50_000


def test_tokens_survive_the_emptying_of_the_cache():
    first = RING.token("cred", "again")
    for n in range(60_000):
        RING.token("user", str(n))

    assert RING.token("cred", "again") == first


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused(size: int):
    with pytest.raises(KeyRefused) as refusal:
        Keyring(b"k" * size)

    assert refusal.value.size == size


def test_the_key_shows_neither_in_repr_nor_in_the_check_value():
    key = bytes(range(32))

    assert key.hex()[:16] not in RING.check_value
    assert repr(RING) == "Keyring(key_id='k1')"
    assert RING.check_value == Keyring(key, "other name").check_value
    assert RING.check_value != OTHER.check_value


def test_every_purpose_has_its_own_subkey():
    labels = ["tok", "check", "ip4", "ip6", "mac", "find"]

    assert len({RING.subkey(label) for label in labels}) == len(labels)
    assert all(len(RING.subkey(label)) == 32 for label in labels)
