"""A sanitizer with a fixed key that knows no names."""

from __future__ import annotations

from annotation.domain.sanitize import Keyring, Sanitizer

KEY = bytes(range(32))
SANITIZER = Sanitizer(Keyring(KEY, "test"))
