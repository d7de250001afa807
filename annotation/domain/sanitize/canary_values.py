"""Values for canaries: invented, of the form in which a device or a person writes them.

Nothing here opens or names anything. Numbers are of ranges that nobody has, where there
are such: telephone numbers 555-01xx (NANPA) and 7946 0xxx (Ofcom, for drama), the
documentation addresses (RFC 5737, RFC 3849), private AS numbers (RFC 6996), mail at
`.example` (RFC 2606); cards carry a valid check digit (ISO/IEC 7812), IBANs a valid
remainder (ISO 13616). Words are made of syllables, so that no ticket contains one.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from random import Random

_ONSETS = (
    "br",
    "kl",
    "dr",
    "fl",
    "gr",
    "kv",
    "pl",
    "sk",
    "st",
    "tr",
    "v",
    "z",
    "m",
    "n",
)
_CORES = ("o", "a", "i", "u", "or", "an", "il", "um", "ax", "ib", "ok", "enn")
_ALNUM = string.ascii_letters + string.digits
_BASE64 = _ALNUM + "+/"
_CRYPT = _ALNUM + "./"
_JUNOS = _ALNUM + "./-"
_SPECIAL = "!@#$%^&*+=_-?"
_SAFE_SPECIAL = "!@#%^*+=_-?"
_VRP = _ALNUM + "!@#(){}*+-./:;=~^_"

Maker = Callable[[Random], str]


def fake_value(rng: Random, span_type: str, form: str = "") -> str:
    """Return an invented value of a form; without a form, the span type's usual one.

    Raises
    ------
    KeyError
        There is no such form, and no usual one of that type.
    """
    return _FORMS[form or _USUAL[span_type]](rng)


def word(rng: Random) -> str:
    """A pronounceable word of eight letters or more that no language has."""
    made = ""
    while len(made) < 8:
        made += rng.choice(_ONSETS) + rng.choice(_CORES)
    return made


def _chars(rng: Random, alphabet: str, count: int) -> str:
    return "".join(rng.choice(alphabet) for _ in range(count))


def _digits(rng: Random, count: int) -> str:
    return _chars(rng, string.digits, count)


def _weak(rng: Random) -> str:
    """What people choose: a word, a year, perhaps an exclamation mark."""
    return (
        word(rng).capitalize() + str(rng.randrange(2031, 2079)) + rng.choice(("", "!"))
    )


def _spaced(rng: Random) -> str:
    return f"{word(rng).capitalize()} {word(rng)} {rng.randrange(10, 99)}"


def _random(rng: Random) -> str:
    return rng.choice(string.ascii_letters) + _chars(rng, _ALNUM, 15)


def _mixed(rng: Random, special: str) -> str:
    letters = [*_chars(rng, _ALNUM, 8), *_chars(rng, special, 3)]
    rng.shuffle(letters)
    return rng.choice(string.ascii_letters) + "".join(letters) + _digits(rng, 1)


def _type7(rng: Random) -> str:
    """The reversible form of Cisco devices: a two-digit offset, then bytes in hex."""
    return f"{rng.randrange(16):02d}" + _chars(rng, "0123456789ABCDEF", 18)


def _base64(rng: Random) -> str:
    return _chars(rng, _BASE64, 43) + "="


def _jwt(rng: Random) -> str:
    payload, signature = (_chars(rng, _ALNUM + "-_", n) for n in (48, 43))
    return f"eyJhbGciOiJIUzI1NiJ9.eyJ{payload}.{signature}"


def _pem(rng: Random) -> str:
    return "MII" + _chars(rng, _BASE64, 61)


def _ipv6(rng: Random) -> str:
    parts = (f"{rng.randrange(0x1000, 0xFFFF):x}" for _ in range(3))
    return f"2001:db8:{':'.join(parts)}::{rng.randrange(0x10, 0xFFF):x}"


def _ipv4(rng: Random) -> str:
    block = rng.choice(("198.51.100", "203.0.113", f"10.{rng.randrange(60, 250)}.87"))
    return f"{block}.{rng.randrange(20, 250)}"


def _mac_bytes(rng: Random) -> list[str]:
    """Locally administered, so that no maker's."""
    return ["02", *(f"{rng.randrange(16, 256):02x}" for _ in range(5))]


def _mac_dotted(rng: Random) -> str:
    digits = "".join(_mac_bytes(rng))
    return ".".join((digits[:4], digits[4:8], digits[8:]))


def _card(rng: Random) -> str:
    """Sixteen digits of a Visa-like range with Luhn's check digit."""
    digits = "40000" + _digits(rng, 10)
    doubled = (
        sum(divmod(2 * int(d), 10)) if at % 2 == 0 else int(d)
        for at, d in enumerate(digits)
    )
    return digits + str(-sum(doubled) % 10)


def _iban(rng: Random) -> str:
    """A British account at the bank TEST, with the remainder that is asked for."""
    account = "TEST" + _digits(rng, 14)
    letters = "".join(str(int(char, 36)) for char in account + "GB00")
    return f"GB{98 - int(letters) % 97:02d}{account}"


def _phone(rng: Random) -> str:
    area = rng.choice(("212", "312", "415", "617"))
    return rng.choice(("+1 ({a}) 555-01{n}", "{a}-555-01{n}")).format(
        a=area, n=_digits(rng, 2)
    )


_FORMS: dict[str, Maker] = {
    "weak": _weak,
    "word": word,
    "spaced": _spaced,
    "random": _random,
    "special": lambda rng: _mixed(rng, _SPECIAL),
    "special_json": lambda rng: _mixed(rng, _SAFE_SPECIAL),
    "hex": lambda rng: _chars(rng, "0123456789abcdef", 32),
    "hex0x": lambda rng: "0x" + _chars(rng, "0123456789abcdef", 32),
    "b64": _base64,
    "type7": _type7,
    "crypt5": lambda rng: f"$5${_chars(rng, _CRYPT, 8)}${_chars(rng, _CRYPT, 43)}",
    "crypt6": lambda rng: f"$6${_chars(rng, _CRYPT, 16)}${_chars(rng, _CRYPT, 86)}",
    "crypt9": lambda rng: f"$9${_chars(rng, _CRYPT, 14)}${_chars(rng, _CRYPT, 43)}",
    "bcrypt": lambda rng: f"$2y$10${_chars(rng, _CRYPT, 53)}",
    "junos9": lambda rng: f"$9${_chars(rng, _JUNOS, rng.randrange(14, 26))}",
    "panos": lambda rng: (
        f"-AQ=={_chars(rng, _BASE64, 27)}={_chars(rng, _BASE64, 22)}=="
    ),
    "f5m": lambda rng: f"$M${_chars(rng, _ALNUM, 2)}${_chars(rng, _BASE64, 22)}==",
    "vrp_cipher": lambda rng: f"%^%#{_chars(rng, _VRP, 32)}%^%#",
    "vrp_irreversible": lambda rng: f"$1a${_chars(rng, _VRP, 32)}$",
    "aqb": lambda rng: f"AQBap{_chars(rng, _BASE64, 60)}=",
    "jwt": _jwt,
    "pem": _pem,
    "email": lambda rng: f"{word(rng)}.{word(rng)}@mail.example",
    "phone": _phone,
    "phone_intl": lambda rng: f"+44 20 7946 0{_digits(rng, 3)}",
    "phone_plus": lambda rng: f"+1{rng.choice(('212', '415'))}55501{_digits(rng, 2)}",
    "card": _card,
    "card_spaced": lambda rng: " ".join(
        [(card := _card(rng))[:4], card[4:8], card[8:12], card[12:]]
    ),
    "ssn": lambda rng: (
        f"74{_digits(rng, 1)}-{rng.randrange(10, 99)}-{rng.randrange(1000, 9999)}"
    ),
    "iban": _iban,
    "serial": lambda rng: (
        _chars(rng, "QXZ", 3) + _digits(rng, 4) + _chars(rng, "ABCDEFGH0123456789", 4)
    ),
    "serial_forti": lambda rng: f"FGT60FTK{_digits(rng, 8)}",
    "serial_digits": lambda rng: "0999" + _digits(rng, 8),
    "circuit": lambda rng: (
        f"{_digits(rng, 2)}/KFGS/{rng.randrange(100000, 999999)}//ZYX"
    ),
    "circuit_dots": lambda rng: f"DHEC.{rng.randrange(100000, 999999)}..ZYX",
    "user": lambda rng: rng.choice("abcdefgh") + word(rng),
    "hostname": lambda rng: (
        f"{word(rng)}-{rng.choice(('sw', 'rtr', 'fw'))}{rng.randrange(10, 99)}"
    ),
    "ipv4": _ipv4,
    "ipv4_defanged": lambda rng: _ipv4(rng).replace(".", "[.]"),
    "ipv6": _ipv6,
    "mac": lambda rng: ":".join(_mac_bytes(rng)),
    "mac_dashed": lambda rng: "-".join(_mac_bytes(rng)).upper(),
    "mac_dotted": _mac_dotted,
    "asn": lambda rng: str(4_200_000_000 + rng.randrange(1000, 90_000_000)),
}
_USUAL = {
    "cred": "weak", "snmp": "word", "token": "hex", "pem": "pem", "email": "email",
    "phone": "phone", "card": "card", "ssn": "ssn", "iban": "iban", "serial": "serial",
    "circuit": "circuit", "user": "user", "hostname": "hostname", "ipv4": "ipv4",
    "ipv6": "ipv6", "mac": "mac", "asn": "asn",
}  # fmt: skip
