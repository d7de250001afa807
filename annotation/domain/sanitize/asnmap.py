"""A keyed one-to-one map of autonomous system numbers that keeps their class.

What a number means to a reader of routing survives (public or private, 16 or 32 bits,
documentation); whose it is does not. Reserved numbers stay.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right

from annotation.domain.sanitize.pseudonyms import Keyring

# First and last number of each class: RFC 6996 (private), RFC 5398 (documentation),
# RFC 7607, 6793 and 7300 (0, AS_TRANS and the last ones, which stay).
_CLASSES = (
    (1, 23455),
    (23457, 64495),
    (64496, 64511),
    (64512, 65534),
    (65536, 65551),
    (65552, 4199999999),
    (4200000000, 4294967294),
)
_FIRSTS = [first for first, _ in _CLASSES]
_ROUNDS = 6


class AsnMap:
    """The map of one project key."""

    def __init__(self, keyring: Keyring) -> None:
        self._key = keyring.subkey("asn")
        self._known: dict[int, int] = {}

    def map(self, number: int) -> int:
        """Return the pseudonym of `number`, which is of the same class."""
        at = bisect_right(_FIRSTS, number) - 1
        if at < 0 or number > _CLASSES[at][1]:
            return number
        found = self._known.get(number)
        if found is None:
            first, last = _CLASSES[at]
            found = self._permute(number - first, last - first + 1) + first
            self._known[number] = found
        return found

    def _permute(self, value: int, size: int) -> int:
        """Permute 0 to size - 1: a Feistel network, walked until it lands inside
        (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002).
        """
        half = ((size - 1).bit_length() + 1) // 2
        mask = (1 << half) - 1
        while True:
            left, right = value >> half, value & mask
            for turn in range(_ROUNDS):
                left, right = right, left ^ (self._round(size, turn, right) & mask)
            value = (left << half) | right
            if value < size:
                return value

    def _round(self, size: int, turn: int, half: int) -> int:
        message = b"%d/%d/%d" % (size, turn, half)
        digest = hashlib.blake2b(message, digest_size=4, key=self._key).digest()
        return int.from_bytes(digest, "big")
