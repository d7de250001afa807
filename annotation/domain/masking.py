"""What a text tells, without whom it tells it of and who passed it on.

Copies are judged on this form: pseudonyms and addresses count as their type, and what
mail programs put around a text they quote (prefixes, attributions, header blocks) does
not count. It is never shown and never trained on.
"""

from __future__ import annotations

import re
import unicodedata

from annotation.domain.sanitize import TOKEN_SHAPE

_IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d]|\.\d)")
_GROUPS = r"[\da-f]{1,4}(?::[\da-f]{1,4})"
_IPV6 = re.compile(
    rf"(?<![\w:])(?:{_GROUPS}{{7}}|(?:{_GROUPS}{{0,6}})?::(?:{_GROUPS}{{0,6}})?)(?![\w:])"
)
_MAC = re.compile(
    r"(?<![\w:.-])(?:[\da-f]{2}(?:[:-][\da-f]{2}){5}|[\da-f]{4}(?:[.-][\da-f]{4}){2})"
    r"(?![\w:.-])"
)
# What every address of its kind has in it: several times as quick to look for.
_IPV4_SIGN = re.compile(r"\.\d{1,3}\.\d")
_MAC_SIGN = re.compile(r"[:.-][\da-f]{2}(?:[:-]|[\da-f]{2}[.-])")

_END = r"[ \t\r]*$"
# A lone bar quotes; a line with more of them is a row of a table.
_PREFIX = re.compile(
    r"^(?:[ \t]*>)+[ \t]?|^[ \t]*\|(?:[ \t]|$)(?=[^|\n]*$)", re.MULTILINE
)
# "On 3 Nov 2026 at 10:12, somebody wrote:", wrapped once at most.
_WROTE = (
    r"^[ \t]*(?:on|am|le|el)[ \t](?=[^\n]{0,200}\d)(?=[^\n]*(?:\n[^\n]*)?:[ \t\r]*$)"
    r"[^\n]{0,200}(?:\n[^\n]{0,120})?"
    r"\b(?:wrote|schrieb\b[^\n:]{0,120}|a écrit|escribió)[ \t]?:" + _END
)
_RULE = (
    r"^[ \t]*(?:-{2,}[ \t]*(?:original (?:message|appointment)|forwarded message|"
    r"ursprüngliche nachricht|weitergeleitete nachricht|message d'origine|"
    r"mensaje original)[ \t]*-{2,}|begin forwarded message:|_{20,})" + _END
)
_NAMES = (
    "sent|date|to|cc|subject|gesendet|datum|an|betreff|envoyé|à|objet|enviado|para|"
    "asunto"
)
_HEADERS = (
    r"^[ \t*]*(?:from|von|de)[ \t*]*:[^\n]*"
    rf"(?:\n[ \t*]*(?:{_NAMES})[ \t*]*:[^\n]*){{2,}}"
)
_INTRODUCTION = re.compile(f"{_WROTE}|{_RULE}|{_HEADERS}", re.MULTILINE)


def mask(text: str) -> str:
    """Fold case and white space, drop the marks of quoting, put types for identities.

    A type stands in place of every token and address.

    Examples
    --------
    >>> mask("> Link  DOWN at 10.1.1.1")
    'link down at ip'
    """
    return _typed(_without_quoting(_lowered(text))[0])


def mask_with_quotation(text: str) -> tuple[str, str]:
    """Return the masked text, and the masked form of what it quotes ("" for nothing).

    Quoted are the lines with a prefix; where no line has one, all that follows the
    first introduction.
    """
    whole, quoted = _without_quoting(_lowered(text))
    return _typed(whole), _typed(quoted)


def folded(text: str) -> str:
    """Fold case and white space."""
    return " ".join(_cases_folded(text).split())


def _lowered(text: str) -> str:
    return _cases_folded(TOKEN_SHAPE.sub(lambda match: f" z{match[1]} ", text))


def _cases_folded(text: str) -> str:
    # Both folds leave ASCII as `lower` does.
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).casefold()


def _without_quoting(low: str) -> tuple[str, str]:
    """Return a text without the marks of quoting, and the quoted part of it."""
    plain, prefixed = low, ""
    if ">" in low or "|" in low:
        plain = _PREFIX.sub("", low)
        marked = (line for line in low.split("\n") if _PREFIX.match(line))
        prefixed = "\n".join(_PREFIX.sub("", line) for line in marked)
    first = _INTRODUCTION.search(plain)
    told = _INTRODUCTION.sub("", plain) if first else plain
    if not told.strip():
        # Marks of quoting are all there is: then they are the text.
        return low, ""
    quoted = prefixed or (plain[first.end() :] if first else "")
    return told, _INTRODUCTION.sub("", quoted)


def _typed(low: str) -> str:
    text = " ".join(low.split())
    if _MAC_SIGN.search(text):
        text = _MAC.sub("mac", text)
    if _IPV4_SIGN.search(text):
        text = _IPV4.sub("ip", text)
    return _IPV6.sub("ip", text) if text.count(":") >= 2 else text
