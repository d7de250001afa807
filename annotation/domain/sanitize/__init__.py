"""Sanitizing of network text: the one interface of this room.

`Sanitizer(Keyring(key, key_id), Knowledge(...)).sanitize(text)` returns `Sanitized` and
never raises. Everything else in this package is its own business.
"""

from __future__ import annotations

from annotation.domain.sanitize.engine import MAX_CHARS, RULESET, TAKEN, Sanitizer
from annotation.domain.sanitize.findings import Context, Sanitized, Span, Tripwire
from annotation.domain.sanitize.knowledge import (
    MISSED,
    Knowledge,
    OwnRule,
    value_hash,
    value_range,
)
from annotation.domain.sanitize.naming import named_at, without_named
from annotation.domain.sanitize.pseudonyms import (
    SECRET_TOKEN,
    TOKEN_SHAPE,
    KeyRefused,
    Keyring,
)
from annotation.domain.sanitize.tripwire import CERTAIN, POSSIBLE

__all__ = [
    "CERTAIN",
    "MAX_CHARS",
    "MISSED",
    "POSSIBLE",
    "RULESET",
    "SECRET_TOKEN",
    "TAKEN",
    "TOKEN_SHAPE",
    "Context",
    "KeyRefused",
    "Keyring",
    "Knowledge",
    "OwnRule",
    "Sanitized",
    "Sanitizer",
    "Span",
    "Tripwire",
    "named_at",
    "value_hash",
    "value_range",
    "without_named",
]
