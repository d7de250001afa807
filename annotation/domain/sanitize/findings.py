"""The values that pass between the parts of the sanitizer and out to its callers.

What is made by the dozen for every text is a named tuple: a frozen dataclass takes
three times as long to make.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Finding(NamedTuple):
    """A range of text that a detector wants replaced.

    `type` is a span type (`cred`, `ipv4`, `customer` ...), `rule` names what found it.
    """

    start: int
    end: int
    type: str
    rule: str


class Span(NamedTuple):
    """A replacement: `text[start:end] == token` in the sanitized text."""

    start: int
    end: int
    type: str
    rule: str
    token: str


class Tripwire(NamedTuple):
    """A place in the sanitized text where a credential may have been missed."""

    start: int
    end: int
    rule: str


@dataclass(frozen=True, slots=True)
class Sanitized:
    """What the sanitizer returns. Held text is empty and says why in `reason`.

    Offsets are code points of `text`. The tripwires of held text keep their rule but
    have no place: both offsets are 0.
    """

    text: str
    spans: tuple[Span, ...]
    tripwires: tuple[Tripwire, ...]
    held: bool
    reason: str
    ruleset: str


@dataclass(frozen=True, slots=True)
class Context:
    """The names a project knows: they are replaced wherever they stand."""

    customers: tuple[str, ...] = ()
    customer_aliases: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    hostnames: tuple[str, ...] = ()
