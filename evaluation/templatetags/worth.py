"""Words for figures of cost: amounts, waits, shares, what a rule says."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import template

from evaluation.services.advising import in_months
from netft_site.base.charts.amounts import money
from training.domain.ranges import Spread
from training.domain.worth_it import NEVER, Finding, Speaks

register = template.Library()

_SPEAKS = {
    Speaks.FOR: ("good", "For"),
    Speaks.AGAINST: ("bad", "Against"),
    Speaks.NOTHING: ("quiet", "Says nothing"),
    Speaks.UNKNOWN: ("warn", "Not known"),
}
_ANSWERS = {
    "NOT_NOW": "bad",
    "WORTH_TRYING": "good",
    "NOT_KNOWN": "warn",
    "NO_REASON": "quiet",
}
_SHARES = {"repeated_share", "accuracy"}
_MONTHS = {"break_even"}
_COEFFICIENTS = {"agreement"}
_NONE = "–"


@register.filter
def amount(value: Decimal | None) -> str:
    """Write an amount, or a dash."""
    return _NONE if value is None else money(value)


@register.filter
def wait(months: Decimal | None) -> str:
    """Write a number of months in words; None is never."""
    return in_months(months)


@register.filter
def amounts_of(spread: Spread | None) -> str:
    """Write the percentiles of amounts."""
    if spread is None:
        return _NONE
    parts = (spread.p10, spread.p50, spread.p90)
    return _percentiles("never" if p is None else money(p) for p in parts)


@register.filter
def waits_of(spread: Spread | None) -> str:
    """Write the percentiles of waits."""
    if spread is None:
        return _NONE
    return _percentiles(in_months(p) for p in (spread.p10, spread.p50, spread.p90))


def _percentiles(parts: Iterable[str]) -> str:
    """Join what differs; where all are alike the likely figure says it all."""
    written = list(parts)
    return " · ".join(written) if len(set(written)) > 1 else ""


@register.filter
def share(value: Decimal | None) -> str:
    """Write a share as a percentage."""
    return _NONE if value is None else f"{value:.0%}"


@register.filter
def speaks_tone(finding: Finding) -> str:
    """The tone of a rule's pill."""
    return _SPEAKS[finding.speaks][0]


@register.filter
def speaks_word(finding: Finding) -> str:
    """What a rule says, in a word."""
    return _SPEAKS[finding.speaks][1]


@register.filter
def answer_tone(answer: Any) -> str:
    """The tone of the answer."""
    return _ANSWERS[str(answer)]


@register.filter
def figure_of(finding: Finding) -> str:
    """A rule's figure as people write it."""
    return _written(finding.rule.figure, finding.figure.value)


@register.filter
def threshold_of(finding: Finding) -> str:
    """A rule's threshold as people write it."""
    if finding.rule.figure in _MONTHS and finding.threshold is not None:
        return f"{finding.threshold:f} months"
    return _written(finding.rule.figure, finding.threshold)


@register.filter
def compared_by(finding: Finding) -> str:
    """How a rule compares, in words."""
    name = finding.rule.compare.__name__
    return {"gt": "more than", "lt": "less than", "ge": "at least"}[name]


@register.filter
def kind_words(kinds: dict[Any, str], kind: Any) -> str:
    """A scenario's kind in words."""
    return kinds[kind]


@register.filter
def row_of(rows: dict[str, int], name: str) -> int:
    """The number of the stored scenario of a name."""
    return rows[name]


def _written(figure: str, value: Decimal | None) -> str:
    if value is None:
        return _NONE
    if figure in _MONTHS:
        return "never" if value == NEVER else in_months(value)
    if figure in _SHARES:
        return f"{value:.1%}"
    if figure in _COEFFICIENTS:
        return f"{value:.3f}"
    return f"{value:,f}"
