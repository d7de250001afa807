"""Keyed, prefix-preserving maps for IPv4, IPv6 and MAC addresses.

Two addresses share exactly as many leading bits after the map as before, so subnets,
neighbours and aggregates survive (Xu et al., "Prefix-preserving IP address
anonymization", 2002). Classes that carry meaning (private, multicast, link-local ...)
map into themselves; masks, wildcards and well-known addresses stay. Whoever holds the
key can invert the map, and whoever knows one pair knows its prefix: the result is a
pseudonym, not an anonymous address.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from annotation.domain.sanitize.asnmap import AsnMap
from annotation.domain.sanitize.pseudonyms import Keyring

_CACHE_LIMIT = 8_000

# Blocks that map into themselves. The documentation blocks are not among them: in
# tickets they stand for real public addresses.
_PINNED_V4 = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
    "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/24", "224.0.0.0/4",
    "240.0.0.0/4", "255.0.0.0/8",
)  # fmt: skip
# Public resolvers and well-known groups: the address itself is knowledge, not data.
_KEPT_V4 = frozenset(
    int(IPv4Address(text))
    for text in (
        "1.0.0.1", "1.1.1.1", "8.8.4.4", "8.8.8.8", "9.9.9.9", "149.112.112.112",
        "208.67.220.220", "208.67.222.222", "224.0.1.1", "224.0.1.39", "224.0.1.40",
        "224.0.1.129", "239.255.255.250",
    )
)  # fmt: skip
_PINNED_V6 = ("fe80::/64", "fc00::/7", "2001:db8::/32", "2000::/3", "ff00::/8")
_V4_CARRIERS = tuple(
    int(IPv6Address(text)) >> 32 for text in ("::", "::ffff:0:0", "64:ff9b::")
)
# Depth in bytes down to which a map is kept as tables, at most 257 of them.
_TABLED = 2
_SMALL_INTERFACE = 1 << 16
# HSRP, HSRPv2, VRRP, GLBP: virtual addresses made of a protocol's OUI and a group.
_KEPT_MAC_PREFIXES = ("00000c07ac", "00000c9ff", "00005e0001", "00005e0002", "0007b400")


class PrefixMap:
    """A keyed permutation of fixed-width bit strings that keeps common prefixes.

    Every node of the binary tree of prefixes flips its next bit or not, by a keyed
    hash. One hash gives the 255 decisions below a byte boundary. `kept_bits` low bits
    stay; the last mapped bit always flips, so no unpinned value maps to itself.
    """

    def __init__(
        self,
        key: bytes,
        *,
        width: int,
        kept_bits: int = 0,
        pinned: Iterable[tuple[int, int]] = (),
    ) -> None:
        self._key = key
        self._bytes = width // 8
        self._last = width - kept_bits - 1
        self._still = _pinned_nodes(pinned, width)
        self._nodes: dict[bytes, int] = {}
        self._tables: dict[bytes, bytes] = {}

    def map(self, value: bytes, seed: bytes = b"") -> bytes:
        """Map `value`; another `seed` gives an unrelated map."""
        out = bytearray()
        for depth in range(self._bytes):
            if depth * 8 > self._last:
                out += value[depth:]
                break
            prefix = value[:depth]
            if depth < _TABLED and not seed:
                out.append(self._table(prefix)[value[depth]])
            else:
                out.append(_walk(self._decisions(seed, prefix), value[depth]))
        return bytes(out)

    def _table(self, prefix: bytes) -> bytes:
        """Return what every next byte becomes, for prefixes that all texts share."""
        found = self._tables.get(prefix)
        if found is None:
            decisions = self._decisions(b"", prefix)
            found = bytes(_walk(decisions, byte) for byte in range(256))
            self._tables[prefix] = found
        return found

    def _decisions(self, seed: bytes, prefix: bytes) -> int:
        name = seed + b"/" + prefix
        found = self._nodes.get(name)
        if found is None:
            digest = hashlib.blake2b(name, digest_size=32, key=self._key).digest()
            found = self._constrain(int.from_bytes(digest, "big"), prefix)
            if len(self._nodes) >= _CACHE_LIMIT:
                self._nodes.clear()
            self._nodes[name] = found
        return found

    def _constrain(self, decisions: int, prefix: bytes) -> int:
        level = self._last - len(prefix) * 8
        if level < 8:
            mapped = (1 << (2 << level)) - 1
            last_level = mapped ^ ((1 << (1 << level)) - 1)
            decisions = (decisions & mapped) | last_level
        return decisions & ~self._still.get(prefix, 0)


def _pinned_nodes(pinned: Iterable[tuple[int, int]], width: int) -> dict[bytes, int]:
    """Return, for each byte prefix, the nodes on the way to a pinned block."""
    nodes: dict[bytes, int] = {}
    for value, length in pinned:
        raw = value.to_bytes(width // 8, "big")
        for bit in range(length):
            depth, offset = divmod(bit, 8)
            index = (1 << offset) | (raw[depth] >> (8 - offset))
            prefix = raw[:depth]
            nodes[prefix] = nodes.get(prefix, 0) | (1 << index)
    return nodes


def _walk(decisions: int, byte: int) -> int:
    index, out = 1, 0
    for shift in (7, 6, 5, 4, 3, 2, 1, 0):
        bit = (byte >> shift) & 1
        out = (out << 1) | (bit ^ ((decisions >> index) & 1))
        index = (index << 1) | bit
    return out


class AddressMap:
    """The maps of one project key: addresses, and the numbers of networks.

    Parameters
    ----------
    keyring : source of the subkeys.
    host_bits : low bits of an IPv4 address that stay real (0, 4 or 8). With 8, links
        of any prefix length from /24 on survive; the price is a true last octet.
    """

    def __init__(self, keyring: Keyring, host_bits: int = 8) -> None:
        self._v4 = PrefixMap(
            keyring.subkey("ip4"),
            width=32,
            kept_bits=host_bits,
            pinned=_blocks(_PINNED_V4, IPv4Network),
        )
        self._v6 = PrefixMap(
            keyring.subkey("ip6"),
            width=64,
            pinned=[(v >> 64, n) for v, n in _blocks(_PINNED_V6, IPv6Network)],
        )
        self._interface = PrefixMap(
            keyring.subkey("ip6-interface"), width=64, pinned=[(0, 48)]
        )
        self._mac = PrefixMap(keyring.subkey("mac"), width=24)
        self._asn = AsnMap(keyring)
        self._addresses: dict[int, int] = {}

    def ipv4(self, address: int) -> int:
        """Map an IPv4 address given as an integer."""
        if is_kept_ipv4(address):
            return address
        found = self._addresses.get(address)
        if found is None:
            found = self._step_ipv4(address)
            # A kept address is no one's image: walk on along the cycle.
            while is_kept_ipv4(found):
                found = self._step_ipv4(found)
            if len(self._addresses) >= _CACHE_LIMIT:
                self._addresses.clear()
            self._addresses[address] = found
        return found

    def ipv6(self, address: int) -> int:
        """Map an IPv6 address given as an integer.

        The prefix (upper 64 bits) is mapped; a small interface identifier such as ::1
        stays, one made from a MAC follows that MAC, any other is mapped.
        """
        if address <= 1 or address >> 120 == 0xFF:
            return address
        if address >> 32 in _V4_CARRIERS:
            return (address >> 32 << 32) | self.ipv4(address & 0xFFFFFFFF)
        prefix = self._v6.map((address >> 64).to_bytes(8, "big"))
        interface = self._map_interface(address & ((1 << 64) - 1))
        return int.from_bytes(prefix + interface, "big")

    def asn(self, number: int) -> int:
        """Map the number of an autonomous system within its class."""
        return self._asn.map(number)

    def mac(self, address: int) -> int:
        """Map a 48-bit MAC address: its vendor part stays, its device part is mapped.

        Group addresses and the virtual ones of HSRP, VRRP and GLBP stay.
        """
        if address == 0 or (address >> 40) & 1:
            return address
        if f"{address:012x}".startswith(_KEPT_MAC_PREFIXES):
            return address
        raw = address.to_bytes(6, "big")
        return int.from_bytes(raw[:3] + self._mac.map(raw[3:], seed=raw[:3]), "big")

    def _step_ipv4(self, address: int) -> int:
        return int.from_bytes(self._v4.map(address.to_bytes(4, "big")), "big")

    def _map_interface(self, interface: int) -> bytes:
        raw = interface.to_bytes(8, "big")
        if interface < _SMALL_INTERFACE:
            return raw
        if raw[3:5] != b"\xff\xfe":
            return self._interface.map(raw)
        # RFC 4291 appendix A: the universal/local bit is inverted.
        mac = bytes((raw[0] ^ 2, *raw[1:3], *raw[5:]))
        new = self.mac(int.from_bytes(mac, "big")).to_bytes(6, "big")
        return bytes((new[0] ^ 2, new[1], new[2], 0xFF, 0xFE, *new[3:]))


def is_kept_ipv4(address: int) -> bool:
    """Say whether an IPv4 address carries no identity and stays as it is.

    True for 0/8 (wildcards, area numbers), loopback, 255/8, masks and wildcards by
    their bit pattern, 224.0.0.0/24, public resolvers and well-known groups.
    """
    first = address >> 24
    if first in (0, 127, 255) or address >> 8 == 0xE00000:
        return True
    inverted = address ^ 0xFFFFFFFF
    is_mask = (inverted & (inverted + 1)) == 0
    is_wildcard = (address & (address + 1)) == 0
    return is_mask or is_wildcard or address in _KEPT_V4


def _blocks(
    texts: Sequence[str], kind: type[IPv4Network] | type[IPv6Network]
) -> list[tuple[int, int]]:
    networks = [kind(text) for text in texts]
    return [(int(net.network_address), net.prefixlen) for net in networks]
