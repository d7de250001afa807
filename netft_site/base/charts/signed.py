"""Charts of signed figures with their intervals, around a line at zero."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt

from netft_site.base.charts.chart import (
    DASH,
    Chart,
    Figure,
    Row,
    compose,
    vertical_rule,
)


def signed_figures(
    figures: Sequence[tuple[str, Figure]], *, measure: str, first: str, zero: str
) -> Chart:
    """Draw a dot with its interval for each name; the dashed line is `zero`.

    Undefined figures keep their row and their reason in the table.
    """
    known = [(name, one) for name, one in figures if one["value"] is not None]
    scale = _scale([one for _, one in known])
    return compose(
        [vertical_rule(0, zero, ".1f", scale), *_dots(known, scale, measure)],
        columns=(first, measure, "Interval", "n", "Note"),
        rows=[_row(name, one) for name, one in figures],
        caption=f"{measure} with its 95% interval; the dashed line is {zero}.",
        step=34,
    )


def _dots(known: Sequence[tuple[str, Figure]], scale: Any, measure: str) -> list[Any]:
    data = [
        {
            "name": name,
            "value": one["value"],
            "low": (one["ci"] or [one["value"]] * 2)[0],
            "high": (one["ci"] or [one["value"]] * 2)[1],
            "n": one["n"],
        }
        for name, one in known
    ]
    places = alt.Y(
        "name:N",
        title=None,
        scale=alt.Scale(domain=[name for name, _ in known]),
        axis=alt.Axis(labelLimit=190, grid=False),
    )
    tooltip = [
        alt.Tooltip("value:Q", title=measure, format="+.2f"),
        alt.Tooltip("low:Q", title="From", format="+.2f"),
        alt.Tooltip("high:Q", title="To", format="+.2f"),
        alt.Tooltip("n:Q", title="n"),
    ]
    base = alt.Chart(alt.Data(values=data)).encode(y=places, tooltip=tooltip)
    whisker = base.mark_rule(strokeWidth=2.5, strokeCap="round", color="token:chart-1")
    dot = base.mark_point(filled=True, size=90, opacity=1, color="token:chart-1")
    axis = alt.Axis(format="+.1f", tickCount=6)
    return [
        whisker.encode(x=alt.X("low:Q", title=measure, scale=scale), x2="high:Q"),
        dot.encode(x=alt.X("value:Q", title=measure, scale=scale, axis=axis)),
    ]


def _scale(figures: Sequence[Figure]) -> Any:
    """Return a scale around zero, as wide on one side as on the other."""
    ends = [abs(end) for one in figures for end in (one["value"], *(one["ci"] or ()))]
    far = math.ceil(max([*ends, 0.4]) * 5) / 5
    return alt.Scale(domain=[-far, far], nice=False, zero=False)


def _row(name: str, figure: Figure) -> Row:
    n = str(figure["n"])
    if figure["value"] is None:
        return (name, DASH, DASH, n, str(figure.get("reason", "")))
    ends = figure["ci"]
    interval = f"{ends[0]:+.2f} to {ends[1]:+.2f}" if ends else DASH
    return (name, f"{figure['value']:+.2f}", interval, n, figure.get("reason") or "")
