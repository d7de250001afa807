"""Numbers of the right form, told from lookalikes by what their issuers publish."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.sanitize import checks

# Published test numbers of the card networks.
CARDS = (
    "4242 4242 4242 4242", "4000056655665556", "5555555555554444", "2223003122003222",
    "378282246310005", "371449635398431", "6011111111111117", "3056930009020004",
    "3566002020360505", "6200000000000005",
)  # fmt: skip


@pytest.mark.parametrize("number", CARDS)
def test_cards_of_every_network_are_known(number: str):
    assert checks.is_card(number)


@pytest.mark.parametrize("number", CARDS)
@given(place=st.integers(0, 14), step=st.integers(1, 9))
def test_a_changed_digit_makes_a_card_none(number: str, place: int, step: int):
    digits = [*number.replace(" ", "")]
    at = place % len(digits)
    digits[at] = str((int(digits[at]) + step) % 10)

    assert not checks.is_card("".join(digits))


@pytest.mark.parametrize(
    "number", ["0000000000000000", "1111111111111117", "4242424242424", "9" * 16]
)
def test_no_issuer_gives_out_such_cards(number: str):
    assert not checks.is_card(number)


# ISO 13616 registry examples.
@pytest.mark.parametrize(
    "number",
    ["GB29 NWBK 6016 1331 9268 19", "DE89370400440532013000", "NO9386011117947"],
)
def test_ibans_carry_their_check(number: str):
    assert checks.is_iban(number)
    assert not checks.is_iban(number[:-1] + ("1" if number[-1] != "1" else "2"))


@pytest.mark.parametrize("number", ["000-12-3456", "666-12-3456", "900-12-3456"])
def test_areas_that_nobody_has_are_no_social_security_numbers(number: str):
    assert not checks.is_social_security(number)
    assert not checks.is_social_security("123-00-4567")
    assert not checks.is_social_security("123-45-0000")
    assert checks.is_social_security("123-45-6789")


@pytest.mark.parametrize("value", ["2024-03-11 10:00", "10.20.30.40", "1111111", "123"])
def test_dates_addresses_and_counters_are_no_phones(value: str):
    assert not checks.is_phone(value)


@pytest.mark.parametrize("value", ["0x1f4a22", "2024-03-11", "Gi0/0/1.100", "1.2.3.4"])
def test_interfaces_and_dates_are_no_circuits(value: str):
    assert not checks.is_circuit(value)


@pytest.mark.parametrize("name", ["Router", "localhost", "switch", "10.1.2.3", "::1"])
def test_a_factory_name_says_nothing_about_anybody(name: str):
    assert not checks.is_hostname(name)
    assert checks.is_hostname("fra1-core-rtr01")


def test_teams_and_roles_are_no_persons():
    assert not checks.is_person("Service Desk")
    assert not checks.is_person("Network Operations")
    assert checks.is_person("Jane Faker")
