"""What is wrong with a dataset or a file, said so that one can act on it.

An error blocks, a warning should be read, information helps. A finding names rule,
item and field, and never quotes a ticket. Rules that fire often are listed up to a
limit and counted beyond it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

LISTED_PER_RULE = 20


class Weight(StrEnum):
    """How heavy a finding is: Error, Warning, Information."""

    ERROR = "E"
    WARNING = "W"
    INFORMATION = "I"


@dataclass(frozen=True)
class Finding:
    """One observation. `item` is an id, a line number or a split; `fix` what to do."""

    rule: str
    severity: Weight
    message: str
    item: str = ""
    field: str = ""
    fix: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain values, in the public order."""
        return {**asdict(self), "severity": self.severity.value}


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether any finding blocks."""
    return any(finding.severity is Weight.ERROR for finding in findings)


def merge(*lists: Iterable[Finding]) -> list[Finding]:
    """Several lists as one, errors first; each stays as short as it came."""
    return _in_order([finding for one in lists for finding in one])


def _in_order(found: Iterable[Finding]) -> list[Finding]:
    order = list(Weight)
    return sorted(found, key=lambda one: (order.index(one.severity), one.rule))


class Findings:
    """A list that stays short: each rule is listed up to a limit, then counted."""

    def __init__(self, limit: int = LISTED_PER_RULE) -> None:
        self._limit = limit
        self._listed: list[Finding] = []
        self._counts: Counter[tuple[str, Weight]] = Counter()

    def add(self, finding: Finding) -> None:
        """Note a finding."""
        key = (finding.rule, finding.severity)
        self._counts[key] += 1
        if self._counts[key] <= self._limit:
            self._listed.append(finding)

    def all(self) -> list[Finding]:
        """What was listed, errors first, and one line for each rule's rest."""
        rest = [
            Finding(
                rule,
                weight,
                f"and {count - self._limit:,} more of this rule, {count:,} in all",
            )
            for (rule, weight), count in self._counts.items()
            if count > self._limit
        ]
        return _in_order([*self._listed, *rest])
