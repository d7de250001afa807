"""Charts of figures with their intervals: systems against the ceiling, and slices."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from netft_site.base.charts.chart import (
    DASH,
    Chart,
    Figure,
    Row,
    color_by,
    compose,
    share_text,
    vertical_rule,
)

_NAMES = alt.Axis(labelLimit=190, grid=False)
_CEILING = alt.value("human ceiling")


@dataclass(frozen=True)
class SliceFigure:
    """The accuracy of one system on one slice of the test split."""

    slice: str
    system: str
    figure: Figure


def accuracy_with_intervals(
    systems: Sequence[tuple[str, Figure]],
    *,
    ceiling: Figure | None = None,
    measure: str = "Accuracy",
    what: str = "System",
) -> Chart:
    """Draw a dot with its interval for each system, over the human ceiling's band.

    `what` heads the names in the table. Figures are shares from 0 to 1. A system whose
    figure is undefined keeps its row and its reason in the table.
    """
    shown = [*systems, ("Human ceiling", ceiling)] if ceiling else list(systems)
    scale = _scale([figure for _, figure in shown])
    data = [{"system": name, **_interval(figure)} for name, figure in systems]
    names = alt.Scale(domain=[name for name, _ in systems])
    rows = alt.Y("system:N", title=None, scale=names, axis=_NAMES)
    layers = _dots(data, {"y": rows}, measure, scale, "token:chart-1")
    caption = f"{measure} with its 95% interval."
    if ceiling is not None and ceiling["value"] is not None:
        layers = _ceiling(ceiling, scale) + layers
        caption += " The band is the human ceiling with its interval."
    return compose(
        layers,
        columns=(what, measure, "Interval", "n", "Method"),
        rows=[_row(name, figure) for name, figure in shown],
        caption=caption,
        step=38,
    )


def slices(
    figures: Sequence[SliceFigure],
    *,
    overall: float | None = None,
    measure: str = "Accuracy",
) -> Chart:
    """Draw a dot with its interval for each slice and system, n beside the name.

    `overall` is the share on the whole test split, drawn as a reference line.
    """
    systems = list(dict.fromkeys(item.system for item in figures))
    scale = _scale([item.figure for item in figures])
    data = [
        {"slice": _sized(item), "system": item.system, **_interval(item.figure)}
        for item in figures
    ]
    places = _slice_places([str(row["slice"]) for row in data], systems)
    color = "token:chart-1" if len(systems) < 2 else None
    layers = _dots(data, places, measure, scale, color)
    caption = f"{measure} by slice with its 95% interval"
    if overall is not None:
        layers.insert(0, vertical_rule(overall, "all tickets", ".1%", scale))
        caption += f"; the dashed line is all tickets together ({share_text(overall)})"
    return compose(
        layers,
        columns=("Slice", "System", measure, "Interval", "n", "Method"),
        rows=[(item.slice, *_row(item.system, item.figure)) for item in figures],
        caption=caption + ".",
        step=34 if len(systems) < 2 else 20 + 18 * len(systems),
    )


def _slice_places(names: list[str], systems: list[str]) -> dict[str, Any]:
    order = alt.Scale(domain=list(dict.fromkeys(names)))
    places = {"y": alt.Y("slice:N", title=None, scale=order, axis=_NAMES)}
    if len(systems) > 1:
        beside = alt.Scale(domain=systems, paddingOuter=0.6)
        places["yOffset"] = alt.YOffset("system:N", scale=beside)
        places["color"] = color_by("system", systems)
    return places


def _ceiling(ceiling: Figure, scale: Any) -> list[Any]:
    base = alt.Chart(alt.Data(values=[_interval(ceiling)]))
    middle = base.mark_rule(color="token:good-ink", strokeWidth=1.5)
    # The name stays inside the drawing: it leans away from the nearer edge.
    is_right = ceiling["value"] > sum(scale.domain) / 2
    name = base.mark_text(
        color="token:good-ink",
        baseline="bottom",
        align="right" if is_right else "left",
        dx=4 if is_right else -4,
        dy=-4,
        fontSize=11,
    )
    at = alt.X("value:Q", scale=scale)
    layers = [middle.encode(x=at), name.encode(x=at, y=alt.value(0), text=_CEILING)]
    if ceiling.get("ci"):
        band = base.mark_rect(color="token:chart-band", opacity=1)
        layers.insert(0, band.encode(x=alt.X("low:Q", scale=scale), x2="high:Q"))
    return layers


def _dots(
    data: Sequence[Mapping[str, Any]],
    places: Mapping[str, Any],
    measure: str,
    scale: Any,
    color: str | None,
) -> list[Any]:
    known = [row for row in data if row["value"] is not None]
    mark = {} if color is None else {"color": color}
    tooltip = [
        alt.Tooltip("value:Q", title=measure, format=".1%"),
        alt.Tooltip("low:Q", title="From", format=".1%"),
        alt.Tooltip("high:Q", title="To", format=".1%"),
        alt.Tooltip("n:Q", title="n"),
    ]
    base = alt.Chart(alt.Data(values=known)).encode(tooltip=tooltip, **places)
    whisker = base.mark_rule(strokeWidth=2.5, strokeCap="round", **mark)
    dot = base.mark_point(filled=True, shape="circle", size=90, opacity=1, **mark)
    percent = alt.Axis(format=".0%", tickCount=6)
    return [
        whisker.encode(x=alt.X("low:Q", title=measure, scale=scale), x2="high:Q"),
        dot.encode(x=alt.X("value:Q", title=measure, scale=scale, axis=percent)),
        *_undefined(data, places["y"]),
    ]


def _undefined(data: Sequence[Mapping[str, Any]], y: Any) -> list[Any]:
    unknown = [row for row in data if row["value"] is None]
    if not unknown:
        return []
    text = alt.Chart(alt.Data(values=unknown)).mark_text(
        align="left", color="token:ink-3"
    )
    return [text.encode(y=y, x=alt.value(6), text=alt.value("not defined"))]


def _interval(figure: Figure) -> dict[str, float | int | None]:
    low, high = figure.get("ci") or (None, None)
    return {"value": figure["value"], "low": low, "high": high, "n": figure.get("n")}


def _scale(figures: Sequence[Figure]) -> Any:
    """Return a scale in tenths that holds every value and interval, within 0 to 1."""
    ends = [
        end
        for figure in figures
        if figure["value"] is not None
        for end in (figure["value"], *(figure.get("ci") or ()))
    ]
    low = max(0, math.floor(min(ends, default=0) * 10 - 0.1))
    high = min(10, math.ceil(max(ends, default=1) * 10 + 0.1))
    return alt.Scale(domain=[low / 10, max(high, low + 1) / 10], nice=False, zero=False)


def _row(name: str, figure: Figure) -> Row:
    n = figure.get("n")
    size = DASH if n is None else str(n)
    if figure["value"] is None:
        return (name, "not defined", DASH, size, str(figure.get("reason", "")))
    ends = figure.get("ci")
    text = f"{share_text(ends[0])} to {share_text(ends[1])}" if ends else DASH
    return (name, share_text(figure["value"]), text, size, figure.get("method", ""))


def _sized(item: SliceFigure) -> str:
    n = item.figure.get("n")
    return item.slice if n is None else f"{item.slice} (n = {n})"
