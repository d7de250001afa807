"""Reading the word that may be a secret, and settling what its keyword promised."""

from __future__ import annotations

import re
from typing import NamedTuple

from annotation.domain.sanitize import values
from annotation.domain.sanitize.mentions import Mention, Promise
from annotation.domain.sanitize.views import View

_QUALIFIED = re.compile(r"(\S{1,24})[ \t]{1,3}(?=\S)")
_SNMP = re.compile(r"(?<![a-z])snmp")
# Access before the word makes a community SNMP's: "the RO community".
_ACCESS = re.compile(
    r"(?<![a-z])(?:ro|rw|read|write|read-only|read-write|read-?string|trap|polling)[ -]"
    r"communit(?:y|ies)$"
)
_COMMUNITY_NAME = re.compile(r"\\?[\"'`]?[ \t](?:string|name)\b")
_BGP_COMMUNITY = re.compile(
    r"(?<![a-z0-9+/])(?:\d{1,10}:\d{1,10}|no-(?:export|advertise|peer)|internet|additive"
    r"|local-as|0x[\da-f]+)(?![a-z0-9+/=])",
    re.IGNORECASE,
)


class Value(NamedTuple):
    """A secret value's range and how it was recognised."""

    start: int
    end: int
    rule: str


class Candidate(NamedTuple):
    """A word that may be the value, and how it is dressed."""

    start: int
    end: int
    text: str
    is_quoted: bool
    is_typed: bool  # an encoding or algorithm was named before it
    is_clear: bool  # and it says clear text, or none was named


def read_candidate(text: str, start: int, limit: int) -> Candidate | None:
    """Read the value at `start`, past words that name an encoding.

    Such a word counts only if another follows: in `password secret` it is the value.
    """
    last = ""
    for _ in range(6):
        match = _QUALIFIED.match(text, start, limit)
        if match is None or not values.is_qualifier(match[1]):
            break
        last, start = match[1], match.end()
    found = values.read_value(text, start, limit)
    if found is None:
        return None
    value = text[found[0] : found[1]]
    is_quoted = found[0] != start
    is_number = value.isdigit() and len(value) <= 2
    if not is_quoted and (is_number or not any(map(str.isalnum, value))):
        return None
    is_clear = not last or values.is_clear(last)
    return Candidate(*found, value, is_quoted, bool(last), is_clear)


def settled(view: View, mention: Mention, found: Candidate) -> Promise:
    """Decide whether a community is SNMP's (a secret) or BGP's (routing policy)."""
    if mention.promise is not Promise.COMMUNITY:
        return mention.promise
    if _BGP_COMMUNITY.search(found.text):
        return Promise.NOTHING
    if _is_snmp_line(view, mention):
        return Promise.SECRET
    if found.text.isdigit() and not found.is_quoted:
        return Promise.NOTHING
    is_named = _COMMUNITY_NAME.match(view.low, mention.end)
    is_alone = view.text.startswith(":", mention.end) and found.end == mention.line_end
    is_snmp = is_named or is_alone or found.is_quoted
    return Promise.SECRET if is_snmp else Promise.NOTHING


def _is_snmp_line(view: View, mention: Mention) -> bool:
    before = view.low[max(mention.line_start, mention.start - 200) : mention.end]
    return _SNMP.search(before) is not None or _ACCESS.search(before) is not None
