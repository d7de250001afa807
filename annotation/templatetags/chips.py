"""Shows pseudonyms as short coloured chips: "host A7K" with the full token on hover.

People read sanitized tickets all day, and `ZHOST_A7KQ2MNBVCX3D` is no word. The filter
only changes how a token looks; everything else in the text is escaped as it stands.
Whether a token is genuine is not asked here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from django import template
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

_TOKEN = re.compile(r"(?<![A-Z0-9_])Z([A-Z0-9]+)_([A-Z2-7]{10})[A-Z2-7]{3}(?![A-Z0-9])")
_SHORT = 3
# What a token's label is called, and which colour family it belongs to.
_KINDS = {
    "HOST": ("host", "net"),
    "CUST": ("customer", "place"),
    "NAME": ("person", "person"),
    "USER": ("user", "person"),
    "TEL": ("phone", "person"),
    "DOM": ("domain", "net"),
    "CKT": ("circuit", "net"),
    "ACCT": ("account", "place"),
    "LOC": ("location", "place"),
    "CARD": ("card", "secret"),
    "SSN": ("ssn", "secret"),
    "IBAN": ("iban", "secret"),
    "MAIL": ("mail", "person"),
    "CRED": ("secret", "secret"),
    "COMM": ("community", "secret"),
    "TOK": ("token", "secret"),
    "PEM": ("key", "secret"),
}


@register.filter
def chips(text: object) -> SafeString:
    """Return `text` as safe HTML with every pseudonym shown as a chip.

    Two tokens of one text never look alike: where three characters do not tell them
    apart, more are shown.
    """
    plain = str(text)
    length = telling_length(plain)
    return format_html_join("", "{}", ((piece,) for piece in _pieces(plain, length)))


def chip(token: str, length: int, note: str = "") -> SafeString:
    """Return one whole pseudonym as a chip; `note` is added to what hovering shows."""
    match = _TOKEN.fullmatch(token)
    return _chip(match, length, note) if match else format_html("{}", token)


def token_places(text: str) -> list[tuple[int, int]]:
    """Return where pseudonyms stand in a text."""
    return [match.span() for match in _TOKEN.finditer(text)]


def telling_length(text: str) -> int:
    """Return how many characters of its tokens tell all of a text's tokens apart."""
    return _telling_length({(m[1], m[2]) for m in _TOKEN.finditer(text)})


def _pieces(plain: str, length: int) -> Iterator[SafeString]:
    end = 0
    for match in _TOKEN.finditer(plain):
        yield escape(plain[end : match.start()])
        yield _chip(match, length)
        end = match.end()
    yield escape(plain[end:])


def _chip(match: re.Match[str], length: int, note: str = "") -> SafeString:
    name, family = _KINDS.get(match[1], (match[1].lower(), "other"))
    return format_html(
        '<span class="chip chip-{} is-{}" title="{}{}">{} <b>{}</b></span>',
        name,
        family,
        match[0],
        note,
        name,
        match[2][:length],
    )


def _telling_length(tokens: set[tuple[str, str]]) -> int:
    """Return how many characters tell all tokens of one kind apart."""
    length = _SHORT
    while len({(kind, body[:length]) for kind, body in tokens}) < len(tokens):
        length += 1
    return length
