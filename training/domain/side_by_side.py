"""Scenarios beside the one of today: likely figures, percentiles, break-even.

The likely figures come from the likely value of every range; the percentiles from draws
over all ranges at once, every scenario in the same worlds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from training.domain.economics import break_even_months, return_on_investment
from training.domain.ranges import Range, Spread, spread, uniforms
from training.domain.scenario import Kind, Outcome, Pick, Rates, Scenario, outcome

MOST_DRAWS = 5_000


@dataclass(frozen=True)
class Assumptions:
    """What all scenarios share: requests a month, months to look ahead, the draws."""

    requests: Range
    horizon_months: Decimal
    seed: int
    draws: int


@dataclass(frozen=True)
class Beside:
    """A scenario against the one of today; `break_even` None is never."""

    saving: Decimal
    extra: Decimal
    break_even: Decimal | None
    return_on_investment: Decimal | None


@dataclass(frozen=True)
class Spreads:
    """Percentiles of the draws; those beside today are None for today itself.

    Where a draw has no successful answer or never breaks even, that counts as never.
    """

    upfront: Spread
    monthly: Spread
    per_success: Spread | None
    break_even: Spread | None


@dataclass(frozen=True)
class Column:
    """One scenario of the table."""

    name: str
    scenario: Scenario
    likely: Outcome
    spreads: Spreads
    beside: Beside | None


def side_by_side(
    scenarios: Mapping[str, Scenario], rates: Rates, assumed: Assumptions
) -> list[Column]:
    """Return a column for each scenario, in the order given.

    What they are compared with is the first scenario of the kind TODAY; without one
    nothing is compared. `rates` holds what every scenario needs.
    """
    worlds = draw_worlds(scenarios.values(), rates, assumed)
    names = list(scenarios)
    today = next(
        (i for i, name in enumerate(names) if scenarios[name].kind is Kind.TODAY), None
    )
    likely = [
        outcome(one, assumed.requests, rates, likely_of) for one in scenarios.values()
    ]
    columns = []
    for i, name in enumerate(names):
        against = None if today is None or i == today else today
        columns.append(
            Column(
                name,
                scenarios[name],
                likely[i],
                _spreads(worlds[i], None if against is None else worlds[against]),
                None
                if against is None
                else beside(likely[i], likely[against], assumed.horizon_months),
            )
        )
    return columns


def likely_of(name: str, known: Range) -> Decimal:
    """The likely value of any range."""
    return known.likely


def beside(new: Outcome, today: Outcome, months: Decimal) -> Beside:
    """Return what a scenario saves against another, and when that has paid for it."""
    saving, extra = today.monthly - new.monthly, new.upfront - today.upfront
    return Beside(
        saving,
        extra,
        break_even_months(extra, saving),
        return_on_investment(months, extra, saving),
    )


def draw_worlds(
    scenarios: Iterable[Scenario], rates: Rates, assumed: Assumptions
) -> list[list[Outcome]]:
    """Return the outcomes of each scenario in every drawn world, in one order."""
    luck: dict[str, list[Decimal]] = {}

    def pick_in(world: int) -> Pick:
        def pick(name: str, known: Range) -> Decimal:
            if known.is_exact:
                return known.likely
            if name not in luck:
                luck[name] = uniforms(assumed.seed, name, assumed.draws)
            return known.at(luck[name][world])

        return pick

    picks = [pick_in(world) for world in range(assumed.draws)]
    found = []
    for one in scenarios:
        if assumed.requests.is_exact and one.is_exact:
            # Nothing varies: every world is the likely one.
            known = outcome(one, assumed.requests, rates, likely_of)
            found.append([known] * assumed.draws)
        else:
            found.append([outcome(one, assumed.requests, rates, p) for p in picks])
    return found


def _spreads(own: Sequence[Outcome], today: Sequence[Outcome] | None) -> Spreads:
    per_success = [world.per_success for world in own]
    waits = None
    if today is not None:
        waits = [
            break_even_months(a.upfront - b.upfront, b.monthly - a.monthly)
            for a, b in zip(own, today, strict=True)
        ]
    return Spreads(
        upfront=spread([world.upfront for world in own]),
        monthly=spread([world.monthly for world in own]),
        per_success=spread(per_success)
        if any(one is not None for one in per_success)
        else None,
        break_even=None if waits is None else spread(waits),
    )
