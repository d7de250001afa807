"""One scan of a text for every cheap sign that some pattern may match.

RE2 runs all signs together in one pass over the text, ten times as quick as Python's
engine one by one; only the patterns whose sign stands are then run.
"""

from __future__ import annotations

from collections.abc import Mapping, Set

import re2


class Signs:
    """A fixed set of named signs, in the syntax that RE2 and Python share."""

    def __init__(self, signs: Mapping[str, str]) -> None:
        self._names = tuple(signs)
        self._set = re2.Set.SearchSet()
        for sign in signs.values():
            self._set.Add(sign)
        self._set.Compile()

    def present(self, text: str) -> Set[str]:
        """Return the names of the signs that stand in `text`."""
        return {self._names[at] for at in self._set.Match(text) or ()}
