"""What a project's own knowledge finds in text that was sanitized before.

Names of its dictionary, values that were reported as missed and what its own rules
match: no newer catalogue is needed to see these, so none of them may leave.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from annotation.domain.sanitize.findings import Finding
from annotation.domain.sanitize.identity import Dictionary
from annotation.domain.sanitize.knowledge import OWN, Taught
from annotation.domain.sanitize.pseudonyms import LABELS, Keyring
from annotation.domain.sanitize.resolve import merge, outside
from annotation.domain.sanitize.views import View


class Recognised(NamedTuple):
    """A value that the project knows, and its pseudonym. Never to be shown."""

    type: str
    rule: str
    value: str
    token: str


def recognise(
    seen: View, keyring: Keyring, dictionary: Dictionary, taught: Taught
) -> Iterator[Finding]:
    """Yield what the knowledge finds outside tokens and false alarms.

    A rule that takes in more than one word matches its own replacement again, with
    what follows: such a match is none.
    """
    found = [*dictionary.find(seen), *taught.find(seen)]
    if not found:
        return
    tokens = sorted(keyring.own_tokens(seen.text))
    meant, _ = taught.without_excused(seen, merge(found), found)
    for one in meant:
        if not (one.rule.startswith(OWN) and _is_done(seen, one, tokens)):
            for part in outside([one], tokens):
                if any(map(str.isalnum, seen.text[part.start : part.end])):
                    yield part


def _is_done(seen: View, found: Finding, tokens: list[tuple[int, int]]) -> bool:
    """Whether a finding holds a token such as its own replacement."""
    if found.type not in LABELS:
        return False
    head = f"Z{LABELS[found.type]}_"
    return any(
        start < found.end and end > found.start and seen.text.startswith(head, start)
        for start, end in tokens
    )
