"""How many of a dataset's examples pass each quality gate, with intervals.

There is no one success rate: every gate has its own, with its denominator said. What
occurs twice counts once, and what the sanitizer holds back has not passed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotation.domain.intervals import Figure, share_figure
from training.domain.row_quality import TextFacts

TARGET = 0.95
"""Share that should pass a gate; the lower end of the interval is held against it."""


@dataclass(frozen=True)
class Gate:
    """One gate: what passes it, of what, and the share with its Wilson interval."""

    name: str
    words: str
    reference: str
    passed: int
    checked: int

    @property
    def figure(self) -> Figure:
        """The share that passed."""
        return share_figure(self.passed, self.checked, self.reference)

    @property
    def standing(self) -> str:
        """``good``: surely above the target; ``open``: it may be; ``short``: it is not.

        Few examples leave it open: 50 of 50 may still be under 95 %.
        """
        if not self.checked:
            return "open"
        low = self.figure.ci[0] if self.figure.ci else 0.0
        if low >= TARGET:
            return "good"
        return "open" if self.passed / self.checked >= TARGET else "short"

    def as_json(self) -> dict[str, Any]:
        """Plain values for the manifest."""
        return {
            "name": self.name,
            "words": self.words,
            "passed": self.passed,
            "checked": self.checked,
            "share": self.figure.as_dict(),
            "standing": self.standing,
        }


def gates(
    facts: TextFacts,
    left_out: Mapping[str, int],
    in_format: Mapping[str, tuple[int, int]],
) -> list[Gate]:
    """Return the gates of a dataset in the order of the river.

    left_out: records outside by reason. in_format: examples whose row is valid, and all
    that the format has a place for, by format.
    """
    return [*_of_texts(facts, left_out), *_of_formats(facts, in_format)]


def _of_texts(facts: TextFacts, left_out: Mapping[str, int]) -> list[Gate]:
    held = left_out.get("held", 0) + left_out.get("unsafe", 0)
    texts = "different texts of the dataset"
    return [
        Gate(
            "safe",
            "pass the sanitizer and its last look",
            f"{texts}, and records it holds back",
            facts.unique,
            facts.unique + held,
        ),
        Gate(
            "unique",
            "are no exact copy of another",
            "examples",
            facts.unique,
            facts.examples,
        ),
        Gate("complete", "look complete", texts, facts.complete, facts.unique),
        Gate("consistent", "have one label", texts, facts.consistent, facts.unique),
    ]


def _of_formats(
    facts: TextFacts, in_format: Mapping[str, tuple[int, int]]
) -> list[Gate]:
    repeated = facts.examples - facts.unique
    return [
        Gate(
            f"format_{name}",
            f"make a valid row of {name}",
            "examples, those of a repeated text once",
            # Of what failed each is taken for a text of its own.
            max(0, passed - repeated),
            max(0, checked - repeated),
        )
        for name, (passed, checked) in in_format.items()
    ]
