"""One scan of a text for every literal that some detector waits for.

Most texts hold few of them, and most detectors need not look at most texts. An
Aho-Corasick automaton finds them all in one pass, however many there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ahocorasick_rs import AhoCorasick, Implementation

Places = Mapping[str, Sequence[int]]
"""Literal to the places where it begins, in order. Absent literals have no key."""


class Literals:
    """Finds a fixed set of literals, overlaps included."""

    def __init__(self, literals: Iterable[str]) -> None:
        self._literals = sorted(set(literals))
        self._automaton = AhoCorasick(
            self._literals, implementation=Implementation.DFA, store_patterns=False
        )

    def places(self, text: str) -> Places:
        """Return where each literal begins in `text`, in code points."""
        places: dict[str, list[int]] = {}
        for which, start, _ in self._automaton.find_matches_as_indexes(
            text, overlapping=True
        ):
            places.setdefault(self._literals[which], []).append(start)
        return places
