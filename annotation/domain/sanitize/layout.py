"""Columns stay where they are although pseudonyms are longer or shorter.

Tables of device output are read by the place of their columns. In a line with gaps of
two spaces and more, what a replacement adds is taken out of the gap behind it, and what
it saves is put there. Text without such gaps is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from annotation.domain.sanitize.findings import Span

GAP = "gap"
"""Type of a piece that only changes spaces; it leaves no span."""

_GAP = re.compile(r"(?<=[^\s.!?])[ ]{2,}(?=\S)")
_SPACES = re.compile(r"[ ]+(?=\S)")


def keep_columns(text: str, pieces: Sequence[Span]) -> list[Span]:
    """Return the changes of gaps that go with `pieces`, which are in order."""
    changes: list[Span] = []
    line_end, owed, position = -1, 0, 0
    is_table = False
    for at, piece in enumerate(pieces):
        if piece.start > line_end:
            start = text.rfind("\n", 0, piece.start) + 1
            found = text.find("\n", piece.end)
            line_end = len(text) if found < 0 else found
            is_table = _GAP.search(text, start, line_end) is not None
            owed, position = 0, piece.start
        if not is_table:
            continue
        owed += len(piece.token) - (piece.end - piece.start)
        following = pieces[at + 1].start if at + 1 < len(pieces) else line_end
        position = max(position, piece.end)
        owed, position = _settle(
            text, position, min(following, line_end), owed, changes
        )
    return changes


def _settle(
    text: str, position: int, limit: int, owed: int, changes: list[Span]
) -> tuple[int, int]:
    """Take from or add to the gaps before `limit`; return what is still owed."""
    while owed and (gap := _SPACES.search(text, position, limit + 1)):
        start, end = gap.span()
        if end > limit:
            break
        width = end - start
        if width > 1 and owed < 0:
            changes.append(Span(start, start, GAP, "", " " * -owed))
            return 0, end
        if width > 1:
            taken = min(owed, width - 1)
            changes.append(Span(end - taken, end, GAP, "", ""))
            owed -= taken
        position = end
    return owed, position
