"""What somebody typed into a search box, as words to have and words to do without.

Every input is valid. ``"spanning tree"`` in quotes is a phrase, ``-wireless`` leaves
records with that word out, ``flap*`` is a beginning. Whatever is neither letter nor
digit parts words, in the stored text and here: ``Gi1/0/5`` is the phrase "gi1 0 5", and
a pseudonym is found by its code alone. How a database is asked lives elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 500
"""Characters that are read; PostgreSQL takes no word of more than 2 KB."""

MOST_TERMS = 30

# A sign before, then a phrase, closed or not, or what stands up to a space.
_TERM = re.compile(r'(-?)(?:"([^"]*)"?|([^\s"]+))(\*?)')
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Term:
    """Words that follow one another; the last may be a beginning only."""

    words: tuple[str, ...]
    is_beginning: bool = False


@dataclass(frozen=True)
class SearchWords:
    """All of `wanted` must stand in a text, and none of `unwanted`."""

    wanted: tuple[Term, ...] = ()
    unwanted: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.wanted or self.unwanted)


def parse_words(typed: str) -> SearchWords:
    """Read search words; never fails, and reads at most `MOST_TERMS` terms.

    Examples
    --------
    >>> parse_words('"bgp session" -lab flap*').wanted[0].words
    ('bgp', 'session')
    >>> parse_words("* - \\"\\"")
    SearchWords(wanted=(), unwanted=())
    """
    wanted: list[Term] = []
    unwanted: list[Term] = []
    for minus, phrase, plain, star in _TERM.findall(typed[:LONGEST]):
        if len(wanted) + len(unwanted) == MOST_TERMS:
            break
        words = tuple(word.lower() for word in _WORD.findall(phrase or plain))
        if words:
            is_beginning = bool(star) or plain.endswith("*")
            (unwanted if minus else wanted).append(Term(words, is_beginning))
    return SearchWords(tuple(wanted), tuple(unwanted))
