"""The drawings of the comparison page, made from the public shape."""

from __future__ import annotations

from typing import Any

from evaluation.domain.slices import Evidence
from netft_site.base import charts


def comparison_charts(arranged: dict[str, Any]) -> dict[str, charts.Chart | None]:
    """Draw accuracy, people and systems, slices, and the confusion matrix."""
    systems = arranged["systems"]
    return {
        "accuracy_chart": charts.accuracy_with_intervals(
            [(one["label"], one["figures"]["accuracy"]) for one in systems],
            measure="Accuracy against gold",
        ),
        "peers_chart": _peers(arranged["people"]),
        "slices_chart": _slices(arranged),
        "confusion_chart": charts.confusion_matrix(
            [level for level, _ in arranged["confusion"]],
            [counts for _, counts in arranged["confusion"]],
            truth="Gold",
        ),
    }


def _peers(people: dict[str, Any] | None) -> charts.Chart | None:
    """Every system against the same peers as the people themselves."""
    if people is None or people["humans"]["value"] is None:
        return None
    return charts.accuracy_with_intervals(
        [(one["label"], one["system"]) for one in people["rows"]],
        ceiling=people["humans"],
        measure="Agreement with peers",
    )


def _slices(arranged: dict[str, Any]) -> charts.Chart | None:
    focus = arranged["focus"]["name"]
    overall = arranged["comparison"]["systems"][focus]["accuracy"]["value"]
    figures = [
        charts.SliceFigure(
            f"{found['dimension']}: {found['value']}",
            arranged["focus"]["label"],
            found["accuracy"],
        )
        for found in arranged["slices"]
        if found["evidence"] != Evidence.LIST_ONLY
    ]
    return charts.slices(figures, overall=overall) if figures else None
