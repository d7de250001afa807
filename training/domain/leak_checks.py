"""What must not stand in two splits: one incident, one text, nearly one text.

Groups should have kept such examples together; this is the last guard before a freeze.
A text that was shortened may have become the copy of another one.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

from annotation.domain.comparing import THRESHOLD
from training.domain.findings import Finding, Findings, Weight
from training.domain.items import Item, Resemblance

_LOOK = "Look whether they tell one story; near copies begin at 0.8."
_EXCLUDE = "Exclude one of the two records."
_CUT = ", once shortened to the limit,"
_CUT_FIX = (
    "Raise the limit, or let the recipe drop what is longer; cut there, the texts no "
    "longer differ."
)


def check_leaks(
    items: Sequence[Item], resemblances: Iterable[Resemblance], found: Findings
) -> None:
    """Note what lies in two splits, and what is written twice within one."""
    _check_groups_apart(items, found)
    _check_exact(items, found)
    _check_resemblances(resemblances, found)


def _check_groups_apart(items: Sequence[Item], found: Findings) -> None:
    """Tickets of one incident, or near copies, of which one is learned."""
    firsts: dict[str, Item] = {}
    for item in items:
        first = firsts.setdefault(item.group, item) if item.group else item
        if first.split is not item.split:
            found.add(
                Finding(
                    "group_across_splits",
                    Weight.ERROR,
                    "Two tickets of one incident, or near copies, lie in different "
                    "splits.",
                    f"{first.id} ({first.split}), {item.id} ({item.split})",
                    "split",
                    _EXCLUDE,
                )
            )


def _check_exact(items: Sequence[Item], found: Findings) -> None:
    same: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        same[item.fingerprint].append(item)
    for twins in same.values():
        first = twins[0]
        for second in twins[1:]:
            # Several tasks, or reviews, make several examples of one text.
            if first.of != second.of:
                _note_twins(first, second, found)


def _note_twins(first: Item, second: Item, found: Findings) -> None:
    pair = f"{first.id} ({first.split}), {second.id} ({second.split})"
    is_cut = first.is_cut or second.is_cut
    if first.split is not second.split:
        found.add(
            Finding(
                "duplicate_across_splits",
                Weight.ERROR,
                f"Two examples with the same text{_CUT if is_cut else ''} lie in "
                "different splits.",
                pair,
                "text",
                _CUT_FIX if is_cut else _EXCLUDE,
            )
        )
    elif first.label and second.label and first.label != second.label:
        message = "The same text carries two labels."
        fix = "Adjudicate the two tickets together."
        found.add(
            Finding("duplicate_conflict", Weight.WARNING, message, pair, "label", fix)
        )
    else:
        message = "Two examples of a split have the same text."
        found.add(Finding("duplicate", Weight.WARNING, message, pair, "text"))


def _check_resemblances(pairs: Iterable[Resemblance], found: Findings) -> None:
    for pair in pairs:
        if not pair.crosses:
            continue
        is_near = pair.similarity >= THRESHOLD
        rule, weight, alike = (
            ("near_duplicate_across_splits", Weight.ERROR, "nearly equal")
            if is_near
            else ("resemblance_across_splits", Weight.WARNING, "similar")
        )
        found.add(
            Finding(
                rule,
                weight,
                f"Two {alike} texts ({_shown(pair.similarity):.2f})"
                f"{_CUT if pair.is_cut else ''} lie in different splits.",
                f"{pair.first} ({pair.first_split}), "
                f"{pair.second} ({pair.second_split})",
                "text",
                _CUT_FIX if pair.is_cut else _EXCLUDE if is_near else _LOOK,
            )
        )


def _shown(similarity: float) -> float:
    """Cut to two places: what is below the limit shall not read as at it."""
    return math.floor(similarity * 100 + 1e-9) / 100
