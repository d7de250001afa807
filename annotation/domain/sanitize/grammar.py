"""Which word after a credential keyword is the secret.

Three ways to say it, tried in this order: an assignment (`password: x`, `"psk":"x"`,
`<secret>x`), a sentence (`the psk is x`), and a place (`enable secret 5 x`, see
`positions`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from annotation.domain.sanitize import values
from annotation.domain.sanitize.candidates import (
    Candidate,
    Value,
    read_candidate,
    settled,
)
from annotation.domain.sanitize.findings import Finding
from annotation.domain.sanitize.mentions import Mention, Promise
from annotation.domain.sanitize.positions import by_position
from annotation.domain.sanitize.views import View

_WINDOW = 2000
# What stands before a YAML block, whose text begins on the next line.
_BLOCK_SIGNS = ("", "|", "|-", "|+", ">", ">-", ">+")
_KEY_OF_DIGITS = 8  # shorter numbers in a sentence may count something
_ASSIGN = re.compile(
    r"(?:[ \t](?:string|name|phrase|value|hash))?\\?[\"'`*_]{0,3}[ \t]{0,40}"
    r"(?:\([^)\n]{0,40}\)[ \t]{0,3})?"
    r"(?:(?::=|=>|->|={1,2}|:(?!:)|：|%3[dDaA])\\?[ \t*]{0,40}|\((?=[\"'`]))"
)
# `PSK for the tunnel to Paris = x`: words between the name and the sign.
_ASSIGN_FAR = re.compile(
    r"[ \t](?:for|of|on|to|at|from|\()[ \t]?[^\n:=]{1,60}?[ \t]{0,3}[:=]{1,2}[ \t]{0,3}"
)
_URL_END = re.compile(r"%(?:26|20|0[aAdD]|3[bB]|22)")
# `"name":"db_password","value":"x"` and its like in XML, HCL and PHP.
_VALUE_KEY = re.compile(
    r"[\"'][ \t]?(?:[,{]|[ \t])\s{0,40}(?:[\"']?(?:value|default|content)[\"']?"
    r"[ \t]{0,4}[:=][ \t]{0,4}(?=[\"'])|(?=[\"'](?![\w.-]{1,60}[\"'][ \t]?:)))",
    re.IGNORECASE,
)
_PROPERTY = re.compile(
    r"(?:</(?:b|strong|span|label)>)?[ \t]{0,4}</(?:name|key|td|th|dt|label|b|strong)>"
    r"\s{0,80}<(?:value|string|td|th|dd|span)(?:[ \t][^<>\n]{0,80})?>[ \t]{0,8}"
    r"([^<>\n]{1,400}?)[ \t]{0,8}</"
)
_XML = re.compile(r"(?:[ \t][^<>\n]{0,120})?>[ \t]{0,8}")
_LINK = re.compile(
    r"(?:[ \t](?:string|phrase|value|word))?(?:[ \t]\([^)\n]{0,40}\))?"
    r"(?:[ \t](?:for|of|on|to|at)[ \t][^\n:=]{1,60}?)??"
    r"[ \t]{1,3}(?:(?:(?:is|was|were|got|will be|(?:has|have) been)[ \t])?"
    r"(?:now[ \t]|just[ \t])?(?:now|(?:set|changed|reset|updated|rotated) (?:back )?to)"
    r"|is|was|were|will be|lautet|ist|es|est|è|är|er"
    r"|(?P<to>to|as|with|-|–))"
    r"(?:[ \t]now|[ \t]still)?[ \t]{0,3}[:=]?[ \t]{1,3}",
    re.IGNORECASE,
)
_SET_BEFORE = re.compile(
    r"(?:set|chang|reset|updat|rotat|switch)\w{0,4}\b[^.\n]{0,40}$"
)
_NEXT_LINE = re.compile(
    r"[ \t]*(?:\r?\n[ \t]*)?\r?\n[ \t>|]{0,24}"
    r"(?P<key>(?:value|data|plain|text|default|encrypted)[ \t]*:[ \t]*[\"']?)?"
    r"(\S{4,256}?)[\"']?[ \t]*(?=\r?\n|$)"
)
_WORD_END = re.compile(r"\S*")
_WRAPPED = re.compile(r"\r?\n[ \t>]{0,8}(\S{4,256})")
_CLAUSE_END = re.compile(
    r"[\"'`)\]]?(?:[.,;!?]?[ \t\r]*(?:$|\n)|[.,;][ \t]"
    r"|[ \t](?:and|but|on|for|or|then|so|after|before|last|today|yesterday|since|by"
    r"|because|in|at|now|again|please|thanks|via|until)\b)"
)


def find_keyword_values(view: View, mentions: Sequence[Mention]) -> Iterator[Finding]:
    """Yield the value of every credential keyword that has one."""
    position = 0
    for mention in mentions:
        value = value_of(view, mention) if mention.start >= position else None
        if value is None:
            continue
        end = value.end
        if end - value.start >= values.READ_LIMIT:
            # A value as long as is ever read goes on to the end of its word.
            rest = _WORD_END.match(view.text, end)
            end = position = rest.end() if rest else end
        is_snmp = "communit" in view.low[mention.start : mention.end]
        kind = "snmp" if is_snmp else "cred"
        yield Finding(value.start, end, kind, value.rule)


def value_of(view: View, mention: Mention) -> Value | None:
    """Return the secret that `mention` introduces, or None."""
    limit = min(mention.line_end, mention.end + _WINDOW)
    value = (
        _assigned(view, mention, limit)
        or _in_sentence(view, mention, limit)
        or by_position(view, mention, limit)
        or _assigned_far(view, mention, limit)
        or _under_command(view, mention, limit)
    )
    return value and _with_wrapped_tail(view.text, value)


def _assigned(view: View, mention: Mention, limit: int) -> Value | None:
    text = view.text
    match = _ASSIGN.match(text, mention.end, limit)
    if match is None and text.startswith("<", mention.start - 1):
        match = _XML.match(text, mention.end, limit)
    if match is None and text.startswith("</", mention.end):
        return _in_property(text, mention)
    if match is None and text[mention.end : mention.end + 1] in ('"', "'"):
        match = _VALUE_KEY.match(text, mention.end)
        limit = len(text) if match and "\n" in match[0] else limit
    if match is None:
        return None
    if text[match.end() : limit].strip() in _BLOCK_SIGNS:
        return _on_next_line(text, mention, limit)
    found = read_candidate(text, match.end(), limit)
    if found is None or values.is_placeholder(found.text):
        return None
    if match[0][0] == "%":
        found = _until_next_field(found)
    promise = settled(view, mention, found)
    if view.low[mention.start : mention.end] in ("pass", "pw"):
        promise = Promise.SECRET
    if promise is Promise.MAYBE and values.looks_like_key(found.text):
        return Value(found.start, found.end, "assignment")
    if promise is Promise.SECRET and _is_meant(text, mention, found):
        return Value(found.start, found.end, "assignment")
    return None


def _until_next_field(found: Candidate) -> Candidate:
    """Cut a value of a percent-encoded form where its next field begins."""
    cut = _URL_END.search(found.text)
    if cut is None:
        return found
    end = found.start + cut.start()
    return found._replace(end=end, text=found.text[: cut.start()])


def _assigned_far(view: View, mention: Mention, limit: int) -> Value | None:
    match = _ASSIGN_FAR.match(view.text, mention.end, limit)
    found = match and read_candidate(view.text, match.end(), limit)
    if not found or values.is_placeholder(found.text):
        return None
    if settled(view, mention, found) is not Promise.SECRET:
        return None
    is_secret = values.looks_secret(found.text) or (
        found.is_quoted and " " not in found.text
    )
    return Value(found.start, found.end, "assignment") if is_secret else None


def _in_property(text: str, mention: Mention) -> Value | None:
    """XML properties and plists name the key in one element, the value in the next."""
    match = _PROPERTY.match(text, mention.end)
    if match is None or mention.promise is not Promise.SECRET:
        return None
    is_value = not values.is_placeholder(match[1])
    return Value(*match.span(1), "assignment") if is_value else None


def _is_meant(text: str, mention: Mention, found: Candidate) -> bool:
    """Tell `password: test` from `Password: reset by the user`."""
    if found.is_quoted or not values.is_plain_word(found.text):
        return True
    ends = _CLAUSE_END.match(text, found.end, mention.line_end)
    return ends is not None and not values.is_status(found.text)


def _on_next_line(text: str, mention: Mention, limit: int) -> Value | None:
    """A login prompt or a form: the keyword ends its line, one word is the next."""
    match = _NEXT_LINE.match(text, limit)
    if mention.promise is not Promise.SECRET or match is None:
        return None
    value = match[2]
    if value[-1] in "#>:$%{" or values.is_placeholder(value):
        return None
    if values.is_plain_word(value):
        return None
    return Value(*match.span(2), "next-line")


def _under_command(view: View, mention: Mention, limit: int) -> Value | None:
    """A command that was cut after its keyword: its value is alone on the next line."""
    rest = view.low[mention.end : limit].strip(" \t\r\"':")
    is_open = rest in ("", "is", "was") or values.is_qualifier(rest)
    if limit != mention.line_end or not is_open:
        return None
    value = _on_next_line(view.text, mention, limit)
    if value is None:
        return None
    is_keyed = view.text[limit : value.start].rstrip(" \"'").endswith(":")
    word = view.text[value.start : value.end]
    return value if is_keyed or values.looks_like_password(word) else None


def _in_sentence(view: View, mention: Mention, limit: int) -> Value | None:
    text = view.text
    match = _LINK.match(text, mention.end, min(limit, mention.end + 160))
    found = match and read_candidate(text, match.end(), limit)
    if not match or not found or values.is_placeholder(found.text):
        return None
    promise = settled(view, mention, found)
    value = Value(found.start, found.end, "sentence")
    before = view.low[max(mention.line_start, mention.start - 60) : mention.start]
    is_set = not match["to"] or _SET_BEFORE.search(before)
    if view.low[mention.start : mention.end] in ("pass", "pw"):
        promise = Promise.SECRET
    if promise is not Promise.SECRET:
        is_key = promise is Promise.MAYBE and values.looks_like_key(found.text)
        return value if is_key and is_set else None
    if values.is_status(found.text):
        return None
    if values.looks_secret(found.text) or (found.is_quoted and " " not in found.text):
        return value
    if not is_set:
        return None
    if found.text.isdigit() and len(found.text) >= _KEY_OF_DIGITS:
        return value
    ends = _CLAUSE_END.match(text, found.end, mention.line_end)
    return value if ends and not values.is_plain_word(found.text) else None


def _with_wrapped_tail(text: str, value: Value) -> Value:
    """Take in the rest of a value that a mail client broke after a hyphen."""
    if not text.startswith("-", value.end - 1):
        return value
    match = _WRAPPED.match(text, value.end)
    if match is None or not values.looks_secret(match[1]):
        return value
    return Value(value.start, match.end(), value.rule)
