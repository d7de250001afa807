"""Counts of records, as coarse as those who label may know them.

An exact count that moves after one's own answer tells what the answer did: one more
contested record says that a peer disagrees, one that stands still says that the record
was gold. A count in tens seldom moves, and by other people's work too. Nothing stays
nothing: an empty queue must be told truly.
"""

from __future__ import annotations

from dataclasses import dataclass

TEN = 10


@dataclass(frozen=True)
class Told:
    """A count in words, and a number that takes the same form of a noun."""

    words: str
    grammar: int


def told(count: int, *, exactly: bool) -> int:
    """Return the count itself, or rounded down to tens; 1 stands for one to ten."""
    if exactly or count <= 0:
        return count
    return 1 if count <= TEN else count // TEN * TEN


def told_in_words(count: int, *, exactly: bool, most: int | None = None) -> Told:
    """Return a count for a sentence; above ``most`` nobody has counted."""
    if most is not None and count > most:
        return Told(f"more than {most:,}", 2)
    if exactly or count <= 0:
        return Told(f"{count:,}", count)
    # Rounded down, "at least" is true; "about" would leave the side open.
    few = count <= TEN
    return Told("a few" if few else f"at least {told(count, exactly=False):,}", 2)


def told_briefly(count: int, *, exactly: bool) -> str:
    """Return a count for a tile or a line of counts."""
    if exactly or count <= 0:
        return f"{count:,}"
    return "a few" if count <= TEN else f"{told(count, exactly=False):,}+"


def in_tens(count: int) -> int:
    """Return the nearest ten, for what is reckoned with, such as a forecast."""
    return round(count / TEN) * TEN
