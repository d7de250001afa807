"""An order that looks random, is decided by a seed, and survives new records.

Each key gets a rank from a hash of seed, purpose and key. Adding or removing a key
leaves the order of the others as it was, and no generator is shared or global.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def seeded_rank(seed: int, purpose: str, key: str) -> int:
    """Return a whole number below 2^64, the same for the same three arguments."""
    digest = hashlib.blake2b(f"{seed}|{purpose}|{key}".encode(), digest_size=8)
    return int.from_bytes(digest.digest(), "big")


def seeded_order(keys: Iterable[str], seed: int, purpose: str) -> list[str]:
    """Return the keys in the order of their ranks; equal ranks by key."""
    return sorted(keys, key=lambda key: (seeded_rank(seed, purpose, key), key))
