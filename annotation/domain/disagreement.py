"""How far apart the answers to one record are, in words and as a pair of levels.

The ends of a disagreement are the most and the least severe level that somebody named:
"high and low" says more to those who write guidelines than a coefficient of one record
could. What people answer, and who, is decided elsewhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from string import ascii_uppercase

from annotation.domain.scale import Scale

WEEKS_SHOWN = 26

Counts = Counter[str]
"""Kind of disagreement to how often."""


@dataclass(frozen=True)
class Spread:
    """The most and the least severe level named, and how many levels lie between.

    ``apart`` is 0 where all agree.
    """

    most: str
    least: str
    apart: int


def spread(severities: Iterable[str], scale: Scale) -> Spread | None:
    """Return the ends of a set of answers; None where no level of the scale is named.

    Levels that are not on ``scale`` are ignored: a project may have changed its levels
    since.
    """
    places = sorted(scale.index(key) for key in severities if key in scale)
    if not places:
        return None
    first, last = places[0], places[-1]
    return Spread(scale.keys[first], scale.keys[last], last - first)


def differ(severities: Sequence[str]) -> bool:
    """Whether the answers name more than one level, on the scale or not."""
    return len(set(severities)) > 1


def describe(severities: Sequence[str], scale: Scale) -> str:
    """Say in a sentence how far apart the answers are."""
    found = spread(severities, scale)
    if found is None:
        return "Nobody chose a level."
    most, least = scale.level(found.most).label, scale.level(found.least).label
    if found.apart == 0:
        return _agreed(len(severities), most)
    between = "one level" if found.apart == 1 else f"{found.apart} levels"
    return f"{between.capitalize()} apart: from {most} to {least}."


def _agreed(count: int, label: str) -> str:
    return f"The only answer is {label}." if count == 1 else f"All say {label}."


def answer_names() -> Iterator[str]:
    """Yield A, B, ..., Z, AA, AB, ...: names that say nothing about who answered."""
    number = 0
    while True:
        number += 1
        yield _letters(number)


def _letters(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, len(ascii_uppercase))
        letters = ascii_uppercase[rest] + letters
    return letters


@dataclass(frozen=True)
class Dispute:
    """One decided disagreement: what was said, of what kind it was, and when."""

    kind: str
    severities: tuple[str, ...]
    category: str
    day: date


@dataclass(frozen=True)
class Tally:
    """Disputes counted by kind: in all, by pair of levels, by category, over time.

    Pairs and categories come with the most disputes first, periods in order.
    """

    kinds: Counts
    pairs: tuple[tuple[Spread, Counts], ...]
    categories: tuple[tuple[str, Counts], ...]
    periods: tuple[tuple[date, Counts], ...]
    by_week: bool


def tally(disputes: Sequence[Dispute], scale: Scale) -> Tally:
    """Count disputes by kind.

    Periods are weeks, named by their Monday, or months by their first day where more
    than 26 weeks lie between the first dispute and the last. A period without any is
    there with nothing counted. Disputes without two levels of the scale have no pair.
    """
    pairs: dict[Spread, Counts] = defaultdict(Counter)
    categories: dict[str, Counts] = defaultdict(Counter)
    days = [dispute.day for dispute in disputes]
    by_week = not days or (max(days) - min(days)).days <= WEEKS_SHOWN * 7
    periods: dict[date, Counts] = {day: Counter() for day in _periods(days, by_week)}
    for one in disputes:
        found = spread(one.severities, scale)
        if found and found.apart:
            pairs[found][one.kind] += 1
        categories[one.category][one.kind] += 1
        periods[_start(one.day, by_week)][one.kind] += 1
    return Tally(
        kinds=Counter(one.kind for one in disputes),
        pairs=tuple(sorted(pairs.items(), key=lambda p: (-p[1].total(), -p[0].apart))),
        categories=tuple(
            sorted(categories.items(), key=lambda c: (-c[1].total(), c[0]))
        ),
        periods=tuple(periods.items()),
        by_week=by_week,
    )


def _start(day: date, by_week: bool) -> date:
    return day - timedelta(days=day.weekday()) if by_week else day.replace(day=1)


def _periods(days: Sequence[date], by_week: bool) -> Iterator[date]:
    if not days:
        return
    period, last = _start(min(days), by_week), _start(max(days), by_week)
    while period <= last:
        yield period
        # Into the next week or month, and back to its first day.
        period = _start(period + timedelta(days=7 if by_week else 31), by_week)
