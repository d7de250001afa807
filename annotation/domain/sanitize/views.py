"""The text as a detector should see it, with the way back to the original.

Lookalike letters, full-width digits, zero-width characters, terminal escapes and
backspaces hide values from patterns. A view folds them away for detection only; the
engine cuts in the original text by `View.origin`. Plain ASCII costs nothing.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

# Letters of other scripts that look like the Latin ones used in keywords and values
# (Unicode TR 39 confusables, the subset that occurs in pasted text).
_CONFUSABLES = dict(
    zip(
        "аеорсухіјѕԁһӏԛԝАВЕКМНОРСТХУІЈЅαοερτυκνΑΒΕΖΗΙΚΜΝΟΡΤΥΧ․。．",
        "aeopcyxijsdhlqwABEKMHOPCTXYIJSaoeptukvABEZHIKMNOPTYX...",
        strict=True,
    )
)
_INVISIBLE = frozenset("\u00ad\u034f\u061c\u115f\u180e\u2060\ufeff") | {
    chr(code)
    for low, high in ((0x200B, 0x200F), (0x202A, 0x202E), (0x2061, 0x2069))
    for code in range(low, high + 1)
}
_TERMINAL = re.compile(
    r"\x1b\[[0-9;?]{0,32}[ -/]{0,4}[@-~]|\x1b[@-Z\\-_]|[^\x08\n]\x08|[\x08\x1b]"
    r"|--More--[ \t]?",
)
_ASCII_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


@dataclass(frozen=True, slots=True)
class View:
    """Folded text, its lower-case twin of equal length, and the map to the original.

    `origins` is None where the view and the original have the same offsets.
    """

    text: str
    low: str
    origins: Sequence[int] | None = None

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return the original's half-open range behind a non-empty view range."""
        if self.origins is None:
            return start, end
        return self.origins[start], self.origins[end - 1] + 1

    def located(self, start: int, end: int) -> tuple[int, int]:
        """Return the view's range of an original one: the inverse of `origin`."""
        if self.origins is None:
            return start, end
        return bisect_left(self.origins, start), bisect_left(self.origins, end)


class _Fold(dict[int, str]):
    """Code point to its folded form of length zero or one, filled on demand."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        folded = char
        if code > 127:
            folded = "" if char in _INVISIBLE else _CONFUSABLES.get(char, "")
            if not folded and char not in _INVISIBLE:
                compatible = unicodedata.normalize("NFKC", char)
                folded = compatible if len(compatible) == 1 else char
        if len(self) < 70_000:
            self[code] = folded
        return folded


_FOLD = _Fold()


def view(text: str) -> View:
    """Fold `text` for detection; offsets stay resolvable whatever was dropped."""
    if text.isascii() and not _has_terminal_codes(text):
        return View(text, text.lower())
    kept = _kept_ranges(text)
    pieces = [text[start:end] for start, end in kept]
    folded = "".join(pieces).translate(_FOLD)
    if len(folded) == len(text):
        return View(folded, _lower(folded))
    origins = [
        index
        for start, end in kept
        for index in range(start, end)
        if _FOLD[ord(text[index])]
    ]
    return View(folded, _lower(folded), origins)


def _has_terminal_codes(text: str) -> bool:
    return "\x1b" in text or "\x08" in text or "--More--" in text


def _kept_ranges(text: str) -> list[tuple[int, int]]:
    if not _has_terminal_codes(text):
        return [(0, len(text))]
    ranges, position = [], 0
    for match in _TERMINAL.finditer(text):
        ranges.append((position, match.start()))
        position = match.end()
    ranges.append((position, len(text)))
    return ranges


def _lower(text: str) -> str:
    """Lower-case without ever changing the length ("İ".lower() has two characters)."""
    low = text.lower()
    return low if len(low) == len(text) else text.translate(_ASCII_LOWER)
