"""Lines, and whether one reads as a sentence or as the output of a device.

Bare numbers are somebody's phone or card in a sentence and counters in a table.
"""

from __future__ import annotations

import re

from annotation.domain.sanitize.words import WORDS

_WORD = re.compile(r"[a-z']+")
_NUMBER = re.compile(r"\d+")
_COLUMNS = re.compile(r"\S[ ]{3,}\S|\t|\|")


def line_around(text: str, at: int, longest: int) -> tuple[int, int]:
    """Return the line around `at`, or as much of it as is at most `longest` away."""
    start = text.rfind("\n", max(0, at - longest), at) + 1
    if start == 0:
        start = max(0, at - longest)
    end = text.find("\n", at, at + longest)
    return start, (end if end >= 0 else min(len(text), at + longest))


def reads_as_prose(low: str) -> bool:
    """Say whether a line in lower case has small words of a sentence, more words than
    numbers, and no columns.
    """
    if _COLUMNS.search(low.strip()):
        return False
    words = _WORD.findall(low)
    small = WORDS["grammar"].intersection(words)
    is_list = len(_NUMBER.findall(low)) > len(words)
    return (
        len(words) > 2
        and len(small) * 12 >= len(words)
        and not is_list
        and (len(small) > 1 or small != {"to"})
    )
