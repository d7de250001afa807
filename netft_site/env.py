"""Strict readers of the process environment.

Every setting that a deployment may change passes through one of these readers.
A value that does not parse stops the start with a sentence that names the variable;
nothing falls back silently. Secrets may come from a file named by ``NAME_FILE``.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from dotenv import dotenv_values

KEY_BYTES = 32
# Of 32 random bytes some 30 differ; a key with fewer than this was typed, not drawn.
_LEAST_DISTINCT = 16


def load_dotenv(path: Path) -> None:
    """Fill unset variables from ``path``; the real environment always wins."""
    for name, value in dotenv_values(path, interpolate=False).items():
        if value is not None:
            os.environ.setdefault(name, value)


def env_str(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def env_bool(name: str, default: bool) -> bool:
    """Read ``True`` or ``False``, spelled so; anything else refuses the start."""
    raw = os.environ.get(name)
    if raw is None or raw == "":
        return default
    if raw not in ("True", "False"):
        raise ImproperlyConfigured(f"{name} must be True or False.")
    return raw == "True"


def env_int(name: str, default: int, *, minimum: int = 0) -> int:
    raw = os.environ.get(name)
    if raw is None or raw == "":
        return default
    if not re.fullmatch(r"\d+", raw) or int(raw) < minimum:
        raise ImproperlyConfigured(f"{name} must be a whole number >= {minimum}.")
    return int(raw)


def env_list(name: str, default: list[str]) -> list[str]:
    raw = os.environ.get(name)
    if raw is None:
        return default
    return [part.strip() for part in raw.split(",") if part.strip()]


def env_secret(name: str, default: str = "") -> str:
    """Read a secret from ``NAME_FILE`` (a path) or ``NAME``."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE cannot be read.") from error
    return os.environ.get(name, default)


def env_keys(name: str) -> dict[str, bytes]:
    """Read ``id:base64,id:base64`` into a mapping of key id to 32 bytes."""
    keys: dict[str, bytes] = {}
    for part in env_secret(name).split(","):
        if not part.strip():
            continue
        key_id, _, encoded = part.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ImproperlyConfigured(f"{name}: a key is not base64.") from error
        if not re.fullmatch(r"[a-z0-9-]{1,32}", key_id) or len(key) != KEY_BYTES:
            raise ImproperlyConfigured(
                f"{name} must be a list of ID:BASE64 with 32-byte keys."
            )
        if len(set(key)) < _LEAST_DISTINCT:
            raise ImproperlyConfigured(f"{name}: the key {key_id} is not random.")
        keys[key_id] = key
    return keys
