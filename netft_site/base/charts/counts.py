"""Charts of counts: the confusion matrix and the class mix before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from netft_site.base.charts.chart import Chart, color_by, compose, share_text

# The one that matters in the strongest colour: the second.
# Of all labels of an axis together; measured at the width of a card on a wide screen.
_LEVEL_CHARACTERS = 70
_MIX_COLOURS = ["token:chart-5", "token:chart-1", "token:chart-3"]


def confusion_matrix(
    labels: Sequence[str],
    counts: Sequence[Sequence[int]],
    *,
    truth: str = "Verdict",
    answer: str = "Model",
) -> Chart:
    """Draw a heat map of `counts[truth][answer]`, shaded by the share of each row.

    `labels` name rows and columns alike, most severe first.

    Raises
    ------
    ValueError
        If `counts` is not square over `labels`.
    """
    if [len(row) for row in counts] != [len(labels)] * len(labels):
        raise ValueError("counts must be square over the labels")
    rows = [
        (label, *(str(count) for count in row), str(sum(row)))
        for label, row in zip(labels, counts, strict=True)
    ]
    return compose(
        _heat_map(list(labels), counts, truth, answer),
        columns=(f"{truth} \\ {answer}", *labels, "All"),
        rows=rows,
        caption=(
            f"Rows: {truth.lower()}; columns: {answer.lower()}. Each cell gives the "
            "tickets and their share of the row; the diagonal is right."
        ),
        step=52,
    )


def _heat_map(
    labels: list[str], counts: Sequence[Sequence[int]], truth: str, answer: str
) -> list[Any]:
    levels = alt.Scale(domain=labels, paddingInner=0.04)
    top = alt.Axis(orient="top", labelAngle=0, grid=False)
    base = alt.Chart(alt.Data(values=_cells(labels, counts))).encode(
        x=alt.X("answer:N", title=answer, scale=levels, axis=top),
        y=alt.Y("truth:N", title=truth, scale=levels, axis=alt.Axis(grid=False)),
    )
    tooltip = [
        alt.Tooltip("truth:N", title=truth),
        alt.Tooltip("answer:N", title=answer),
        alt.Tooltip("count:Q", title="Tickets"),
        alt.Tooltip("share:Q", title="Share of row", format=".1%"),
    ]
    return [
        base.mark_rect(cornerRadius=3).encode(color=_shade(), tooltip=tooltip),
        base.mark_text(fontSize=14, fontWeight=600, dy=-6).encode(text="count:Q"),
        base.mark_text(fontSize=11, dy=10).encode(
            text=alt.Text("share:Q", format=".0%")
        ),
    ]


def _cells(labels: list[str], counts: Sequence[Sequence[int]]) -> list[dict[str, Any]]:
    return [
        {
            "truth": labels[i],
            "answer": labels[j],
            "count": count,
            "share": count / max(1, sum(row)),
        }
        for i, row in enumerate(counts)
        for j, count in enumerate(row)
    ]


def _shade() -> alt.Color:
    # Text keeps its contrast on every shade: the ramp stays light in light mode and
    # dark in dark mode.
    ramp = ["token:chart-ramp-low", "token:chart-ramp-high"]
    return alt.Color("share:Q", scale=alt.Scale(domain=[0, 1], range=ramp), legend=None)


def class_mix(labels: Sequence[str], mixes: Mapping[str, Mapping[str, int]]) -> Chart:
    """Draw the share of each class in two or three mixes, as bars side by side.

    `mixes` maps the name of a mix to its counts by label; a missing label counts zero.
    """
    rows = [
        (label, *(_count_text(label, mix) for mix in mixes.values()))
        for label in labels
    ]
    named = [f"{name.lower()} (n = {sum(mix.values())})" for name, mix in mixes.items()]
    return compose(
        [_paired_bars(list(labels), mixes)],
        columns=("Class", *mixes),
        rows=rows,
        caption=f"Share of each class, {', '.join(named[:-1])} and {named[-1]}.",
        height=220,
    )


def _angle(labels: Sequence[str]) -> int:
    """Level while the labels have room beside each other; else aslant."""
    return 0 if sum(map(len, labels)) <= _LEVEL_CHARACTERS else -30


def _paired_bars(labels: list[str], mixes: Mapping[str, Mapping[str, int]]) -> Any:
    names = list(mixes)
    classes = alt.Scale(domain=labels, paddingInner=0.3)
    percent = alt.Axis(format=".0%", tickCount=5)
    return (
        alt.Chart(alt.Data(values=_bars(labels, mixes)))
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            x=alt.X(
                "label:N",
                title=None,
                scale=classes,
                axis=alt.Axis(labelAngle=_angle(labels), grid=False),
            ),
            xOffset=alt.XOffset("mix:N", scale=alt.Scale(domain=names)),
            y=alt.Y("share:Q", title="Share", axis=percent),
            color=color_by("mix", names, _MIX_COLOURS[: len(names)]),
            tooltip=[
                alt.Tooltip("label:N", title="Class"),
                alt.Tooltip("mix:N", title="Mix"),
                alt.Tooltip("count:Q", title="Count"),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
            ],
        )
    )


def _bars(
    labels: list[str], mixes: Mapping[str, Mapping[str, int]]
) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "mix": name,
            "count": mix.get(label, 0),
            "share": _share(label, mix),
        }
        for name, mix in mixes.items()
        for label in labels
    ]


def _share(label: str, mix: Mapping[str, int]) -> float:
    return mix.get(label, 0) / max(1, sum(mix.values()))


def _count_text(label: str, mix: Mapping[str, int]) -> str:
    return f"{mix.get(label, 0)} ({share_text(_share(label, mix))})"
