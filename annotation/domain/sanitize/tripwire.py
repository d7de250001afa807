"""Places where a credential may have been missed: a credential word whose value nobody
explained.

The tripwire judges values, not lines: a line that already carries one token can still
hide a second secret. It never replaces anything; a certain one makes the engine hold.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from annotation.domain.sanitize import values
from annotation.domain.sanitize.findings import Tripwire
from annotation.domain.sanitize.mentions import Mention, Promise
from annotation.domain.sanitize.views import View

CERTAIN = "unexplained-secret"
POSSIBLE = "unexplained-value"

_WORDS_AFTER = 8
_WINDOW = 300
# Markup, paths and escapes begin otherwise.
_STARTS = "!@$^*~"
_WORD = re.compile(r"[ \t]*[\"'(\[]?([^\s\"',;|]{1,200})")


def find_tripwires(
    view: View, mentions: Sequence[Mention], explained: Sequence[tuple[int, int]]
) -> Iterator[Tripwire]:
    """Yield unexplained values; their ranges are of the original text.

    `explained` are the ranges, in the view, of everything already replaced.
    """
    seen = -1
    for mention in mentions:
        limit = min(mention.line_end, mention.end + _WINDOW)
        for start, end in _words_after(view.text, mention.end, limit):
            if start <= seen:
                continue
            rule = _judge(view.text[start:end], mention.promise)
            if rule and not _is_explained(start, end, explained):
                seen = start
                yield Tripwire(*view.origin(start, end), rule)


def _words_after(text: str, start: int, limit: int) -> Iterator[tuple[int, int]]:
    for _ in range(_WORDS_AFTER):
        match = _WORD.match(text, start, limit)
        if match is None:
            start += 1
            if start >= limit:
                return
            continue
        yield values.trim(text, *match.span(1))
        start = match.end()


def _judge(value: str, promise: Promise) -> str | None:
    if (
        value.isalpha()
        or not value
        or (value[0] not in _STARTS and not value[0].isalnum())
    ):
        return None
    if promise is Promise.SECRET:
        if values.looks_random(value):
            return CERTAIN
        return POSSIBLE if values.looks_secret(value) and len(value) >= 6 else None
    is_holder = promise is Promise.MAYBE and values.looks_like_password(value)
    return POSSIBLE if is_holder else None


def _is_explained(start: int, end: int, explained: Sequence[tuple[int, int]]) -> bool:
    at = bisect_left(explained, (end, -1)) - 1
    return at >= 0 and explained[at][1] > start
