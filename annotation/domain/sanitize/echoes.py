"""A secret found once is removed wherever else it stands in the same text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from annotation.domain.sanitize import values
from annotation.domain.sanitize.findings import Finding
from annotation.domain.sanitize.views import View

_REPEATED = frozenset(("cred", "snmp", "token"))
_SHORTEST = 6
# Beyond this many secrets a text is searched word by word, which stays linear.
_MANY = 100
_WORD = re.compile(r"[^\s\"'`,;|<>]+")


def find_echoes(view: View, found: Sequence[Finding]) -> Iterator[Finding]:
    """Yield further places of the distinctive secrets among `found`."""
    kinds: dict[str, str] = {}
    for finding in found:
        value = view.text[finding.start : finding.end]
        if finding.type in _REPEATED and _is_distinctive(value):
            kinds[value] = finding.type
    if len(kinds) > _MANY:
        for match in _WORD.finditer(view.text):
            if match[0] in kinds:
                yield Finding(*match.span(), kinds[match[0]], "echo")
        return
    for value, kind in kinds.items():
        at = view.text.find(value)
        while at >= 0:
            yield Finding(at, at + len(value), kind, "echo")
            at = view.text.find(value, at + len(value))


def _is_distinctive(value: str) -> bool:
    return len(value) >= _SHORTEST and values.looks_secret(value)
