"""Finding IPv4, IPv6 and MAC addresses, and writing their pseudonyms in the same form.

Detectors here decide what is an address and what only looks like one (versions,
OIDs, times, WWNs); `ipmap` decides what it becomes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv6Address

from annotation.domain.sanitize.findings import Finding
from annotation.domain.sanitize.ipmap import AddressMap, is_kept_ipv4
from annotation.domain.sanitize.views import View

# Letters may precede (`*>i10.2.2.0/24`), digits and dots may not; five components are
# an address with a port (BSD style), six and more an OID.
_MIDDLE = re.compile(r"\.\d{1,3}\.\d{1,3}\.(?=\d)")
_QUAD = re.compile(
    r"(?<![\d.])(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})(?:\.\d{1,5})?(?![\d]|\.\d)"
)
# Defanged (10[.]1[.]2[.]3) and cut by a line wrap after a dot.
_ODD_DOT = r"(?:\.|\[\.\]|\(\.\)|\[dot\]|\(dot\)|[ ]\.[ ]|\.\r?\n[ \t>]{0,8})"
_ODD_QUAD = re.compile(
    r"(?<![\d.])\d{1,3}" + (_ODD_DOT + r"\d{1,3}") * 3 + r"(?![\d]|\.\d)", re.IGNORECASE
)
_ODD_SIGNS = tuple(
    re.compile(sign)
    for sign in (
        r"\.\r?\n[ \t>]{0,8}\d",
        r"\[\.\]\d",
        r"\(\.\)\d",
        r"[\[(](?i:dot)[\])]\d",
        r"\d[ ]\.[ ]\d",
    )
)
_ODD_HINTS = (".\n", ".\r", "[.]", "(.)", "t]", "T]", "t)", "T)", " . ")
_MAC_GOES_ON = re.compile(r"[:.-][0-9A-Fa-f]")
_DASHED_SIGN = re.compile(r"-\d{1,3}-\d{1,3}-\d")
_DASHED = re.compile(
    r"(?<![a-z0-9])(?:ip|host|dhcp|static|pool|ec2|client|dsl|adsl|ppp|vpn|dyn|cpe)"
    r"[a-z]{0,8}-(\d{1,3}(?:-\d{1,3}){3})(?![\d-])",
)
# What stands before a dotted quad that is a software version.
_VERSION_CUE = re.compile(
    r"(?<![a-z])(?:version|ver|vers|release|rel|firmware|software|build|section|rev"
    r"|revision|image)[.:#=]?\s{0,40}[.:#=]?\s{0,20}\(?v?$|(?<![a-z])v$"
)
_PRODUCT_CUE = re.compile(
    r"(?<![a-z])(?:aruba(?:os)?|chrome|firefox|edge|safari|anyconnect|ise|ios|junos"
    r"|panos|pan-os|fortios|eos|sonicos|openssl|java|jre|jdk|hadoop|python|kernel"
    r"|driver|agent|client|controller|dnac|wlc|big-ip|tmos|asyncos|clearpass|fw|sw|hw)"
    r"(?:[ /_-]|[ ]?:[ ]{0,20})v?$"
)
# Cheap signs, each of which begins with a separator, of which texts have few.
_MAC_SIGNS = tuple(
    re.compile(sign)
    for sign in (
        r"\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}(?![0-9A-Za-z])",
        r":[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}:",
        r"-[0-9A-Fa-f]{2,6}(?:-[0-9A-Fa-f]{2}|(?![0-9A-Za-z]))",
    )
)
_MAC = re.compile(
    # A bridge identifier writes its priority and a dot in front of the address.
    r"(?:(?<![0-9A-Za-z:-])[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}"
    r"|(?<![0-9A-Za-z:.-])(?:[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}"
    r"|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}"
    r"|[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}"
    r"|[0-9A-Fa-f]{6}-[0-9A-Fa-f]{6}))(?![0-9A-Za-z]|[:.-][0-9A-Fa-f])"
)
_V6 = re.compile(
    r"(?<![0-9A-Za-z:.])((?:[0-9A-Fa-f]{0,4}:){2,7}"
    r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}))(?![0-9A-Za-z:])"
)
_V6_START = re.compile(
    r"[23][0-9a-f]{3}:|f[cdef][0-9a-f]{2}:|(?:0?064|64):ff9b:|::(?:ffff:)?\d"
)
# A reversed name (RFC 1035 3.5, RFC 3596 2.5) and a URL whose host is a number.
_REVERSED_V4 = re.compile(
    r"(?<![\w.-])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\.in-addr\.arpa", re.IGNORECASE
)
_REVERSED_V6 = re.compile(r"(?<![\w.-])(?:[0-9a-f]\.){4,32}ip6\.arpa", re.IGNORECASE)
_NUMBER_HOST = re.compile(r"(?<=://)(?:0x[0-9a-f]{8}|[1-9]\d{7,9})(?=[/:?#\s]|$)")
_WWN = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){7}")
_DIGITS = re.compile(r"\d+")
_SHORT_V6_CUE = ("ipv6", "inet6", "v6")


def find_network(view: View) -> Iterator[Finding]:
    """Yield every address of `view`, whatever becomes of it later."""
    text = view.text
    if "." in text:
        yield from _find_ipv4(view)
    if ".arpa" in view.low:
        for match in _REVERSED_V4.finditer(text):
            yield Finding(*match.span(), "ipv4", "ipv4-reversed")
        for match in _REVERSED_V6.finditer(text):
            yield Finding(*match.span(), "ipv6", "ipv6-reversed")
    if "://" in text:
        for match in _NUMBER_HOST.finditer(view.low):
            if int(match[0], 0) < 1 << 32:
                yield Finding(*match.span(), "ipv4", "ipv4-number")
    if "-" in text and (at := _DASHED_SIGN.search(text)):
        for match in _DASHED.finditer(view.low, max(0, at.start() - 24)):
            if _is_quad(match[1]):
                yield Finding(*match.span(1), "ipv4", "ipv4-dashed")
    for sign in _MAC_SIGNS:
        for match in sign.finditer(text):
            mac = _MAC.search(text, max(0, match.start() - 12), match.start() + 24)
            if mac and _stands_alone(text, mac.end()):
                yield Finding(*mac.span(), "mac", "mac")
    if "::" in text or text.count(":") >= 7:
        yield from _find_ipv6(view)


def _find_ipv4(view: View) -> Iterator[Finding]:
    text = view.text
    for middle in _MIDDLE.finditer(text):
        start = middle.start()
        while start > middle.start() - 3 and text[start - 1 : start].isdigit():
            start -= 1
        match = _QUAD.match(text, start)
        if match is None or not _is_quad(match[1]):
            continue
        is_oid = match.end() != match.end(1) and match[1].startswith(("0.", "1.3."))
        if not is_oid and not _is_version(view.low, start, match[1]):
            yield Finding(*match.span(1), "ipv4", "ipv4")
    if any(hint in text for hint in _ODD_HINTS) and any(
        sign.search(text) for sign in _ODD_SIGNS
    ):
        for match in _ODD_QUAD.finditer(text):
            if set(match[0]) & set("[(\n ") and _is_quad(match[0]):
                yield Finding(*match.span(), "ipv4", "ipv4-split")


def _stands_alone(text: str, end: int) -> bool:
    """Look past the window that was searched: the address must end where it ends."""
    return not text[end : end + 1].isalnum() and not _MAC_GOES_ON.match(text, end)


def _find_ipv6(view: View) -> Iterator[Finding]:
    for match in _V6.finditer(view.text):
        value = match[1]
        if _is_ipv6(value) and _is_meant_as_ipv6(view, *match.span(1)):
            yield Finding(*match.span(1), "ipv6", "ipv6")


def _is_quad(text: str) -> bool:
    return all(int(part) < 256 for part in _DIGITS.findall(text))


def _is_version(low: str, start: int, value: str) -> bool:
    """Judge by the words right before, on the same line.

    A product's name is a weak cue ("Aruba 10.1.2.3 is down"), so it does not excuse
    an address of the private ranges.
    """
    before = low[max(0, start - 60) : start].rpartition("\n")[2]
    if _VERSION_CUE.search(before):
        return True
    is_private = value.startswith(("10.", "192.168.", "172.", "100."))
    return not is_private and bool(_PRODUCT_CUE.search(before))


def _is_ipv6(value: str) -> bool:
    try:
        IPv6Address(value)
    except AddressValueError:
        return False
    return True


def _is_meant_as_ipv6(view: View, start: int, end: int) -> bool:
    """Tell addresses from `a::b` in code, WWNs and other colon-separated hex."""
    value = view.low[start:end]
    if value == "::" or _WWN.fullmatch(value):
        return False
    if _V6_START.match(value) or "::" not in value:
        return True
    if view.text[end : end + 1] == "/" and view.text[end + 1 : end + 2].isdigit():
        return True
    line = view.low[max(0, start - 80) : start].rpartition("\n")[2]
    return any(cue in line for cue in _SHORT_V6_CUE)


def rewrite(addresses: AddressMap, kind: str, value: str) -> str:
    """Return the pseudonym of address `value` in the notation it was written in."""
    if kind == "asn":
        return str(addresses.asn(int(value)))
    if kind == "ipv4":
        return _rewrite_ipv4(addresses, value)
    return (
        _rewrite_ipv6(addresses, value)
        if kind == "ipv6"
        else _rewrite_mac(addresses, value)
    )


def _rewrite_ipv4(addresses: AddressMap, value: str) -> str:
    if value[-1] in "aA":
        quad = value[: -len(".in-addr.arpa")].split(".")
        mapped_quad = _rewrite_ipv4(addresses, ".".join(reversed(quad)))
        return ".".join(reversed(mapped_quad.split("."))) + value[-13:]
    if "." not in value and "-" not in value:
        mapped_number = addresses.ipv4(int(value, 0))
        return f"0x{mapped_number:08x}" if value[1] in "xX" else str(mapped_number)
    number = int.from_bytes(bytes(map(int, _DIGITS.findall(value))), "big")
    if is_kept_ipv4(number):
        return value
    mapped = addresses.ipv4(number).to_bytes(4, "big")
    separator = "-" if "-" in value else "."
    return separator.join(map(str, mapped))


def _rewrite_ipv6(addresses: AddressMap, value: str) -> str:
    if value[-1] in "aA" and value.lower().endswith(".arpa"):
        nibbles = value[: -len(".ip6.arpa")].split(".")[::-1]
        number = int("".join(nibbles).ljust(32, "0"), 16)
        written = f"{addresses.ipv6(number):032x}"[: len(nibbles)]
        return ".".join(reversed(written)) + value[-9:]
    number = int(IPv6Address(value))
    mapped = IPv6Address(addresses.ipv6(number))
    if int(mapped) == number:
        return value
    if "::" in value:
        text = _with_dotted_tail(mapped) if "." in value else mapped.compressed
    else:
        width = min(len(group) for group in value.split(":"))
        groups = mapped.exploded.split(":")
        text = ":".join(groups if width == 4 else [f"{int(g, 16):x}" for g in groups])
    return text.upper() if value == value.upper() and value != value.lower() else text


def _with_dotted_tail(address: IPv6Address) -> str:
    """Write the last 32 bits as IPv4 (RFC 4291 2.2), the rest compressed."""
    number = int(address)
    placeholder = IPv6Address((number >> 32 << 32) | 0x10001).compressed
    tail = ".".join(str(part) for part in number.to_bytes(16, "big")[12:])
    return f"{placeholder.rsplit(':', 2)[0]}:{tail}"


def _rewrite_mac(addresses: AddressMap, value: str) -> str:
    """Write the mapped digits into the places of the old ones, in their case."""
    digits = [char for char in value if char not in ":.-"]
    mapped = f"{addresses.mac(int(''.join(digits), 16)):012x}"
    if any("A" <= char <= "F" for char in digits):
        mapped = mapped.upper()
    fresh = iter(mapped)
    return "".join(char if char in ":.-" else next(fresh) for char in value)
