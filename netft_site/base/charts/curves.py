"""Loss curves of a training run."""

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
    """One reported loss: which curve, after which optimizer step, which value."""

    series: str
    step: int
    loss: float


def loss_curves(points: Sequence[CurvePoint], best_step: int | None = None) -> Chart:
    """Draw one line a series over the training steps, with a rule at the kept step.

    A curve of more than 400 points is thinned evenly, its last point kept; chart and
    table then show the same points.
    """
    names = list(dict.fromkeys(point.series for point in points))
    shown = [point for name in names for point in _thinned(points, name)]
    layers = [_lines(shown, names)]
    if best_step is not None:
        layers.append(vertical_rule(best_step, "kept checkpoint", "d"))
    return compose(
        layers,
        columns=("Step", *names),
        rows=_rows(shown, names, best_step),
        caption=_caption(names, len(shown), len(points), best_step),
        height=260,
    )


def _thinned(points: Sequence[CurvePoint], series: str) -> list[CurvePoint]:
    curve = sorted((p for p in points if p.series == series), key=lambda p: p.step)
    if len(curve) <= _MOST_POINTS:
        return curve
    stride = -(-len(curve) // (_MOST_POINTS - 1))
    kept = curve[::stride]
    return kept if kept[-1] is curve[-1] else [*kept, curve[-1]]


def _lines(shown: Sequence[CurvePoint], names: list[str]) -> Any:
    data = [{"series": p.series, "step": p.step, "loss": p.loss} for p in shown]
    return (
        alt.Chart(alt.Data(values=data))
        .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=22))
        .encode(
            x=alt.X("step:Q", title="Step", axis=alt.Axis(format="d", tickMinStep=1)),
            y=alt.Y("loss:Q", title="Loss", scale=alt.Scale(zero=False)),
            color=color_by("series", names),
            shape=alt.Shape("series:N", title=None, scale=alt.Scale(domain=names)),
            tooltip=[
                alt.Tooltip("series:N", title="Curve"),
                alt.Tooltip("step:Q", title="Step"),
                alt.Tooltip("loss:Q", title="Loss", format=".4f"),
            ],
        )
    )


def _rows(
    shown: Sequence[CurvePoint], names: list[str], best_step: int | None
) -> list[Row]:
    loss = {(p.step, p.series): f"{p.loss:.4f}" for p in shown}
    return [
        (
            f"{step} (kept)" if step == best_step else str(step),
            *(loss.get((step, name), DASH) for name in names),
        )
        for step in sorted({p.step for p in shown})
    ]


def _caption(names: list[str], shown: int, reported: int, best: int | None) -> str:
    parts = ["Loss by training step: " + ", ".join(name.lower() for name in names)]
    if shown < reported:
        parts.append(f"{shown} of {reported} reported points are shown")
    if best is not None:
        parts.append(f"the dashed line is the kept checkpoint, step {best}")
    return "; ".join(parts) + "."
