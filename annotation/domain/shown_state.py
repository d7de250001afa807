"""How much of a record's state people learn, by whether they read verdicts.

A gold or repeat record is served at the desk although its answers have settled it. To
be told apart from open records it must not: who labels, and could compare, learns that
a record is held, excluded, a reference, or in labeling, and nothing finer. Who reads
verdicts knows what the answers came to anyway.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

LABELING = "LABELING"
"""Open, contested or settled: some are served, which ones is not told."""

IN_LABELING = ("OPEN", "CONTESTED", "SETTLED")
COARSE = ("HELD", LABELING, "EXCLUDED", "REFERENCE")
"""The states that those who do not read verdicts see and ask for."""

_LABELS = {
    "HELD": "Held",
    "OPEN": "Open",
    "CONTESTED": "Contested",
    "SETTLED": "Settled",
    "EXCLUDED": "Excluded",
    "REFERENCE": "Reference",
    LABELING: "In labeling",
}


def shown_state(state: str, *, reads_verdicts: bool) -> str:
    """Return what a person is told of a state."""
    return state if reads_verdicts or state not in IN_LABELING else LABELING


def label_of(shown: str) -> str:
    """Return a shown state in words."""
    return _LABELS[shown]


def shown_states(states: Sequence[str], *, reads_verdicts: bool) -> list[str]:
    """Return what a person is told of several states, each once, in their order."""
    told = [shown_state(state, reads_verdicts=reads_verdicts) for state in states]
    return list(dict.fromkeys(told))


def tells_apart(states: Collection[str]) -> bool:
    """Whether asking for these would divide the records that are in labeling."""
    return 0 < len(set(states) & set(IN_LABELING)) < len(IN_LABELING)
