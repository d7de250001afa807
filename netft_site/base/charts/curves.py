"""Curves over the steps of training: the losses of a run, a measure of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from netft_site.base.charts.chart import (
    DASH,
    Chart,
    Row,
    color_by,
    compose,
    vertical_rule,
)

_MOST_POINTS = 400


@dataclass(frozen=True)
class CurvePoint:
    """One reported value: of which curve, after which optimizer step."""

    series: str
    step: int
    value: float


def loss_curves(points: Sequence[CurvePoint], best_step: int | None = None) -> Chart:
    """Draw one line a series over the training steps, with a rule at the kept step.

    A curve of more than 400 points is thinned evenly, its last point kept; chart and
    table then show the same points.
    """
    names, shown = _shown(points)
    layers = [_lines(shown, names, "Loss")]
    if best_step is not None:
        layers.append(vertical_rule(best_step, "kept checkpoint", "d"))
    return compose(
        layers,
        columns=("Step", *names),
        rows=_rows(shown, names, best_step),
        caption=_caption(names, len(shown), len(points), best_step),
        height=260,
    )


def measure_curves(points: Sequence[CurvePoint], measure: str) -> Chart:
    """Draw one measure over the training steps, one line a run; thinned as losses."""
    names, shown = _shown(points)
    return compose(
        [_lines(shown, names, measure)],
        columns=("Step", *names),
        rows=_rows(shown, names, None),
        caption=f"{measure} by training step.",
        height=240,
    )


def _shown(points: Sequence[CurvePoint]) -> tuple[list[str], list[CurvePoint]]:
    """The curves' names in the order of their first points, and what is drawn."""
    names = list(dict.fromkeys(point.series for point in points))
    return names, [point for name in names for point in _thinned(points, name)]


def _thinned(points: Sequence[CurvePoint], series: str) -> list[CurvePoint]:
    curve = sorted((p for p in points if p.series == series), key=lambda p: p.step)
    if len(curve) <= _MOST_POINTS:
        return curve
    stride = -(-len(curve) // (_MOST_POINTS - 1))
    kept = curve[::stride]
    return kept if kept[-1] is curve[-1] else [*kept, curve[-1]]


def _lines(shown: Sequence[CurvePoint], names: list[str], measure: str) -> Any:
    data = [{"series": p.series, "step": p.step, "value": p.value} for p in shown]
    return (
        alt.Chart(alt.Data(values=data))
        .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=22))
        .encode(
            x=alt.X("step:Q", title="Step", axis=alt.Axis(format="d", tickMinStep=1)),
            y=alt.Y("value:Q", title=measure, scale=alt.Scale(zero=False)),
            color=color_by("series", names),
            shape=alt.Shape("series:N", title=None, scale=alt.Scale(domain=names)),
            tooltip=[
                alt.Tooltip("series:N", title="Curve"),
                alt.Tooltip("step:Q", title="Step"),
                alt.Tooltip("value:Q", title=measure, format=".4~g"),
            ],
        )
    )


def _rows(
    shown: Sequence[CurvePoint], names: list[str], best_step: int | None
) -> list[Row]:
    written = {(p.step, p.series): _number(p.value) for p in shown}
    return [
        (
            f"{step} (kept)" if step == best_step else str(step),
            *(written.get((step, name), DASH) for name in names),
        )
        for step in sorted({p.step for p in shown})
    ]


def _number(value: float) -> str:
    """Four decimals; what would vanish in them, such as a learning rate, as it is."""
    return f"{value:.4f}" if value == 0 or abs(value) >= 0.001 else f"{value:.2e}"


def _caption(names: list[str], shown: int, reported: int, best: int | None) -> str:
    parts = ["Loss by training step: " + ", ".join(name.lower() for name in names)]
    if shown < reported:
        parts.append(f"{shown} of {reported} reported points are shown")
    if best is not None:
        parts.append(f"the dashed line is the kept checkpoint, step {best}")
    return "; ".join(parts) + "."
