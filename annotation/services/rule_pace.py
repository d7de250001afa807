"""How much a project's own rule changes in its texts, and how long it takes.

Measured on the project's newest sanitized texts, so that a rule for words instead of
values, or one that would slow every import down, is not saved. No database here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from annotation.domain.sanitize import RULESET
from annotation.domain.sanitize.own_rules import (
    Clock,
    Finder,
    Flaw,
    Ratchet,
    Text,
    bundled_text,
)

MOST_MATCHES_PER_MB = 5_000
"""About five in a ticket of 1 kB; more is a rule for words, not for values."""
MOST_MS_PER_MB = 200
"""On the project's texts; the whole engine takes several hundred. Usual are 2 to 20."""
MOST_CROWDED_MS_PER_MB = 1_000
"""On one long line that is full of matches: the worst text for a rule."""
JUDGED_FROM = 100_000
"""Bytes of text below which matches per MB say nothing."""
LONGEST_TEXT = 20_000
"""Characters of one text that a rule is run on when it is measured."""

_CROWDED = 64_000
_LONGEST_PASS = 1.0  # seconds
_PASSES = 3
_MEGA = 1_000_000


@dataclass(frozen=True, slots=True)
class Pace:
    """What a rule did to texts: matches outside replacements, and the time it took."""

    size: int
    matches: int
    seconds: float

    @property
    def matches_per_mb(self) -> float:
        return self.matches * _MEGA / self.size if self.size else 0.0

    @property
    def ms_per_mb(self) -> float:
        return self.seconds * 1000 * _MEGA / self.size if self.size else 0.0


def measure(
    finder: Finder, texts: Sequence[Text], clock: Clock, most: int = MOST_MS_PER_MB
) -> Pace:
    """Run a rule on texts; the quickest of three passes counts, or the first that is
    within `most` ms for a MB.

    The usual clock counts the thread's own processor time: others' work on the machine
    does not count, but it crowds caches, hence three passes. A pass ends after one
    second.
    """
    best = _pass(finder, texts, clock)
    for _ in range(_PASSES - 1):
        if best.ms_per_mb <= most:
            break
        best = min(best, _pass(finder, texts, clock), key=lambda pace: pace.ms_per_mb)
    return best


def crowded(must: Sequence[str]) -> list[Text]:
    """Return one long line that is full of matches.

    A search that looks far ahead of each match takes a time there that grows with the
    square of the text, although RE2 is linear in one search.
    """
    line = "".join(f"{one} and then " for one in must)
    return [Text(line * (_CROWDED // len(line) + 1), ())]


def enough_text(texts: Sequence[Text]) -> list[Text]:
    """Return these texts in long pieces, and the catalogues' where they are few.

    Time is asked of long texts: in short ones starting the search takes longer than
    the search, and a few with many matches say little about all.
    """
    lines = [one.text for one in texts]
    missing = JUDGED_FROM - sum(map(len, lines))
    if missing > 0:
        bundled = bundled_text()
        lines += [bundled] * (missing // len(bundled) + 1)
    whole = "\n".join(lines)
    starts = range(0, len(whole), LONGEST_TEXT)
    return [Text(whole[start : start + LONGEST_TEXT], ()) for start in starts]


def flaws_of_pace(found: Pace, timed: Pace, worst: Pace) -> Iterator[Flaw]:
    """Yield which limit a rule breaks.

    `found` is its pace on the project's texts, `timed` on texts long enough to be
    timed, `worst` on a crowded line.
    """
    many = found.matches_per_mb > MOST_MATCHES_PER_MB
    if found.size >= JUDGED_FROM and many:
        yield Flaw(
            "pattern",
            f"It matches {found.matches_per_mb:,.0f} times in a MB of text that is "
            f"already sanitized; at most {MOST_MATCHES_PER_MB:,} are allowed.",
        )
    for pace, limit, where in (
        (timed, MOST_MS_PER_MB, ""),
        (worst, MOST_CROWDED_MS_PER_MB, " on one line full of matches"),
    ):
        if pace.ms_per_mb > limit:
            yield Flaw(
                "pattern",
                f"It takes {pace.ms_per_mb:,.0f} ms for a MB of text{where}; at most "
                f"{limit:,} are allowed. Bound what it looks for, as in {{0,80}}.",
            )


def summary(
    ratchet: Ratchet, found: Pace, timed: Pace, worst: Pace
) -> dict[str, float | int | str]:
    """Return what was measured, to be kept beside the rule."""
    return {
        "ruleset": RULESET,
        "examples": ratchet.examples,
        "recall_before": round(ratchet.caught_before / ratchet.examples, 4),
        "recall": round(ratchet.caught / ratchet.examples, 4),
        "clean": ratchet.clean,
        "clean_changed": len(ratchet.changed),
        "bytes": found.size,
        "matches": found.matches,
        "matches_per_mb": round(found.matches_per_mb, 1),
        "ms_per_mb": round(timed.ms_per_mb, 1),
        "crowded_ms_per_mb": round(worst.ms_per_mb, 1),
    }


def _pass(finder: Finder, texts: Iterable[Text], clock: Clock) -> Pace:
    size = matches = 0
    seconds = 0.0
    for one in texts:
        places, spent = finder.timed_places(one, clock)
        matches += len(places)
        seconds += spent
        size += len(one.text.encode("utf-8", "surrogatepass"))
        if seconds > _LONGEST_PASS:
            break
    return Pace(size, matches, seconds)
