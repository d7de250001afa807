"""Values that are told by their place: `enable secret 5 x`.

A place counts fully on a line that is a command, and elsewhere only for a word that
looks made up: "forgot his password again" must survive.
"""

from __future__ import annotations

import re

from annotation.domain.sanitize import values
from annotation.domain.sanitize.candidates import (
    Candidate,
    Value,
    read_candidate,
    settled,
)
from annotation.domain.sanitize.mentions import Mention, Promise, promise_of
from annotation.domain.sanitize.views import View
from annotation.domain.sanitize.words import WORDS

# Wider gaps separate the columns of a table, whose header names no value.
_COLUMN_GAP = 3
# An index, a type or a length is shorter than a key of digits.
_SHORTEST_DIGITS = 6
_GAP = re.compile(r"[ \t]+")
_NEXT_WORD = re.compile(r"[ \t]+(\S{1,256})")
# Of the names that only may hold a secret, those that hold one by position.
_HOLDER = re.compile(r"(?:key|token|credential|cred|pass|pw)\d?\Z")
_CLOSING = "\"'}],;"
_HEAD = re.compile(r"[\w.-]{1,40}")
_PROMPT = re.compile(
    r"[ \t>+|!/#*-]{0,48}(?:\d{1,6}[:.)][ \t]{1,8})?"
    r"(?:[\w.@:/~()\[\]-]{1,60}[#>$%][ \t]{0,3})?"
)


def by_position(view: View, mention: Mention, limit: int) -> Value | None:
    text = view.text
    gap = _GAP.match(text, mention.end, limit)
    found = gap and read_candidate(text, gap.end(), limit)
    if not found or values.is_placeholder(found.text):
        return None
    promise = settled(view, mention, found)
    if promise is Promise.NOTHING or (
        promise is Promise.MAYBE
        and not (_HOLDER.search(view.low, mention.start, mention.end))
    ):
        return None
    if _is_command(view, mention):
        return _in_command(view, mention, promise, found)
    value = Value(found.start, found.end, "position")
    if gap and gap.end() - gap.start() > _COLUMN_GAP:
        return None
    is_key = len(found.text) >= 12 and values.looks_like_key(found.text)
    if is_key or values.looks_random(found.text):
        return value
    if promise is not Promise.SECRET or " " in found.text or len(found.text) < 4:
        return None
    is_made_up = values.looks_secret(found.text) or (
        (found.is_quoted or found.is_typed) and not values.is_plain_word(found.text)
    )
    is_odd = values.is_mixed_case(found.text) and not _is_sentence(view, mention)
    return value if is_made_up or is_odd else None


def _in_command(
    view: View, mention: Mention, promise: Promise, found: Candidate
) -> Value | None:
    value = Value(found.start, found.end, "command")
    is_number = found.text.isdigit()
    if not is_number and values.may_follow(found.text):
        return None
    if promise is not Promise.SECRET:
        is_key = "key" in view.low[mention.start : mention.end]
        return value if _may_be_key(found, is_key=is_key) else None
    if found.is_quoted or not found.is_clear:
        return value
    looks_secret = values.looks_secret(found.text)
    is_index = is_number and len(found.text) < 4
    is_word = is_index or values.is_plain_word(found.text)
    if is_word and not found.is_typed and not looks_secret:
        return None
    end = _command_end(view.text, found.end, mention.line_end)
    if end is None:
        return value if looks_secret else None
    return Value(found.start, end, "command")


def _may_be_key(found: Candidate, *, is_key: bool) -> bool:
    """Judge the value of a mere `key` or `token`: `key 10` is an index, no secret."""
    if values.looks_like_key(found.text):
        return True
    is_named = found.is_quoted and not values.is_plain_word(found.text)
    is_encoded = found.is_typed and (
        not found.text.isdigit() or len(found.text) >= _SHORTEST_DIGITS
    )
    return is_key and (is_named or is_encoded or values.looks_secret(found.text))


def _command_end(text: str, end: int, limit: int) -> int | None:
    """Extend a plain-text value over further words, or reject the line as prose.

    Commands take LINE arguments (`password 0 two words`): up to four words, none of
    which belongs to a sentence.
    """
    for _ in range(4):
        match = _NEXT_WORD.match(text, end, limit)
        if match is None:
            return end
        core = match[1].rstrip(_CLOSING)
        if values.may_follow(core):
            return end
        if core != match[1]:
            # The string ends here, and the value with it.
            return match.start(1) + len(core)
        if promise_of(match[1].strip("\"'{}")) is Promise.SECRET:
            return end
        if values.is_plain_word(match[1]):
            return None
        end = match.end()
    return None


def _is_command(view: View, mention: Mention) -> bool:
    """Say whether the mention stands in a configuration command."""
    start = mention.line_start
    if mention.start - start > 400:
        return False
    before = view.text[start : mention.end]
    prompt = _PROMPT.match(before)
    offset = prompt.end() if prompt else 0
    head = _HEAD.match(before, offset)
    if head is None or not head[0][0].islower():
        return "ommand" in before
    is_first = start + offset == mention.start
    return is_first or head[0] in WORDS["heads"] or "-" in head[0] or "ommand" in before


def _is_sentence(view: View, mention: Mention) -> bool:
    """Say whether the line reads as prose: a capital first, or words of grammar."""
    start = max(mention.line_start, mention.start - 120)
    line = view.text[start : min(mention.line_end, mention.end + 120)].split()
    return line[0][:1].isupper() or any(
        word.lower() in WORDS["grammar"] for word in line
    )
