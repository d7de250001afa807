"""The address maps: prefixes and classes survive, the addresses do not."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.sanitize import Keyring, Sanitizer
from annotation.domain.sanitize.ipmap import AddressMap, PrefixMap, is_kept_ipv4

RING = Keyring(bytes(range(32)))
MAP = AddressMap(RING)
SANITIZER = Sanitizer(RING)

v4 = st.integers(0, 2**32 - 1)
mapped_v4 = st.integers(2**24, 0xEFFFFFFF).filter(lambda value: not is_kept_ipv4(value))
v6 = st.integers(0x2000 << 112, (0x4000 << 112) - 1)
V4_CLASSES = [
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
]


def _common(a: int, b: int, width: int) -> int:
    return width - (a ^ b).bit_length()


@st.composite
def neighbours(draw: st.DrawFn, width: int) -> tuple[int, int]:
    """Two values that share a drawn number of leading bits."""
    a = draw(st.integers(0, 2**width - 1))
    shared = draw(st.integers(0, width))
    low = draw(st.integers(0, 2 ** (width - shared) - 1))
    return a, (a >> (width - shared) << (width - shared)) | low


@st.composite
def mapped_neighbours(draw: st.DrawFn) -> tuple[int, int]:
    """Two IPv4 addresses that are not kept and share leading bits."""
    a = draw(mapped_v4)
    flipped = draw(st.integers(0, 2 ** draw(st.integers(0, 31)) - 1))
    b = a ^ flipped
    return a, (a if is_kept_ipv4(b) else b)


@given(pair=mapped_neighbours())
def test_ipv4_neighbours_share_exactly_as_many_bits_as_before(pair: tuple[int, int]):
    a, b = pair

    assert _common(MAP.ipv4(a), MAP.ipv4(b), 32) == _common(a, b, 32)


@given(address=v4)
def test_ipv4_addresses_stay_in_their_class(address: int):
    before, after = IPv4Address(address), IPv4Address(MAP.ipv4(address))

    assert [before in net for net in V4_CLASSES] == [after in net for net in V4_CLASSES]


@given(address=v4)
def test_an_ipv4_address_changes_unless_kept_but_not_its_last_octet(address: int):
    mapped = MAP.ipv4(address)

    assert (mapped == address) == is_kept_ipv4(address)
    assert mapped & 0xFF == address & 0xFF


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0",  # noqa: S104
        "255.255.255.255", "255.255.255.252", "255.255.0.0", "0.0.0.255",
        "0.0.3.255", "127.0.0.1", "224.0.0.5", "224.0.0.251", "8.8.8.8", "1.1.1.1",
        "239.255.255.250", "0.0.0.10",
    ],
)  # fmt: skip
def test_masks_wildcards_and_well_known_addresses_stay(text: str):
    assert MAP.ipv4(int(IPv4Address(text))) == int(IPv4Address(text))


def test_no_two_ipv4_addresses_become_one():
    random = Random(7)
    addresses = {random.getrandbits(32) for _ in range(20_000)}
    addresses |= {int(IPv4Address("8.8.8.0")) + n for n in range(256)}

    assert len({MAP.ipv4(address) for address in addresses}) == len(addresses)


@given(pair=mapped_neighbours(), host_bits=st.sampled_from([0, 4, 8]))
def test_kept_host_bits_are_a_choice(pair: tuple[int, int], host_bits: int):
    addresses = AddressMap(RING, host_bits=host_bits)
    a, b = pair
    kept = (1 << host_bits) - 1

    assert addresses.ipv4(a) & kept == a & kept
    assert _common(addresses.ipv4(a), addresses.ipv4(b), 32) == _common(a, b, 32)


@given(prefixes=neighbours(61))
def test_ipv6_prefixes_share_exactly_as_many_bits_as_before(prefixes: tuple[int, int]):
    a, b = ((1 << 61 | prefix) << 64 | 1 for prefix in prefixes)

    assert _common(MAP.ipv6(a), MAP.ipv6(b), 128) == _common(a, b, 128)


@given(address=v6)
def test_an_ipv6_address_changes_and_stays_global(address: int):
    mapped = MAP.ipv6(address)

    assert mapped != address
    assert IPv6Address(mapped) in IPv6Network("2000::/3")


@pytest.mark.parametrize("text", ["::", "::1", "ff02::1", "ff02::1:ff00:1", "fe80::1"])
def test_ipv6_addresses_without_identity_stay(text: str):
    assert MAP.ipv6(int(IPv6Address(text))) == int(IPv6Address(text))


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("fd12:3456:789a::1", "fc00::/7"), ("2001:db8:1::1", "2001:db8::/32"),
        ("fe80::1234:5678:9abc:def0", "fe80::/64"),
    ],
)  # fmt: skip
def test_ipv6_classes_stay(text: str, network: str):
    mapped = IPv6Address(MAP.ipv6(int(IPv6Address(text))))

    assert mapped != IPv6Address(text)
    assert mapped in IPv6Network(network)


@given(address=v4)
def test_ipv4_inside_ipv6_is_mapped_as_ipv4(address: int):
    mapped = MAP.ipv6(0xFFFF << 32 | address)

    assert mapped == 0xFFFF << 32 | MAP.ipv4(address)


@given(mac=st.integers(0, 2**48 - 1))
def test_a_mac_keeps_its_vendor_and_agrees_with_its_eui64(mac: int):
    mapped = MAP.mac(mac)
    raw, new = mac.to_bytes(6, "big"), mapped.to_bytes(6, "big")
    eui = bytes((raw[0] ^ 2, *raw[1:3], 0xFF, 0xFE, *raw[3:]))
    expected = bytes((new[0] ^ 2, *new[1:3], 0xFF, 0xFE, *new[3:]))

    interface = MAP.ipv6(0xFE80 << 112 | int.from_bytes(eui, "big")) & (2**64 - 1)

    assert new[:3] == raw[:3]
    assert interface == int.from_bytes(expected, "big")


@pytest.mark.parametrize(
    "mac",
    [0x01005E000005, 0xFFFFFFFFFFFF, 0x0180C2000000, 0x00000C07AC0A, 0x00005E000101, 0],
)
def test_group_and_virtual_macs_stay(mac: int):
    assert MAP.mac(mac) == mac


@given(mac=st.integers(0, 2**48 - 1).filter(lambda mac: MAP.mac(mac) != mac))
def test_a_mac_has_one_pseudonym_in_every_notation(mac: int):
    digits = f"{mac:012x}"
    pairs = [digits[at : at + 2] for at in range(0, 12, 2)]
    quads = [digits[at : at + 4] for at in (0, 4, 8)]
    notations = (":".join(pairs), "-".join(pairs), ".".join(quads))

    found = {
        re.sub("[:.-]", "", SANITIZER.sanitize(f"at {text}, up").text[3:-4])
        for text in notations
    }

    assert found == {f"{MAP.mac(mac):012x}"}


def test_an_address_is_written_in_the_notation_it_came_in():
    texts = {
        "2001:DB8:0:FFFF::13": str.isupper,
        "2001:0db8:0000:0000:0000:0000:0000:0013": lambda text: len(text) == 39,
        "::ffff:10.30.1.15": lambda text: text.startswith("::ffff:10."),
        "7C21.0D3A.91F8": lambda text: text.isupper() and text.count(".") == 2,
    }

    results = {text: SANITIZER.sanitize(text).text for text in texts}

    assert all(is_kept(results[text]) for text, is_kept in texts.items())
    assert all(results[text] != text for text in texts)


def test_seeds_give_unrelated_maps_and_the_last_bit_always_flips():
    prefix_map = PrefixMap(b"k" * 32, width=24)
    values = [bytes((0, n, 7)) for n in range(256)]

    one = [prefix_map.map(value, seed=b"a") for value in values]
    other = [prefix_map.map(value, seed=b"b") for value in values]

    assert one != other
    assert all(a[2] & 1 != b[2] & 1 for a, b in zip(one, values, strict=True))
