"""Charts of amounts of money with the range they may fall in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import altair as alt

from netft_site.base.charts.chart import Chart, compose

_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Amount:
    """A likely amount and its 10th, 50th and 90th percentile."""

    name: str
    likely: Decimal
    p10: Decimal
    p50: Decimal
    p90: Decimal


def amounts(rows: Sequence[Amount], *, measure: str, currency: str) -> Chart:
    """Draw a dot at the median of each name and a line from P10 to P90.

    Only the drawing rounds an amount to a binary number; the table does not.
    """
    return compose(
        _dots(rows, f"{measure}, {currency}"),
        columns=(
            "Scenario",
            "Likely",
            "P10",
            "P50",
            "P90",
        ),
        rows=[
            (one.name, *(money(a) for a in (one.likely, one.p10, one.p50, one.p90)))
            for one in rows
        ],
        caption=(
            f"{measure} in {currency}: the dot is the median (P50) of the draws, the "
            "line goes from P10 to P90."
        ),
        step=38,
    )


def money(amount: Decimal) -> str:
    """Write an amount with two decimals, or with more where it would be lost.

    Halves are rounded away from zero, as on an invoice.
    """
    if amount and abs(amount) < Decimal("0.1"):
        return f"{amount:.3g}" if abs(amount) < Decimal("1e-6") else _short(amount)
    return f"{amount.quantize(_CENT, ROUND_HALF_UP):,f}"


def _short(amount: Decimal) -> str:
    text = f"{amount:.6f}".rstrip("0")
    return text + "0" if text.endswith(".") else text


def _dots(rows: Sequence[Amount], title: str) -> list[Any]:
    data = [
        {
            "name": one.name,
            "low": float(one.p10),
            "middle": float(one.p50),
            "high": float(one.p90),
        }
        for one in rows
    ]
    tooltip = [
        alt.Tooltip("low:Q", title="P10", format=",.2f"),
        alt.Tooltip("middle:Q", title="P50", format=",.2f"),
        alt.Tooltip("high:Q", title="P90", format=",.2f"),
    ]
    names = alt.Scale(domain=[one.name for one in rows])
    axis = alt.Axis(labelLimit=190, grid=False)
    base = alt.Chart(alt.Data(values=data)).encode(
        y=alt.Y("name:N", title=None, scale=names, axis=axis), tooltip=tooltip
    )
    mark = {"color": "token:chart-1"}
    line = base.mark_rule(strokeWidth=2.5, strokeCap="round", **mark)
    dot = base.mark_point(filled=True, shape="circle", size=90, opacity=1, **mark)
    ticks = alt.Axis(format=",.2~f", tickCount=6)
    return [
        line.encode(x=alt.X("low:Q", title=title), x2="high:Q"),
        dot.encode(x=alt.X("middle:Q", title=title, axis=ticks)),
    ]
