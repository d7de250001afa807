"""Counts in stacked bars: of what a group is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from netft_site.base.charts.chart import Chart, color_by, compose

Group = tuple[str, Mapping[str, int]]


def stacked_counts(
    groups: Sequence[Group],
    parts: Mapping[str, str],
    *,
    group_title: str,
    caption: str,
    upright: bool = False,
) -> Chart:
    """Draw one bar for each group, in the order given, stacked by part.

    `parts` maps the key of a part to its label, in stacking order; a part that a group
    does not name counts zero. Bars lie unless `upright`: names need room, times do not.
    """
    labels = list(parts.values())
    rows = [
        (
            name,
            *(str(counts.get(key, 0)) for key in parts),
            str(sum(counts.get(key, 0) for key in parts)),
        )
        for name, counts in groups
    ]
    size = {"height": 220} if upright else {"step": 30}
    return compose(
        [_bars(groups, parts, upright)],
        columns=(group_title, *labels, "All"),
        rows=rows,
        caption=caption,
        **size,
    )


def _bars(groups: Sequence[Group], parts: Mapping[str, str], upright: bool) -> Any:
    values = [
        {"group": name, "part": label, "count": counts.get(key, 0), "order": place}
        for name, counts in groups
        for place, (key, label) in enumerate(parts.items())
    ]
    order = alt.Scale(domain=[name for name, _ in groups], paddingInner=0.3)
    axis = alt.Axis(grid=False, labelLimit=190, labelAngle=0, labelOverlap=True)
    count_axis = alt.Axis(format="d", tickMinStep=1)
    # A single week is a bar, not a wall.
    width = {"size": 28} if upright and len(groups) < 12 else {}
    base = alt.Chart(alt.Data(values=values)).mark_bar(cornerRadiusEnd=2, **width)
    shared = {
        "color": color_by("part", list(parts.values())),
        "order": alt.Order("order:Q"),
        "tooltip": [
            alt.Tooltip("group:N", title="Group"),
            alt.Tooltip("part:N", title="Kind"),
            alt.Tooltip("count:Q", title="Count"),
        ],
    }
    if upright:
        return base.encode(
            x=alt.X("group:N", title=None, scale=order, axis=axis),
            y=alt.Y("count:Q", title="Tickets", axis=count_axis),
            **shared,
        )
    return base.encode(
        y=alt.Y("group:N", title=None, scale=order, axis=axis),
        x=alt.X("count:Q", title="Tickets", axis=count_axis),
        **shared,
    )
