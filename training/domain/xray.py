"""What is known of the rows of a dataset as one model reads them.

Rows come in one after the other, in stretches that may be far apart in time; kept of
each are three numbers and, where something is wrong, the ids of a few. So what is kept
grows with twelve bytes a row, and no text is ever kept.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from training.domain.findings import Finding, Weight

NAMED = 3
"""Rows that a finding names; the others are counted."""
LISTS = ("tokens", "sums", "trained")
"""The numbers of each row, kept apart from the rest of a tally."""
LONGEST = 3
SAMPLE = 5
SHARES = (0.5, 0.95, 0.99, 1.0)
_LENGTH_STEP = 64


@dataclass(frozen=True)
class ReadSequence:
    """One sequence that a row becomes.

    tokens, trained: how many there are, and how many of them are learned. checks: what
    is wrong with it. is_text: of domain text, which is read in windows and never too
    long.
    """

    tokens: int
    trained: int
    checks: Sequence[Finding] = ()
    is_text: bool = False


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

    lines: of the files, in their order. rows: by split, with copies; taken: those of
    them that the training reads. tokens, sums, trained: of each exchange to learn from
    the tokens of its longest sequence, those of all, and those learned. text_tokens: of
    the domain text to learn from. other_tokens: of DEV. labels: rows of TRAIN by their
    label. longest: pairs of tokens and place of the longest rows to learn from, the
    longest first; a place counts the rows of TRAIN.
    """

    lines: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)
    tokens: list[int] = field(default_factory=list)
    sums: list[int] = field(default_factory=list)
    trained: list[int] = field(default_factory=list)
    text_tokens: int = 0
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
        said = [one for one in read if not one.is_text]
        self.taken[split] = self.taken.get(split, 0) + bool(said)
        if split == "TRAIN":
            self._learn(read, said)
            if said and not is_copy:
                self._keep_longest(max(one.tokens for one in said), place)
        else:
            self.other_tokens += sum(one.tokens for one in said)
        checks = (check for one in read for check in one.checks)
        for check in {check.rule: check for check in checks}.values():
            self.note(check, row)

    def _learn(self, read: Sequence[ReadSequence], said: list[ReadSequence]) -> None:
        self.text_tokens += sum(one.tokens for one in read if one.is_text)
        if said:
            self.tokens.append(max(one.tokens for one in said))
            self.sums.append(sum(one.tokens for one in said))
            self.trained.append(sum(one.trained for one in said))

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
        return {k: v for k, v in asdict(self).items() if k not in LISTS}

    @classmethod
    def restored(cls, kept: dict[str, Any], lists: dict[str, list[int]]) -> Tally:
        """The tally that `as_dict` and its lists were taken from."""
        troubles = {rule: Trouble(**one) for rule, one in kept["troubles"].items()}
        longest = [(tokens, place) for tokens, place in kept["longest"]]
        values = {**kept, **lists, "troubles": troubles, "longest": longest}
        return cls(**values)


@dataclass(frozen=True)
class Lengths:
    """Figures of the rows to learn from, copies included.

    points: tokens that a share of the rows does not exceed, by the share. total,
    trained: tokens of all rows, and those that are learned; for a classifier none is.
    limit: tokens that are read of a row, 0 for no limit. over: rows beyond it. read:
    tokens of an epoch, once what is beyond the limit is cut off or left out.
    """

    rows: int
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
        """Tokens of the longest sequence that is read."""
        whole = self.points.get("1", 0)
        return min(whole, self.limit) if self.limit else whole


def lengths_of(tally: Tally, limit: int, *, leaves_out: bool) -> Lengths | None:
    """The figures at a limit; None without a row to learn from.

    A row beyond the limit is left out, or else cut.
    """
    if not tally.tokens:
        return None
    tokens, sums = np.array(tally.tokens), np.array(tally.sums)
    ordered = np.sort(tokens)
    last = len(ordered) - 1
    fits = tokens <= (limit or ordered[-1])
    cut = np.minimum(tokens, limit) if limit else tokens
    return Lengths(
        rows=len(ordered),
        points={f"{share:g}": int(ordered[round(share * last)]) for share in SHARES},
        total=int(sums.sum()),
        trained=int(np.sum(tally.trained)),
        limit=limit,
        over=int((~fits).sum()),
        read=int(sums[fits].sum() if leaves_out else cut.sum()),
    )


def settled_length(given: int | str, tokens: Sequence[int], trained: int) -> int:
    """The tokens that are read of a row, as the training settles them.

    A number stands as it is. Else it is the 99th percentile of the lengths rounded up
    to 64, at most the tokens that the base was `trained` for, or can read.
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
