"""Tokens on a page: every blank of them visible, every strange character an escape."""

from __future__ import annotations

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from training.domain.chat_templates import visible

register = template.Library()

_BLANKS = {" ": "\u2423", "\t": "\u21e5", "\n": "\u21b5\n"}
"""An open box, an arrow to a bar, and a returning arrow before the line break."""


@register.filter
def seen(text: str) -> SafeString:
    """The text with its blanks as quiet signs.

    Examples
    --------
    >>> str(seen("a b"))
    'a<i>\u2423</i>b'
    """
    written = str(escape(visible(text)))
    for blank, sign in _BLANKS.items():
        written = written.replace(blank, f"<i>{sign}</i>")
    # Everything but our own signs was escaped above.
    return mark_safe(written)  # noqa: S308
