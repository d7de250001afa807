"""Which of two systems is better on the same tickets, in numbers and in one word.

Every pair shows wins and losses, the difference in accuracy with its interval, a test
and the gain that this many tickets could have shown. The word follows from rules:
improved and worse need both interval and test, no_worse needs the interval to stay
above minus the margin, and everything else is inconclusive, never "equal".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from annotation.domain.intervals import Figure, Interval
from annotation.domain.resampling import bca_bootstrap, sum_by_cluster
from evaluation.domain.answers import Answers, BoolArray
from evaluation.domain.paired import (
    design_effect,
    mcnemar,
    sign_flip_p,
    tango_interval,
)
from evaluation.domain.power import minimum_detectable_gain, tickets_needed
from evaluation.domain.proportions import ratio_of_columns

DEFAULT_MARGIN = 0.05
_SIGNIFICANT = 0.05


class Verdict(StrEnum):
    """What a comparison showed."""

    IMPROVED = "improved"
    NO_WORSE = "no_worse"
    WORSE = "worse"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Pair:
    """System b against system a; a win is a ticket that only b answers right.

    `mde` is the gain in accuracy that these tickets show four times out of five at the
    observed share of tickets moving the other way; `items_needed` how many tickets
    would show the observed difference. Both are None where nothing finite would do.
    """

    a: str
    b: str
    wins: int
    losses: int
    ties: int
    difference: Figure
    p: float
    test: str
    mde: float | None
    margin: float
    verdict: Verdict
    items_needed: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the public shape."""
        return {
            "a": self.a,
            "b": self.b,
            "wins": self.wins,
            "losses": self.losses,
            "ties": self.ties,
            "difference": self.difference.as_dict(),
            "p": self.p,
            "test": self.test,
            "mde": self.mde,
            "margin": self.margin,
            "verdict": self.verdict.value,
            "items_needed": self.items_needed,
            "sentence": self.sentence(),
        }

    def sentence(self) -> str:
        """Say the verdict in words."""
        gap, ci = self.difference.value, self.difference.ci
        if gap is None or ci is None:
            return f"{self.b} against {self.a}: {self.difference.reason}"
        size = f"{gap * 100:+.1f} points [{ci[0] * 100:+.1f}, {ci[1] * 100:+.1f}]"
        if self.verdict is Verdict.IMPROVED:
            return f"{self.b} is better than {self.a}: {size}."
        if self.verdict is Verdict.WORSE:
            return f"{self.b} is worse than {self.a}: {size}."
        if self.verdict is Verdict.NO_WORSE:
            return (
                f"{self.b} is no worse than {self.a} by more than "
                f"{self.margin * 100:g} points: {size}."
            )
        return f"{self.b} against {self.a} is inconclusive: {size}. {self._outlook()}"

    def _outlook(self) -> str:
        could = (
            "These tickets could show no gain at all"
            if self.mde is None
            else f"These tickets could show a gain of {self.mde * 100:.1f} points"
        )
        if self.items_needed is None:
            return f"{could}."
        return (
            f"{could}; the difference seen would need about "
            f"{self.items_needed:,} tickets."
        )


def compare_pair(
    answers: Answers,
    a: str,
    b: str,
    rng: np.random.Generator,
    *,
    margin: float = DEFAULT_MARGIN,
) -> Pair:
    """Compare system b with system a on the same tickets.

    Single tickets take McNemar's mid-p and Tango's interval; incidents of several
    tickets take the exact sign-flip test on incident sums and a BCa bootstrap over
    incidents. `margin` is the loss in accuracy that would not matter.
    """
    right_a, right_b = answers.right(a), answers.right(b)
    wins, losses = _wins_and_losses(right_a, right_b)
    difference = _difference(answers, right_a, right_b, rng)
    p, test = _test(answers, right_a, right_b)
    verdict = decide(difference.ci, p, margin)
    mde, items_needed = _reach(answers, right_a, right_b, verdict)
    return Pair(
        a,
        b,
        wins,
        losses,
        answers.n_items - wins - losses,
        difference,
        p,
        test,
        mde,
        margin,
        verdict,
        items_needed,
    )


def decide(ci: Interval | None, p: float, margin: float) -> Verdict:
    """Turn an interval and a p value into a verdict.

    The score interval can exclude zero with four wins and no loss, where the test does
    not reject; a verdict of improved or worse needs both to agree.
    """
    if ci is None:
        return Verdict.INCONCLUSIVE
    low, high = ci
    if low > 0 and p <= _SIGNIFICANT:
        return Verdict.IMPROVED
    if high < 0 and p <= _SIGNIFICANT:
        return Verdict.WORSE
    return Verdict.NO_WORSE if low > -margin else Verdict.INCONCLUSIVE


def _wins_and_losses(right_a: BoolArray, right_b: BoolArray) -> tuple[int, int]:
    return int((right_b & ~right_a).sum()), int((right_a & ~right_b).sum())


def _reach(
    answers: Answers, right_a: BoolArray, right_b: BoolArray, verdict: Verdict
) -> tuple[float | None, int | None]:
    """The gain these tickets could show, and how many would show the one seen."""
    wins, losses = _wins_and_losses(right_a, right_b)
    n, effective = answers.n_items, _effective_n(answers, right_a, right_b)
    loss_rate = min(wins, losses) / n if n else 0.0
    mde = minimum_detectable_gain(int(effective), round(loss_rate, 4))
    if verdict is not Verdict.INCONCLUSIVE or effective <= 0:
        return mde, None
    needed = tickets_needed(wins / n, losses / n)
    return mde, None if needed is None else round(needed * n / effective)


def _effective_n(answers: Answers, right_a: BoolArray, right_b: BoolArray) -> float:
    """Tickets after taking off what sharing incidents costs."""
    if answers.clusters is None or answers.grouping is None:
        return float(answers.n_items)
    gaps = right_b.astype(np.float64) - right_a
    return answers.n_items / design_effect(gaps, answers.clusters)


def _test(
    answers: Answers, right_a: BoolArray, right_b: BoolArray
) -> tuple[float, str]:
    if answers.grouping is None:
        wins, losses = _wins_and_losses(right_a, right_b)
        return mcnemar(wins, losses).p_mid, "McNemar mid-p"
    gaps = (right_b.astype(np.float64) - right_a)[:, None]
    sums = sum_by_cluster(gaps, answers.grouping)[:, 0].astype(np.intp)
    return sign_flip_p(sums), "sign flip on incident sums, mid-p"


def _difference(
    answers: Answers,
    right_a: BoolArray,
    right_b: BoolArray,
    rng: np.random.Generator,
) -> Figure:
    n, reference = answers.n_items, answers.reference
    name = "difference of accuracies"
    if n == 0:
        return Figure.undefined(0, name, reference, "There are no tickets.")
    gaps = right_b.astype(np.float64) - right_a
    value = float(gaps.mean())
    wins, losses = float((gaps > 0).sum()), float((gaps < 0).sum())
    if answers.grouping is None:
        ci = tango_interval(wins, losses, n)
        return Figure(value, ci, n, f"{name}, Tango score interval", reference)
    rows = np.column_stack([gaps, np.ones(n)])
    drawn = bca_bootstrap(sum_by_cluster(rows, answers.grouping), ratio_of_columns, rng)
    groups = answers.n_clusters
    if drawn is None:
        shrunk = groups / n
        ci = tango_interval(wins * shrunk, losses * shrunk, groups)
        method = f"{name}, Tango score interval over {groups} incidents"
        return Figure(value, ci, n, method, reference)
    method = f"{name}, BCa bootstrap over {groups} incidents"
    return Figure(value, drawn.ci, n, method, reference)
