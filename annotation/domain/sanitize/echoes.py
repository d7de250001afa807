"""A secret found once is removed wherever else it stands in the same text.

Where it is glued to letters or digits the whole run of them goes: what is left over of
a word would be pieces of a secret, or of another one.
"""

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
    places = {(finding.start, finding.end) for finding in found}
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
            start, end = at, at + len(value)
            if (start, end) not in places:
                start, end = _whole(view.text, start, end)
            yield Finding(start, end, kind, "echo")
            # Beyond the whole run, which is so read once for a secret.
            at = view.text.find(value, end)


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a range with the letters and digits that it is glued to."""
    while start and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    return start, end


def _is_distinctive(value: str) -> bool:
    return len(value) >= _SHORTEST and values.looks_secret(value)
