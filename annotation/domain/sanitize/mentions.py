"""Where a text mentions credentials: identifiers such as `snmp_community` or `psk`.

A mention says how strongly its name promises a secret value. Whether a value follows
is decided by `grammar`; what the grammar left is judged by `tripwire`.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from annotation.domain.sanitize.literals import Places
from annotation.domain.sanitize.views import View
from annotation.domain.sanitize.words import WORDS


class Promise(Enum):
    """What the name of an identifier promises about the value after it."""

    NOTHING = 0
    MAYBE = 1  # `key`, `token`: a secret only if the value looks like one
    COMMUNITY = 2  # SNMP's, unless it is BGP's
    SECRET = 3


class Mention(NamedTuple):
    """An identifier at `start:end` of a line that spans `line_start:line_end`."""

    start: int
    end: int
    promise: Promise
    line_start: int
    line_end: int


ROOTS = tuple(
    """
    pass pwd secret communit psk token key cred auth pw pin preshare contrase wachtwoord
    kennwort senha losenord lösenord hasło haslo heslo jelsz parola adgangskode salasana
    пароль пapoль requirepass masterauth bindcredential 密码 密碼 パスワード 비밀번호
    """.split()  # noqa: SIM905  (words are read more easily so)
)
# A root that begins another, harmless word is no mention.
_ROOT = re.compile(
    r"pass(?!ive|ed|ing|age|enger|es\b|ion|port\b)|pwd|secret|communit|psk|token"
    r"|key(?!board)|cred|auth(?!or\b|ors|ority)|(?<![a-z])pin(?![a-z])|pw(?![a-z])|preshare"
    r"|contrase|wachtwoord|kennwort|(?<![a-z])senha\b|l[oö]senord|hasło|haslo\b|heslo\b"
    r"|jelsz|parola\b|adgangskode|salasana|пароль|пapoль|requirepass|masterauth|bindcredentials?|密[码碼]|パスワード|비밀번호"
)
_IDENTIFIER = re.compile(r"[\w.-]{1,80}")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_FOREIGN = re.compile(r"[^\W\d_]+")
_QUOTED_CALL = re.compile(r"\([ \t]?[\"'`]|\([^)\n]{0,40}\)[ \t]{0,3}[:=]")
_WORD_BEFORE = re.compile(r"(?<![\w.-])([A-Za-z][\w-]{1,20})[ _]\Z")
_REACH = 64
_LONGEST_NAME = 40
_JOINT = re.compile(r"[_.-]")

_SECRET_WORDS = WORDS["secret_words"]
_SECRET_ENDINGS = (
    "password", "passwd", "passphrase", "secret", "wpapsk", "pwd", "apikey", "authkey",
    "secretkey", "secretaccesskey", "privatekey", "sharedkey", "sessionkey",
    "keystring", "community6", "authtoken", "accesstoken", "apitoken", "bindpw",
    "rootpw", "userpw", "adminpw", "enablepass", "userpass", "adminpass", "rootpass",
    "dbpass", "loginpass", "storepass", "keypass", "requirepass", "masterauth",
    "bindcredentials",
)  # fmt: skip
_KEY_KINDS = WORDS["key_kinds"]
_TOKEN_KINDS = WORDS["token_kinds"]
_HASHED = _SECRET_WORDS | frozenset(("key", "bcrypt", "pw", "pass", "md", "nt", "lm"))
# `auth-password-encrypted` is a password still.
_STATES = frozenset(("encrypted", "hashed", "enc", "crypted", "ciphertext", "value"))
_MAYBE_WORDS = WORDS["maybe_words"]


def find_mentions(view: View, places: Places) -> list[Mention]:
    """Return the mentions of `view` from left to right."""
    text, low = view.text, view.low
    mentions: list[Mention] = []
    position, line_end = 0, -1
    for at in sorted(at for root in ROOTS for at in places.get(root, ())):
        if at < position or not _ROOT.match(low, at):
            continue
        start, end = _identifier_around(text, at)
        if end - start >= _LONGEST_NAME and not _JOINT.search(text, start, end):
            # Random letters, of base64 say, spell such words by chance.
            position = end
            continue
        position = max(end, at + 1)
        promise = promise_of(text[start:end])
        if promise is Promise.MAYBE:
            promise = _with_word_before(text, start, end)
        if promise is Promise.NOTHING or _is_call(text, end):
            continue
        if start > line_end:
            line_start = text.rfind("\n", 0, start) + 1
            line_end = text.find("\n", end)
            line_end = len(text) if line_end < 0 else line_end
        mentions.append(Mention(start, end, promise, line_start, line_end))
    return mentions


def _with_word_before(text: str, start: int, end: int) -> Promise:
    """Read "api key" and "access token" as the one name that they are."""
    match = _WORD_BEFORE.search(text, max(0, start - 24), start)
    if match is None:
        return Promise.MAYBE
    promise = promise_of(f"{match[1]}-{text[start:end]}")
    return Promise.MAYBE if promise is Promise.NOTHING else promise


def _is_call(text: str, end: int) -> bool:
    return text.startswith("(", end) and not _QUOTED_CALL.match(text, end)


def _identifier_around(text: str, position: int) -> tuple[int, int]:
    start, floor = position, max(0, position - _REACH)
    while start > floor and (text[start - 1].isalnum() or text[start - 1] in "_.-"):
        start -= 1
    match = _IDENTIFIER.match(text, position)
    end = match.end() if match else position + 1
    while start < position and text[start] in ".-_":
        start += 1
    while end > position + 1 and text[end - 1] in ".-_":
        end -= 1
    return start, end


@lru_cache(maxsize=2048)
def promise_of(identifier: str) -> Promise:
    """Classify an identifier by its words.

    Examples
    --------
    >>> promise_of("AWS_SECRET_ACCESS_KEY").name, promise_of("password-policy").name
    ('SECRET', 'NOTHING')
    """
    shape = _WORD if identifier.isascii() else _FOREIGN
    words = [word.lower() for word in shape.findall(identifier)]
    while words and words[-1].isdigit():
        words.pop()
    if not words:
        return Promise.NOTHING
    last, before = words[-1], words[:-1]
    while last in _STATES and before:
        last, before = before[-1], before[:-1]
    if last == "phrase" and before and before[-1] == "pass":
        return Promise.SECRET
    if last in ("hash", "digest") and before and before[-1] in _HASHED:
        return Promise.SECRET
    if last == "name" and before and before[-1] == "community":
        return Promise.SECRET
    if last in ("string", "hex", "octet") and before:
        last, before = before[-1], ["shared", *before[:-1]]
        if last == "octet" and "key" in before:
            return Promise.SECRET
    if last in _SECRET_WORDS or last.endswith(_SECRET_ENDINGS):
        return Promise.SECRET
    if last in ("key", "token", "community", "pass", "pw", "credential", "auth"):
        return _promise_of_compound(last, before)
    return Promise.MAYBE if last in _MAYBE_WORDS else Promise.NOTHING


_SNMP_KINDS = frozenset(
    ("snmp", "read", "write", "trap", "shared", "access", "control", "readonly",
     "readwrite", "ro", "rw", "get")
)  # fmt: skip


def _promise_of_compound(last: str, before: list[str]) -> Promise:
    kinds = frozenset(before)
    if "public" in kinds or "primary" in kinds or "foreign" in kinds:
        return Promise.NOTHING if last == "key" else Promise.MAYBE
    if last == "community":
        is_snmp = kinds & _SNMP_KINDS
        return Promise.SECRET if is_snmp else Promise.COMMUNITY
    if last == "key" and kinds & _KEY_KINDS:
        return Promise.SECRET
    if last == "token" and kinds & _TOKEN_KINDS:
        return Promise.SECRET
    if last == "auth" and not kinds.isdisjoint(_SECRET_WORDS):
        return Promise.SECRET
    if last in ("pw", "pass") and before:
        return Promise.SECRET
    return Promise.MAYBE
