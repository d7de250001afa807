"""Charts of bars: what came on each day, and how values are spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import altair as alt

from netft_site.base.charts.chart import Chart, color_by, compose, share_text

OTHERS = "others"
_MOST_SERIES = 5


def stacked_days(
    days: Sequence[date], series: Mapping[str, Sequence[int]], *, what: str
) -> Chart:
    """Draw a bar a day, stacked by series, the largest at the bottom.

    More than five series are drawn as four and "others"; the table names all. `series`
    maps a name to one count a day.
    """
    names = sorted(series, key=lambda name: (-sum(series[name]), name))
    shown = _shown(names, series)
    totals = [sum(counts[i] for counts in series.values()) for i in range(len(days))]
    rows = [
        (f"{day:%a %d %b}", *(str(series[name][i]) for name in names), str(totals[i]))
        for i, day in reversed(list(enumerate(days)))
        if totals[i]
    ]
    return compose(
        [_day_bars(days, shown, what)],
        columns=("Day", *names, "All"),
        rows=rows,
        caption=f"{what} on each of the last {len(days)} days; days without any are "
        "left out of the table.",
        height=220,
    )


def _shown(
    names: Sequence[str], series: Mapping[str, Sequence[int]]
) -> dict[str, Sequence[int]]:
    if len(names) <= _MOST_SERIES:
        return {name: series[name] for name in names}
    kept = {name: series[name] for name in names[: _MOST_SERIES - 1]}
    rest = [series[name] for name in names[_MOST_SERIES - 1 :]]
    kept[OTHERS] = [sum(counts) for counts in zip(*rest, strict=True)]
    return kept


def _day_bars(
    days: Sequence[date], shown: Mapping[str, Sequence[int]], what: str
) -> Any:
    # An ordinal axis with written days: a time axis would shift with the time zone.
    written = [f"{day:%d %b}" for day in days]
    data = [
        {"day": written[i], "who": name, "count": counts[i], "place": place}
        for place, (name, counts) in enumerate(shown.items())
        for i in range(len(days))
    ]
    axis = alt.Axis(
        values=written[::-1][::5], labelAngle=0, labelOverlap="greedy", grid=False
    )
    order = alt.Scale(domain=written)
    return (
        alt.Chart(alt.Data(values=data))
        .mark_bar()
        .encode(
            x=alt.X("day:O", title=None, axis=axis, scale=order),
            y=alt.Y("count:Q", title=what, axis=alt.Axis(tickMinStep=1, tickCount=5)),
            color=color_by("who", list(shown)),
            order=alt.Order("place:Q"),
            tooltip=[
                alt.Tooltip("day:O", title="Day"),
                alt.Tooltip("who:N", title="Who"),
                alt.Tooltip("count:Q", title=what),
            ],
        )
    )


def distribution(
    bins: Sequence[tuple[str, int]], *, what: str, of: str = "Answers"
) -> Chart:
    """Draw how many fall into each named bin, in the order given."""
    total = sum(count for _, count in bins)
    data = [
        {"bin": name, "count": count, "share": count / max(1, total)}
        for name, count in bins
    ]
    order = alt.Scale(domain=[name for name, _ in bins], paddingInner=0.12)
    bars = (
        alt.Chart(alt.Data(values=data))
        .mark_bar(cornerRadiusEnd=2, color="token:chart-1")
        .encode(
            x=alt.X("bin:N", title=None, scale=order, axis=_flat()),
            y=alt.Y("count:Q", title=of, axis=alt.Axis(tickMinStep=1, tickCount=5)),
            tooltip=[
                alt.Tooltip("bin:N", title=what),
                alt.Tooltip("count:Q", title=of),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
            ],
        )
    )
    return compose(
        [bars],
        columns=(what, of, "Share"),
        rows=[
            (name, str(count), share_text(count / max(1, total)))
            for name, count in bins
        ],
        caption=f"{of} by {what.lower()} (n = {total}).",
        height=200,
    )


def _flat() -> alt.Axis:
    return alt.Axis(labelAngle=-30, grid=False)
