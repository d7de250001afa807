"""What changed between two texts, line by line, as people read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

CONTEXT = 3


class Change(StrEnum):
    """What became of a line; a gap stands for unchanged lines that are left out."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    GAP = "gap"


@dataclass(frozen=True)
class DiffLine:
    """One line of a comparison; of a gap, the number of lines left out."""

    change: Change
    text: str = ""
    skipped: int = 0


def diff_lines(before: str, after: str, context: int = CONTEXT) -> list[DiffLine]:
    """Compare two texts; equal texts give nothing.

    Removed lines stand before added ones; of unchanged lines, `context` stay on either
    side of a change. Taking the lines that are same or added, and filling the gaps,
    gives ``after``; same or removed, ``before``.
    """
    old, new = before.splitlines(), after.splitlines()
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    found: list[DiffLine] = []
    place = 0
    for group in matcher.get_grouped_opcodes(context):
        found += _gap(group[0][1] - place)
        for tag, i1, i2, j1, j2 in group:
            found += _lines(tag, old[i1:i2], new[j1:j2])
        place = group[-1][2]
    return found + _gap(len(old) - place) if found else []


def _lines(tag: str, old: list[str], new: list[str]) -> Iterator[DiffLine]:
    if tag == "equal":
        yield from (DiffLine(Change.SAME, line) for line in old)
        return
    yield from (DiffLine(Change.REMOVED, line) for line in old)
    yield from (DiffLine(Change.ADDED, line) for line in new)


def _gap(skipped: int) -> list[DiffLine]:
    return [DiffLine(Change.GAP, skipped=skipped)] if skipped else []
