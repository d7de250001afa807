"""Keyed pseudonyms: one value always becomes the same token, under one key.

A token reads `Z<TYPE>_<10 body><3 check>`. Nobody without the key can go from token
to value or test a guess, and the keyed check tells our own tokens from lookalikes in
the input. Addresses are not tokens: see `ipmap`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

LABELS = {
    "cred": "CRED",
    "snmp": "COMM",
    "token": "TOK",
    "pem": "PEM",
    "email": "MAIL",
    "user": "USER",
    "person": "NAME",
    "customer": "CUST",
    "hostname": "HOST",
    "domain": "DOM",
    "location": "LOC",
    "phone": "TEL",
    "card": "CARD",
    "ssn": "SSN",
    "iban": "IBAN",
    "circuit": "CKT",
    "account": "ACCT",
}
"""Span type to the label in its token."""

TOKEN_SHAPE = re.compile(
    r"Z(" + "|".join(LABELS.values()) + r")_([A-Z2-7]{10})([A-Z2-7]{3})"
)
"""What looks like a token. Only `Keyring.is_token` says whether it is one."""

SECRET_TOKEN = re.compile(r"Z(?:CRED|COMM|TOK|PEM)_[A-Z2-7]{13}(?![A-Z2-7])")
"""What looks like the token of a credential."""

# RFC 4648 base 32, by pairs of digits: `base64.b32encode` takes several times as long.
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BODY = 10
HEAD = 6
"""Whole bytes of the hash that a token's ten characters show."""
_PAIRS = tuple(high + low for high in _BASE32 for low in _BASE32)

_FOLDED_TYPES = frozenset(
    ("email", "user", "person", "customer", "hostname", "domain", "location")
)
# Written with or without separators, these are the same number.
_NUMBERS = frozenset(("phone", "card", "ssn", "iban"))
_CACHE_LIMIT = 8_000


class KeyRefused(ValueError):
    """A project key that is not 32 bytes."""

    def __init__(self, size: int) -> None:
        super().__init__(f"a project key has 32 bytes, this one has {size}")
        self.size = size


class Keyring:
    """The subkeys of one project key.

    Parameters
    ----------
    key : 32 secret bytes, from the environment or a file, never from a database.
    key_id : public name under which the key is kept; stored beside sanitized text.

    Raises
    ------
    KeyRefused : the key has another length.
    """

    __slots__ = (
        "_check_key", "_hash_keys", "_key", "_token_key", "_tokens", "key_id"
    )  # fmt: skip

    def __init__(self, key: bytes, key_id: str = "default") -> None:
        if len(key) != 32:
            raise KeyRefused(len(key))
        self._key = bytes(key)
        self.key_id = key_id
        self._token_key = self.subkey("tok")
        self._check_key = self.subkey("check")
        self._tokens: dict[tuple[str, str], str] = {}
        self._hash_keys: dict[str, bytes] = {}

    def __repr__(self) -> str:
        return f"Keyring(key_id={self.key_id!r})"

    def subkey(self, label: str) -> bytes:
        """Return the 32-byte key for one purpose.

        One HKDF-Expand block (RFC 5869, SHA-256): the project key is already uniform.
        """
        info = b"netft/sanitize/1/" + label.encode("ascii")
        return hmac.digest(self._key, info + b"\x01", "sha256")

    def keyed_hash(self, label: str, value: str) -> str:
        """Return 128 bits in hex that only this key makes of `value`, for one purpose.

        Equal values are recognised by it; nothing leads back.
        """
        key = self._hash_keys.get(label)
        if key is None:
            key = self._hash_keys[label] = self.subkey(label)
        raw = value.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(raw, digest_size=16, key=key).hexdigest()

    def begun_hash(self, label: str) -> Any:
        """Return what `keyed_hash` begins with; a copy of it takes a value's bytes."""
        return hashlib.blake2b(digest_size=16, key=self.subkey(label))

    def token_hash(self, kind: str) -> Any:
        """Return what the token of a secret begins with; see `hash_head`."""
        person = LABELS[kind].encode("ascii")
        return hashlib.blake2b(digest_size=7, key=self._token_key, person=person)

    @property
    def check_value(self) -> str:
        """A short public value by which a wrong key under a known id is noticed."""
        return self.subkey("key-check")[:8].hex()

    def token(self, kind: str, value: str) -> str:
        """Return the token of `value`, whose span type is `kind`.

        Names are case-folded and stripped of separators first, so that spellings of
        one customer share a token; secrets are taken as they are.
        """
        found = self._tokens.get((kind, value))
        if found is None:
            found = self._make(LABELS[kind], canonical(kind, value))
            if len(self._tokens) >= _CACHE_LIMIT:
                self._tokens.clear()
            self._tokens[kind, value] = found
        return found

    def same_form(self, kind: str, value: str) -> str:
        """Return letters for letters and digits for digits, always the same ones.

        For values that programs read by their form: serial numbers.
        """
        digest = hashlib.blake2b(
            f"{kind}/{canonical(kind, value)}".encode("utf-8", "surrogatepass"),
            digest_size=64,
            key=self._token_key,
        ).digest()
        out = []
        for char, byte in zip(value, digest, strict=False):
            if char.isascii() and char.isdigit():
                out.append(chr(48 + byte % 10))
            elif char.isascii() and char.isalpha():
                out.append(chr((65 if char.isupper() else 97) + byte % 26))
            else:
                out.append(char)
        return "".join(out)

    def is_token(self, text: str) -> bool:
        """Say whether `text` is, exactly, a token made under this key."""
        match = TOKEN_SHAPE.fullmatch(text)
        return match is not None and self._is_ours(match)

    def own_tokens(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the ranges of `text` that are tokens made under this key."""
        for match in TOKEN_SHAPE.finditer(text):
            if self._is_ours(match):
                yield match.span()

    def _make(self, label: str, value: str) -> str:
        digest = hashlib.blake2b(
            value.encode("utf-8", "surrogatepass"),
            digest_size=7,
            key=self._token_key,
            person=label.encode("ascii"),
        ).digest()
        bits = int.from_bytes(digest, "big") >> 6
        body = "".join([_PAIRS[bits >> at & 1023] for at in (40, 30, 20, 10, 0)])
        return f"Z{label}_{body}{self._check(label, body)}"

    def _check(self, label: str, body: str) -> str:
        message = f"{label}_{body}".encode("ascii")
        digest = hashlib.blake2b(message, digest_size=5, key=self._check_key).digest()
        bits = int.from_bytes(digest[:2], "big") >> 1
        return _PAIRS[bits >> 5] + _BASE32[bits & 31]

    def _is_ours(self, match: re.Match[str]) -> bool:
        label, body, check = match.groups()
        return hmac.compare_digest(check, self._check(label, body))


def hash_head(body: str) -> bytes:
    """Return the first `HEAD` bytes of the hash behind a token, from its characters.

    Nothing where these are not the characters of a token.
    """
    digits = [_BASE32.find(char) for char in body[:_BODY]]
    if len(digits) < _BODY or min(digits) < 0:
        return b""
    bits = 0
    for digit in digits:
        bits = bits << 5 | digit
    return (bits >> 5 * _BODY - 8 * HEAD).to_bytes(HEAD, "big")


def canonical(kind: str, value: str) -> str:
    """Return the form in which `value` is hashed.

    Examples
    --------
    >>> canonical("customer", "NORTHWIND  Freight")
    'northwindfreight'
    >>> canonical("cred", "CaSe")
    'CaSe'
    """
    if kind in _NUMBERS:
        return "".join(char for char in value if char.isalnum())
    if kind in ("serial", "circuit"):
        return value.upper()
    if kind not in _FOLDED_TYPES:
        return value
    folded = unicodedata.normalize("NFKC", value).casefold()
    if kind in ("customer", "person"):
        return "".join(char for char in folded if char.isalnum()) or folded
    return folded
