"""The two charts of a run: losses by step, scores on DEV by epoch."""

from __future__ import annotations

from typing import Any

import altair as alt

from netft_site.base.charts import Chart, CurvePoint, loss_curves
from netft_site.base.charts.chart import DASH, color_by, compose
from training.services.curves import Point
from training.services.watching import RunView

_LOSSES = {
    "loss": "Batch",
    "dev_loss": "DEV",
    "train_loss": "Epoch mean",
}
_SCORES = {"dev_macro_f1": "Macro-F1", "dev_accuracy": "Accuracy"}


def loss_chart(view: RunView) -> Chart | None:
    """Losses by step, with a rule at the best step so far."""
    points = [
        CurvePoint(title, point.step, point.value)
        for name, title in _LOSSES.items()
        for point in view.curves.get(name, [])
    ]
    if not points:
        return None
    best = view.best_loss if view.run.writes else view.best_f1
    return loss_curves(points, best.step if best else None)


def score_chart(view: RunView) -> Chart | None:
    """Macro-F1 and accuracy on DEV after each epoch; epoch 0 is the frozen encoder."""
    curves = {
        title: view.curves[name]
        for name, title in _SCORES.items()
        if name in view.curves
    }
    epochs = {point.step: round(point.value) for point in view.curves.get("epoch", [])}
    if not curves or not epochs:
        return None
    return compose(
        [_lines(curves, epochs)],
        columns=("Epoch", *curves),
        rows=_rows(curves, epochs),
        caption="Scores on DEV after each epoch; epoch 0 is the frozen encoder.",
        height=260,
    )


def _lines(curves: dict[str, list[Point]], epochs: dict[int, int]) -> alt.Chart:
    names = list(curves)
    scores = [point.value for curve in curves.values() for point in curve]
    # Air above and below, so that a flat curve is not drawn on the frame.
    ends = [max(0.0, min(scores) - 0.05), min(1.0, max(scores) + 0.05)]
    whole = alt.Axis(format="d", tickMinStep=1)
    return (
        alt.Chart(alt.Data(values=_marks(curves, epochs)))
        .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=40))
        .encode(
            x=alt.X("epoch:Q", title="Epoch", axis=whole),
            y=alt.Y(
                "score:Q",
                title="Score",
                scale=alt.Scale(domain=ends, nice=True),
                axis=alt.Axis(format=".2f", tickCount=5),
            ),
            color=color_by("series", names, ["token:chart-3", "token:chart-5"]),
            shape=alt.Shape("series:N", title=None, scale=alt.Scale(domain=names)),
            tooltip=[
                alt.Tooltip("series:N", title="Curve"),
                alt.Tooltip("epoch:Q", title="Epoch"),
                alt.Tooltip("score:Q", title="Score", format=".3f"),
            ],
        )
    )


def _marks(
    curves: dict[str, list[Point]], epochs: dict[int, int]
) -> list[dict[str, Any]]:
    return [
        {"series": title, "epoch": epochs[point.step], "score": point.value}
        for title, curve in curves.items()
        for point in curve
        if point.step in epochs
    ]


def _rows(
    curves: dict[str, list[Point]], epochs: dict[int, int]
) -> list[tuple[str, ...]]:
    values = {
        (point.step, title): f"{point.value:.3f}"
        for title, curve in curves.items()
        for point in curve
    }
    return [
        (str(epoch), *(values.get((step, title), DASH) for title in curves))
        for step, epoch in sorted(epochs.items())
    ]
