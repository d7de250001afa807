"""What is known of the rows of a dataset as one model reads them.

Rows come in one after the other, in stretches that may be far apart in time; kept of
each are two numbers and, where something is wrong, its id. So the memory grows with
eight bytes a row, and no text is ever kept.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.domain.findings import Finding, Weight

NAMED = 3
"""Rows that a finding names; the others are counted."""
LONGEST = 3
SAMPLE = 5
SHARES = (0.5, 0.95, 0.99, 1.0)
_LENGTH_STEP = 64

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class ReadSequence:
    """One sequence that a row becomes: its tokens, how many of them are learned, and
    what is wrong with it.
    """

    tokens: int
    trained: int
    checks: Sequence[Finding] = ()


@dataclass
class Trouble:
    """One rule over all rows: how many it concerns, and some of them by id."""

    severity: str
    message: str
    fix: str
    count: int = 0
    rows: list[str] = field(default_factory=list)


@dataclass
class Tally:
    """The rows so far.

    lines: of the files, in their order. rows: by split, with copies. tokens, trained:
    of each sequence to learn from. labels: rows of TRAIN by their label. longest: pairs
    of tokens and place of the longest rows to learn from, the longest first; a place
    counts the rows of TRAIN.
    """

    lines: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    tokens: list[int] = field(default_factory=list)
    trained: list[int] = field(default_factory=list)
    other_tokens: int = 0
    labels: dict[str, int] = field(default_factory=dict)
    troubles: dict[str, Trouble] = field(default_factory=dict)
    longest: list[tuple[int, int]] = field(default_factory=list)

    def add(
        self,
        split: str,
        row: str,
        read: Sequence[ReadSequence],
        *,
        is_copy: bool = False,
    ) -> None:
        """Count one row, a copy like any other; `row` is its id."""
        place = self.rows.get(split, 0)
        self.rows[split] = place + 1
        if split == "TRAIN":
            self.tokens += [one.tokens for one in read]
            self.trained += [one.trained for one in read]
            if not is_copy:
                self._keep_longest(max((one.tokens for one in read), default=0), place)
        else:
            self.other_tokens += sum(one.tokens for one in read)
        checks = (check for one in read for check in one.checks)
        for check in {check.rule: check for check in checks}.values():
            self.note(check, row)

    def note(self, finding: Finding, row: str) -> None:
        """Count a finding for a row."""
        trouble = self.troubles.setdefault(
            finding.rule, Trouble(finding.severity.value, finding.message, finding.fix)
        )
        trouble.count += 1
        if len(trouble.rows) < NAMED:
            trouble.rows.append(row)

    def _keep_longest(self, tokens: int, place: int) -> None:
        self.longest.append((tokens, place))
        self.longest.sort(key=lambda one: (-one[0], one[1]))
        del self.longest[LONGEST:]

    def as_dict(self) -> dict[str, Any]:
        """What is kept beside the two lists of numbers."""
        return {k: v for k, v in asdict(self).items() if k not in _LISTS}

    @classmethod
    def restored(
        cls, kept: dict[str, Any], tokens: Iterable[int], trained: Iterable[int]
    ) -> Tally:
        """The tally that `as_dict` and its lists were taken from."""
        troubles = {rule: Trouble(**one) for rule, one in kept["troubles"].items()}
        longest = [(tokens, place) for tokens, place in kept["longest"]]
        return cls(
            **{**kept, "troubles": troubles, "longest": longest},
            tokens=list(tokens),
            trained=list(trained),
        )


_LISTS = ("tokens", "trained")


@dataclass(frozen=True)
class Lengths:
    """Figures of the sequences to learn from, copies included.

    points: tokens that a share of them does not exceed, by the share. total, trained:
    tokens of one epoch, and those that are learned; for a classifier none is. over:
    sequences longer than the limit. read: tokens of an epoch within the limit.
    """

    sequences: int
    points: dict[str, int]
    total: int
    trained: int
    limit: int
    over: int
    read: int

    @property
    def trained_share(self) -> float:
        """The share of tokens that are learned."""
        return self.trained / self.total if self.total else 0.0

    @property
    def longest(self) -> int:
        """Tokens of the longest sequence, cut at the limit."""
        whole = self.points.get("1", 0)
        return min(whole, self.limit) if self.limit else whole


def lengths_of(tally: Tally, limit: int) -> Lengths | None:
    """The figures at a limit of tokens, 0 for none; None without a sequence."""
    if not tally.tokens:
        return None
    tokens = np.array(tally.tokens, dtype=np.int64)
    ordered = np.sort(tokens)
    last = len(ordered) - 1
    return Lengths(
        sequences=len(ordered),
        points={f"{share:g}": int(ordered[round(share * last)]) for share in SHARES},
        total=int(tokens.sum()),
        trained=int(np.sum(tally.trained)),
        limit=limit,
        over=int((tokens > limit).sum()) if limit else 0,
        read=int((np.minimum(tokens, limit) if limit else tokens).sum()),
    )


def settled_length(given: int | str, tokens: Sequence[int], trained: int) -> int:
    """The tokens that a classifier reads of a text, as its training settles them.

    A number stands as it is. Else it is the 99th percentile of the lengths rounded up
    to 64, at most the tokens that the base was `trained` for.
    """
    if isinstance(given, int):
        return given
    p99 = int(np.percentile(np.array(tokens), 99, method="inverted_cdf"))
    return min(-(-p99 // _LENGTH_STEP) * _LENGTH_STEP, trained)


def sample_places(
    rows: int, longest: Sequence[tuple[int, int]], seed: int
) -> list[int]:
    """Places of the rows to look at: the longest, and a seeded sample of the others."""
    long = [place for _, place in longest]
    others = [place for place in range(rows) if place not in set(long)]
    picked = random.Random(seed).sample(others, min(SAMPLE, len(others)))  # noqa: S311
    return [*long, *sorted(picked)]


def findings_of(tally: Tally) -> list[Finding]:
    """One finding a rule, with the number of rows and some of their ids."""
    found = []
    for rule, one in tally.troubles.items():
        many = "1 row" if one.count == 1 else f"{one.count:,} rows"
        more = f" and {one.count - len(one.rows):,} more" * (one.count > len(one.rows))
        named = f"{', '.join(one.rows)}{more}"
        found.append(
            Finding(
                rule,
                Weight(one.severity),
                f"{many} ({named}): {one.message}",
                named,
                fix=one.fix,
            )
        )
    return found
