"""The text as a detector should see it, with the way back to the original.

Lookalike letters, full-width digits, zero-width characters, terminal escapes and
backspaces hide values from patterns. A view folds them away for detection only; the
engine cuts in the original text by `View.origin`. Plain ASCII costs nothing.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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
# JSON's escapes (RFC 8259 section 7), also where a string was encoded twice.
_ESCAPE = r"\\{1,4}(?P<escape>[nrt\"'/]|u[0-9A-Fa-f]{4})"
_SPECIAL = re.compile(f"{_TERMINAL.pattern}|{_ESCAPE}")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_ESCAPE_SIGN = re.compile(r"\\[nrt\"'/u\\]")
_QUOTE_SIGN = re.compile(r"\\\"|\":[ ]?\"|['\"][^'\"\n]*\\n[^'\"\n]*['\"]")
_LINE_SIGN = re.compile(r"\\r?\\?n(?=[^a-z]|[a-z]+[ -])")
_OPENINGS = ("{", "[", '"', "'")
_ASCII_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


@dataclass(frozen=True, slots=True)
class View:
    """Folded text, its lower-case twin of equal length, and the map to the original.

    `origins` is None where the view and the original have the same offsets. `wide` has
    the original end of every character of the view that was an escape sequence.
    """

    text: str
    low: str
    origins: Sequence[int] | None = None
    wide: Mapping[int, int] = field(default_factory=dict)

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return the original's half-open range behind a non-empty view range."""
        if self.origins is None:
            return start, end
        last = self.wide.get(end - 1, self.origins[end - 1] + 1)
        return self.origins[start], last

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
    is_escaped = "\\" in text and _is_escaped(text)
    if text.isascii() and not is_escaped and not _has_terminal_codes(text):
        return View(text, text.lower())
    parts, origins, wide = _parts(text, is_escaped=is_escaped)
    plain = "".join(parts)
    folded = plain.translate(_FOLD)
    if len(folded) != len(plain):
        kept = [at for at, char in enumerate(plain) if _FOLD[ord(char)]]
        wide = {new: wide[at] for new, at in enumerate(kept) if at in wide}
        origins = [origins[at] for at in kept]
    if len(folded) == len(text):
        return View(folded, _lower(folded))
    return View(folded, _lower(folded), origins, wide)


def _parts(
    text: str, *, is_escaped: bool
) -> tuple[list[str], list[int], dict[int, int]]:
    """Return the text without terminal codes and escapes, and where it comes from."""
    parts: list[str] = []
    origins: list[int] = []
    wide: dict[int, int] = {}
    position = 0
    pattern = _SPECIAL if is_escaped else _TERMINAL
    for match in pattern.finditer(text):
        parts.append(text[position : match.start()])
        origins.extend(range(position, match.start()))
        position = match.end()
        char = _unescaped(match) if is_escaped else ""
        if char:
            wide[len(origins)] = match.end()
            parts.append(char)
            origins.append(match.start())
    parts.append(text[position:])
    origins.extend(range(position, len(text)))
    return parts, origins, wide


def _unescaped(match: re.Match[str]) -> str:
    """Return the character that an escape sequence stands for; "" for other codes.

    Text that was encoded twice has more backslashes before the same letter.
    """
    code = match["escape"]
    if code is None:
        return ""
    if len(code) > 1:
        char = chr(int(code[1:], 16))
        return char if char.isprintable() else " "
    return _ESCAPES.get(code, code)


def _is_escaped(text: str) -> bool:
    """Say whether backslashes are escapes, as in JSON and in quoted strings, and not
    parts of paths and account names.
    """
    if _QUOTE_SIGN.search(text) or text.lstrip()[:1] in _OPENINGS:
        return _ESCAPE_SIGN.search(text) is not None
    return len(_LINE_SIGN.findall(text)) > 1


def _has_terminal_codes(text: str) -> bool:
    return "\x1b" in text or "\x08" in text or "--More--" in text


def _lower(text: str) -> str:
    """Lower-case without ever changing the length ("İ".lower() has two characters)."""
    low = text.lower()
    return low if len(low) == len(text) else text.translate(_ASCII_LOWER)
