"""Tests by which a number or name of the right form is told from a lookalike.

A catalogue entry names its test; each takes the value as written and says whether it
can be what the entry is about.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import AddressValueError, IPv6Address

from annotation.domain.sanitize import values
from annotation.domain.sanitize.words import WORDS

_NOT_DIGIT = re.compile(r"\D")
# Leading digits of issuers and the lengths they give out (ISO/IEC 7812; the networks'
# published ranges): American Express, Diners, Visa, Mastercard, Discover, JCB, Maestro.
_ISSUERS = (
    (re.compile(r"3[47]"), (15,)),
    (re.compile(r"30[0-5]|3[689]"), (14, 16, 19)),
    (re.compile(r"4"), (13, 16, 19)),
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),
    (re.compile(r"6011|64[4-9]|65|62"), (16, 19)),
    (re.compile(r"35(?:2[89]|[3-8])"), (16,)),
    (re.compile(r"50|5[6-9]|6"), (16, 18, 19)),
)
_DATE = re.compile(
    r"(?:19|20)\d\d[-./ ]?(?:0[1-9]|1[0-2])[-./ ]?(?:0[1-9]|[12]\d|3[01])"
)
_QUAD = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_LINE_NAME = re.compile(r"(?:vty|tty|con|aux|console|line)\d{0,3}")
_HEX = re.compile(r"0x[0-9a-f]{1,16}|[0-9a-f]{1,2}", re.IGNORECASE)


def is_card(value: str) -> bool:
    """Luhn's check digit, and a length that the issuer of the first digits uses.

    Examples
    --------
    >>> is_card("4242 4242 4242 4242"), is_card("4242 4242 4242 4241")
    (True, False)
    """
    digits = _NOT_DIGIT.sub("", value)
    if len(set(digits)) < 2 or not any(
        prefix.match(digits) and len(digits) in lengths for prefix, lengths in _ISSUERS
    ):
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (1 + place % 2)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def is_social_security(value: str) -> bool:
    """Area, group and serial that the US administration gives out (20 CFR 422.103)."""
    digits = _NOT_DIGIT.sub("", value)
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return (
        len(digits) == 9
        and area not in ("000", "666")
        and area < "900"
        and group != "00"
        and serial != "0000"
    )


def is_iban(value: str) -> bool:
    """The check digits of ISO 13616: the rearranged number is 1 modulo 97."""
    compact = value.replace(" ", "")
    if not 15 <= len(compact) <= 34:
        return False
    turned = compact[4:] + compact[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1


def is_phone(value: str) -> bool:
    """Seven to fifteen digits (E.164) that are no date and no address."""
    digits = _NOT_DIGIT.sub("", value)
    return (
        7 <= len(digits) <= 17
        and not _DATE.match(value)
        and not _QUAD.fullmatch(value)
        and len(set(digits)) > 2
    )


def is_serial(value: str) -> bool:
    """Letters and digits, or digits alone if there are enough of them."""
    return (
        not _HEX.fullmatch(value)
        and not _DATE.fullmatch(value)
        and sum(map(str.isdigit, value)) >= (2 if any(map(str.isalpha, value)) else 6)
    )


def is_circuit(value: str) -> bool:
    """No date, address, hexadecimal number, interface or ticket."""
    return not (
        _DATE.match(value)
        or _QUAD.match(value)
        or value[:2].lower() == "0x"
        or (not value.isdigit() and not values.looks_identifying(value))
    )


def is_hostname(value: str) -> bool:
    """A name that somebody chose: no vendor's default, no word of sentences."""
    low = value.lower().rstrip(".")
    if low in WORDS["generic_hosts"] or values.is_plain_word(value):
        return False
    return not _QUAD.fullmatch(low) and not is_ipv6(low)


def is_domain(value: str) -> bool:
    """A domain of somebody's own: none that is reserved for examples (RFC 2606)."""
    low = value.lower().rstrip(".")
    return low.rsplit(".", 2)[-2:] != ["example", low.rpartition(".")[2]] and (
        low.rpartition(".")[2] not in ("invalid", "test", "example", "localhost")
    )


def is_user(value: str) -> bool:
    """An account of a person: no vendor's default and no word of sentences."""
    low = value.lower()
    if _LINE_NAME.fullmatch(low) or _QUAD.fullmatch(low):
        return False
    return low not in WORDS["generic_users"] and not values.is_plain_word(value)


def is_person(value: str) -> bool:
    """No part of the name is a word for a role, a team or a company."""
    return WORDS["no_names"].isdisjoint(value.lower().split())


def is_ipv6(value: str) -> bool:
    """Say whether `value` is an IPv6 address."""
    try:
        IPv6Address(value)
    except AddressValueError:
        return False
    return True


def is_asn(value: str) -> bool:
    """A number of an autonomous system: up to 32 bits (RFC 6793)."""
    return value.isdigit() and 0 < int(value) < 1 << 32


CHECKS: dict[str, Callable[[str], bool]] = {
    "card": is_card,
    "ssn": is_social_security,
    "iban": is_iban,
    "phone": is_phone,
    "serial": is_serial,
    "circuit": is_circuit,
    "hostname": is_hostname,
    "domain": is_domain,
    "user": is_user,
    "person": is_person,
    "asn": is_asn,
}
"""Name of a test, as catalogues write it, to the test."""
