"""The tables that the demo prints at its stations, made from a comparison."""

from __future__ import annotations

from evaluation.domain.slices import LEAST_FOR_A_RATE
from evaluation.services.reporting import Comparison

SYSTEM_HEADERS = ("system", "accuracy", "95 % interval", "macro-F1", "against peers")
PAIR_HEADERS = ("a", "b", "wins", "losses", "difference", "95 % interval", "verdict")


def system_rows(comparison: Comparison) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for model in comparison.models:
        score = comparison.report.systems[model.name]
        peers = comparison.ceilings[model.name].system
        rows.append(
            (
                model.name,
                score.accuracy.value,
                _interval(score.accuracy.ci),
                score.macro_f1.value,
                peers.value if peers else None,
            )
        )
    humans = comparison.ceilings[comparison.focus].humans
    rows.append(("engineers, leave one out", None, "", None, humans.value))
    return rows


def pair_rows(comparison: Comparison) -> list[tuple[object, ...]]:
    """The newest model against every other."""
    return [
        (
            pair.a,
            pair.b,
            pair.wins,
            pair.losses,
            pair.difference.value,
            _interval(pair.difference.ci),
            pair.verdict.value,
        )
        for pair in comparison.report.pairs
        if pair.b == comparison.focus
    ]


SLICE_HEADERS = ("slice", "n", "accuracy", "95 % interval", "evidence")


def slice_rows(comparison: Comparison) -> list[tuple[object, ...]]:
    """The newest model's slices that are large enough for a rate, weakest first."""
    return [
        (
            f"{found.dimension} {found.value}",
            found.n,
            found.accuracy.value,
            _interval(found.accuracy.ci),
            "weak" if found.is_weak else found.evidence.value,
        )
        for found in comparison.slices[comparison.focus]
        if found.n >= LEAST_FOR_A_RATE
    ]


def _interval(ci: tuple[float, float] | None) -> str:
    return "" if ci is None else f"[{ci[0]:.3f}, {ci[1]:.3f}]"
