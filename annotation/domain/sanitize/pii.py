"""Personal data with a shape of its own. Today: e-mail addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from annotation.domain.sanitize.findings import Finding
from annotation.domain.sanitize.views import View

_DOMAIN = re.compile(r"@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w-])")
_ESCAPED = re.compile(_DOMAIN.pattern.replace("@", "%40", 1))
_PATTERNS = (("@", _DOMAIN), ("%40", _ESCAPED))
_LOCAL = re.compile(r"[\w.%+'=~-]{1,64}\Z")
_REACH = 64


def find_pii(view: View) -> Iterator[Finding]:
    """Yield e-mail addresses; user@host without a domain is none."""
    text = view.text
    for sign, pattern in _PATTERNS:
        if sign not in text:
            continue
        for match in pattern.finditer(text):
            start = _local_start(text, match.start())
            if start < match.start() and not _is_in_url(text, start):
                yield Finding(start, match.end(), "email", "email")


def _local_start(text: str, at: int) -> int:
    local = _LOCAL.search(text[max(0, at - _REACH) : at])
    # `mail=x@y` is an assignment more often than an address with a sign in it.
    return at - len(local[0].rpartition("=")[2].lstrip("'.")) if local else at


def _is_in_url(text: str, start: int) -> bool:
    """Say whether user:password@host of a URL only looks like an address."""
    word = text[max(0, start - 100) : start].rsplit(None, 1)[-1:]
    return text[start - 1 : start] == ":" and "://" in "".join(word)
