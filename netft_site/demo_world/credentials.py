"""Invented credentials in the shapes that network devices print.

They open nothing: each is random text in the right form. They exist so that a
sanitizer has something to remove and a test has something to look for.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from random import Random

ALNUM = string.ascii_letters + string.digits
CRYPT = ALNUM + "./"
BASE64 = ALNUM + "+/"
WORDS = ("amber", "birch", "cobalt", "drift", "ember", "flint", "grove", "harbor")


def community(rng: Random) -> str:
    """Return an SNMP community as people choose them."""
    return f"{rng.choice(WORDS)}{rng.randint(1000, 99999)}{rng.choice(('ro', 'mon'))}"


def type7(rng: Random) -> str:
    """Return a string in the form of Cisco's reversible type 7."""
    digits = _draw(rng, "0123456789ABCDEF", 2 * rng.randint(6, 9))
    return f"{rng.randint(0, 15):02d}{digits}"


def junos9(rng: Random) -> str:
    """Return a string in the form of Junos' reversible `$9$`."""
    return f"$9${_draw(rng, ALNUM + '.-', rng.randint(14, 22))}"


def wireless_passphrase(rng: Random) -> str:
    """Return a pre-shared key as people choose them."""
    return f"{rng.choice(WORDS)}-{rng.choice(WORDS)}-{rng.randint(1000, 999999)}"


def private_key(rng: Random) -> str:
    """Return a PEM block of random lines, far too short to be a key."""
    lines = [_draw(rng, BASE64, 64) for _ in range(rng.randint(2, 4))]
    lines.append(_draw(rng, BASE64, 22) + "==")
    kind = rng.choice(("PRIVATE KEY", "RSA PRIVATE KEY"))
    return "\n".join((f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----"))


def _crypt(prefix: str, salt: int, length: int) -> Callable[[Random], str]:
    return lambda rng: (
        f"${prefix}${_draw(rng, CRYPT, salt)}${_draw(rng, CRYPT, length)}"
    )


def _draw(rng: Random, alphabet: str, length: int) -> str:
    return "".join(rng.choice(alphabet) for _ in range(length))


MAKERS: dict[str, Callable[[Random], str]] = {
    "community": community,
    "type7": type7,
    "junos9": junos9,
    "secret5": _crypt("5", 8, 43),
    "secret6": _crypt("6", 8, 60),
    "secret9": _crypt("9", 14, 43),
    "md5key": lambda rng: f"0x{_draw(rng, '0123456789abcdef', 32)}",
    "psk": lambda rng: _draw(rng, BASE64, 26) + "==",
    "key": lambda rng: _draw(rng, ALNUM, 20),
    "wlanpsk": wireless_passphrase,
    "pem": private_key,
}
