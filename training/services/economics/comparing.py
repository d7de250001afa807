"""A project's scenarios side by side, at the prices of a day.

A scenario with a missing price is not guessed: it is listed with what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from annotation.models import Project
from training.domain.economics import Unit
from training.domain.ranges import Range, Spread
from training.domain.scenario import Item, Kind, Scenario
from training.domain.side_by_side import Assumptions, Column, side_by_side
from training.models import Price, ProjectEconomics
from training.models import Scenario as ScenarioRow
from training.services.economics.pricing import Book, book_of
from training.services.economics.scenarios import read_requests, read_scenario

_UNITS = dict(Price._meta.get_field("unit").choices or [])


@dataclass(frozen=True)
class Unpriced:
    """A scenario that cannot be worked out, with what the price book lacks."""

    name: str
    missing: list[str]


@dataclass(frozen=True)
class Compared:
    """The scenarios that could be worked out, those that could not, and old prices."""

    shared: ProjectEconomics
    requests: Range
    columns: list[Column]
    unpriced: list[Unpriced]
    stale: list[Price]
    rows: dict[str, int]
    """Primary keys of the stored scenarios by name."""

    @property
    def today(self) -> Column | None:
        """What answers today, if it could be worked out."""
        return self._first(Kind.TODAY)

    @property
    def tuned(self) -> Column | None:
        """The fine-tuned scenario that the decision is about: the first one."""
        return self._first(Kind.FINE_TUNED)

    def of_kind(self, kind: Kind) -> list[Column]:
        """The scenarios of one kind."""
        return [one for one in self.columns if one.scenario.kind is kind]

    def _first(self, kind: Kind) -> Column | None:
        return next(iter(self.of_kind(kind)), None)


def compare(*, project: Project, shared: ProjectEconomics, day: date) -> Compared:
    """Work out a project's stored scenarios."""
    stored = list(ScenarioRow.objects.of(project))
    scenarios = {row.name: read_scenario(row.inputs) for row in stored}
    rows = {row.name: row.pk for row in stored}
    return work_out(
        project=project, shared=shared, scenarios=scenarios, day=day, rows=rows
    )


def work_out(
    *,
    project: Project,
    shared: ProjectEconomics,
    scenarios: Mapping[str, Scenario],
    day: date,
    rows: dict[str, int] | None = None,
) -> Compared:
    """Work out scenarios, stored or not, at the prices of a day.

    Raises EconomicsRefused (``requests_invalid``).
    """
    book = book_of(project=project, currency=shared.currency, day=day)
    lacking = {name: _missing(one, book) for name, one in scenarios.items()}
    priced = {name: one for name, one in scenarios.items() if not lacking[name]}
    requests = read_requests(shared.requests)
    assumed = Assumptions(
        requests, Decimal(shared.horizon_months), shared.seed, shared.draws
    )
    needed = [key for one in priced.values() for key in one.needs()]
    return Compared(
        shared=shared,
        requests=requests,
        columns=side_by_side(priced, book.rates, assumed),
        unpriced=[Unpriced(name, words) for name, words in lacking.items() if words],
        stale=book.stale(list(dict.fromkeys(needed))),
        rows=rows or {},
    )


def _missing(scenario: Scenario, book: Book) -> list[str]:
    return [
        _named(item, unit, book)
        for item, unit in scenario.needs()
        if (item, unit) not in book.prices
    ]


def _named(item: Item, unit: Unit, book: Book) -> str:
    words = f"{item.provider} {item.model}: {_UNITS[unit]}"
    other = book.foreign.get((item, unit))
    return f"{words} (there is one in {other.currency})" if other else words


def column_shape(column: Column) -> dict[str, Any]:
    """Return one scenario's figures as plain JSON; amounts are strings."""
    likely, beside = column.likely, column.beside
    shape: dict[str, Any] = {
        "name": column.name,
        "kind": column.scenario.kind.value,
        "likely": {
            "training": _plain(likely.training),
            "people": _plain(likely.people),
            "upfront": _plain(likely.upfront),
            "monthly": _plain(likely.monthly),
            "per_success": _plain(likely.per_success),
        },
        "upfront": spread_shape(column.spreads.upfront),
        "monthly": spread_shape(column.spreads.monthly),
        "per_success": spread_shape(column.spreads.per_success),
        "against_today": None,
    }
    if beside is not None:
        shape["against_today"] = {
            "saving": _plain(beside.saving),
            "extra_upfront": _plain(beside.extra),
            "break_even_months": _plain(beside.break_even),
            "never": beside.break_even is None,
            "return_on_investment": _plain(beside.return_on_investment),
            "break_even": spread_shape(column.spreads.break_even),
        }
    return shape


def spread_shape(spread: Spread | None) -> dict[str, Any] | None:
    """Return percentiles as plain JSON; null is never."""
    if spread is None:
        return None
    return {
        "p10": _plain(spread.p10),
        "p50": _plain(spread.p50),
        "p90": _plain(spread.p90),
        "share_never": _plain(spread.never),
    }


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
