"""Invented addresses and interface names, from private and documentation ranges only.

IPv4 comes from RFC 1918 and, where it has to look public, from RFC 5737; IPv6 from
RFC 3849; MACs are locally administered, so none belongs to a real maker.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from netft_site.demo_world.entities import SecretKind

PUBLIC_LOOKING = ("192.0.2", "198.51.100", "203.0.113")
INTERFACES = {
    "Cisco IOS-XE": ("GigabitEthernet1/0/{}", "TenGigabitEthernet1/1/{}", "Gi2/0/{}"),
    "Cisco NX-OS": ("Ethernet1/{}", "port-channel{}"),
    "Juniper Junos": ("ge-0/0/{}", "xe-0/1/{}", "ae{}"),
    "Arista EOS": ("Ethernet{}", "Port-Channel{}"),
    "Fortinet FortiOS": ("port{}", "wan{}"),
    "Palo Alto PAN-OS": ("ethernet1/{}", "tunnel.{}"),
    "Aruba AOS-CX": ("1/1/{}", "lag{}"),
}


def private_ip(rng: Random, site_code: str) -> str:
    """Return a host address of the site, out of 10/8, 172.16/12 or 192.168/16."""
    third, last = rng.randint(0, 254), rng.randint(2, 253)
    block = rng.random()
    if block < 0.75:
        return f"10.{_octet(site_code)}.{third}.{last}"
    if block < 0.9:
        return f"172.{rng.randint(16, 31)}.{third}.{last}"
    return f"192.168.{third}.{last}"


def private_net(rng: Random, site_code: str) -> str:
    """Return a /24 network address of the site."""
    return f"10.{_octet(site_code)}.{rng.randint(0, 254)}.0"


def public_ip(rng: Random, site_code: str) -> str:
    """Return an address that looks public but is reserved for documentation."""
    return f"{rng.choice(PUBLIC_LOOKING)}.{rng.randint(2, 253)}"


def ipv6(rng: Random, site_code: str) -> str:
    """Return an IPv6 address from the documentation prefix."""
    group, host = rng.randint(16, 0xFFFF), rng.randint(0x100, 0xFFFF)
    return f"2001:db8:{_octet(site_code):x}:{group:x}::{host:x}"


def mac(rng: Random, site_code: str) -> str:
    """Return a locally administered MAC as six pairs."""
    return ":".join(f"{octet:02x}" for octet in _mac_octets(rng))


def mac_dotted(rng: Random, site_code: str) -> str:
    """Return a locally administered MAC as Cisco prints it."""
    digits = "".join(f"{octet:02x}" for octet in _mac_octets(rng))
    return ".".join((digits[:4], digits[4:8], digits[8:]))


def interface(rng: Random, vendor: str) -> str:
    """Return an interface name in the vendor's spelling."""
    forms = INTERFACES.get(vendor, ("eth{}",))
    return rng.choice(forms).format(rng.randint(1, 48))


def _octet(site_code: str) -> int:
    return (
        16 + sum(ord(letter) * place for place, letter in enumerate(site_code, 1)) % 200
    )


def _mac_octets(rng: Random) -> tuple[int, ...]:
    first = rng.choice((0x02, 0x06, 0x0A, 0x0E))
    return (first, *(rng.randint(1, 254) for _ in range(5)))


MAKERS: dict[str, tuple[SecretKind, Callable[[Random, str], str]]] = {
    "ip": (SecretKind.IPV4, private_ip),
    "net": (SecretKind.IPV4, private_net),
    "pub": (SecretKind.IPV4, public_ip),
    "ip6": (SecretKind.IPV6, ipv6),
    "mac": (SecretKind.MAC, mac),
    "macdot": (SecretKind.MAC, mac_dotted),
}
