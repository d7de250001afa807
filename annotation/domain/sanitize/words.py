"""The word lists of `catalog/words.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

_CATALOG = Path(__file__).parent / "catalog" / "words.toml"


def _load() -> Mapping[str, frozenset[str]]:
    lists = tomllib.loads(_CATALOG.read_text("utf-8"))
    return {name: frozenset(words.split()) for name, words in lists.items()}


WORDS = _load()
"""Name of a list to its words, all in lower case."""
