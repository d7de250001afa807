"""Numbers of networks: one to one, in their class, by key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.sanitize.asnmap import AsnMap
from annotation.domain.sanitize.pseudonyms import Keyring

MAP = AsnMap(Keyring(bytes(range(32))))
OTHER = AsnMap(Keyring(bytes(range(1, 33))))
CLASSES = (
    range(1, 23456),
    range(23457, 64496),
    range(64496, 64512),
    range(64512, 65535),
    range(65536, 65552),
    range(65552, 4_200_000_000),
    range(4_200_000_000, 4_294_967_295),
)


@given(st.integers(0, 2**32 - 1))
def test_a_network_stays_in_its_class(number: int):
    mapped = MAP.map(number)

    assert all((number in kind) == (mapped in kind) for kind in CLASSES)


@pytest.mark.parametrize("number", [0, 23456, 65535, 4_294_967_295])
def test_reserved_numbers_stay(number: int):
    assert MAP.map(number) == number


@pytest.mark.parametrize("numbers", [CLASSES[0], CLASSES[2], CLASSES[3], CLASSES[4]])
def test_no_two_networks_of_a_class_become_one(numbers: range):
    assert sorted(map(MAP.map, numbers)) == list(numbers)


def test_another_key_gives_another_map():
    numbers = range(1, 2000)

    assert sum(MAP.map(n) == OTHER.map(n) for n in numbers) < 20
    assert sum(MAP.map(n) == n for n in numbers) < 20
