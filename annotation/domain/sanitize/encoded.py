"""Secrets behind base64: `user:password` of HTTP and whole configurations.

What decodes to readable text and carries a credential is replaced as one value, because
nothing inside it can be replaced on its own.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Iterator

from annotation.domain.sanitize.findings import Finding
from annotation.domain.sanitize.signs import Signs
from annotation.domain.sanitize.views import View

_LONG = re.compile(
    r"(?<![A-Za-z0-9+/=_-])(?:[A-Za-z0-9+/]{60,80}\r?\n[ \t]{0,16}){0,400}"
    r"[A-Za-z0-9+/]{24,20000}={0,2}(?![A-Za-z0-9+/=_-])"
)
_BASIC = re.compile(r"(?i:\bbasic)[ :=]{1,3}([A-Za-z0-9+/]{8,400}={0,2})(?![\w+/=])")
_SIGNS = Signs({"long": r"[A-Za-z0-9+/]{24}"})
_READABLE = re.compile(r"[\t\n\r -~\u00a0-\uffff]+")
_PAIR = re.compile(r"[^\s:]{1,64}:\S{1,128}")


def find_encoded(view: View, hides: Callable[[str], bool]) -> Iterator[Finding]:
    """Yield base64 that hides a credential; `hides` says so of a decoded text."""
    text = view.text
    if "asic" in view.low:
        for match in _BASIC.finditer(text):
            plain = _decoded(match[1])
            if plain and _PAIR.fullmatch(plain):
                yield Finding(*match.span(1), "token", "basic-auth")
    if not _SIGNS.present(text):
        return
    for match in _LONG.finditer(text):
        plain = _decoded(match[0])
        if plain and hides(plain):
            yield Finding(*match.span(), "cred", "encoded-text")


def _decoded(value: str) -> str:
    """Return the readable text behind `value`; nothing if there is none."""
    value = "".join(value.split())
    try:
        raw = b64decode(value + "=" * (-len(value) % 4), validate=True)
        plain = raw.decode()
    except (Error, UnicodeDecodeError):
        return ""
    return plain if _READABLE.fullmatch(plain) else ""
