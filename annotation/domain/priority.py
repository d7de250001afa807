"""How urgent a record is at the label desk.

The serving order is priority, the highest first, then age, the oldest first. A priority
always comes with the reason that a reviewer is shown ("contested", "oldest"); the
numbers only rank the reasons, so their distances mean nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from annotation.domain.intervals import wilson

ASKED_FOR = 90
"""A lead asked for it by name: requeued, or given more reviews."""

MODEL_WRONG = 80
"""A model was confident where the reviewers said otherwise."""

GUIDELINES = 70
"""New guidelines changed what its answer rests on."""

CONTESTED = 60
"""Reviewers do not agree, and one more answer may tell."""

UNDER_REPRESENTED_MOST = 30
"""The most a category gets for being rarer among labels than in production."""

OLDEST = 0
"""Nothing speaks for it but its age."""

LEAST_LABELED = 30
"""Labeled records below which no category is called under-represented."""

SENT_TO_SENIORS = "sent to the seniors"
"""How the reason begins of a settled record that a senior is asked about."""

_STEPS = 3


def under_represented(
    mix: Mapping[str, float], labeled: Mapping[str, int]
) -> dict[str, int]:
    """Return the priority that each category of production gets for being rare.

    `mix` gives each category's share of live traffic, `labeled` how many records of it
    are labeled. A category counts as under-represented when its share among the labeled
    lies under its share of traffic by more than chance: the upper end of Wilson's 95 %
    interval is still below. What it then gets grows with how far it is below, in three
    steps, so that a few more labels rarely change it.

    Examples
    --------
    >>> under_represented({"wan": 0.6, "wireless": 0.4}, {"wan": 95, "wireless": 5})
    {'wan': 0, 'wireless': 30}
    """
    traffic = sum(mix.values())
    total = sum(labeled.get(category, 0) for category in mix)
    if total < LEAST_LABELED or traffic <= 0:
        return dict.fromkeys(mix, OLDEST)
    return {
        category: _for_shortfall(share / traffic, labeled.get(category, 0), total)
        for category, share in mix.items()
    }


def _for_shortfall(wanted: float, count: int, total: int) -> int:
    if wanted <= 0 or wilson(count, total)[1] >= wanted:
        return OLDEST
    shortfall = 1 - count / total / wanted
    return math.ceil(shortfall * _STEPS) * UNDER_REPRESENTED_MOST // _STEPS


def told_at_the_desk(because: str) -> str:
    """Return the reason that a labeler is shown; what a lead doubts is for seniors.

    >>> told_at_the_desk("sent to the seniors: should be critical")
    'oldest'
    """
    return "oldest" if because.startswith(SENT_TO_SENIORS) else because


def under_represented_because(category: str) -> str:
    """Say why a record of an under-represented category comes early."""
    return f"{category} is under-represented"
