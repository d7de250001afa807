"""What every chart shares: its shape, its size, its colours and its words.

Colours are names of design tokens (`token:chart-1`); the browser resolves them, so a
drawing follows the theme. The width is the page's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import altair as alt
from altair.utils import schemapi

# A page does not prove its drawings against the schema of Vega-Lite at every request,
# which takes longer than all else on it: the tests do, chart by chart.
schemapi.disable_debug_mode()

# The public shape of a figure: {"value", "ci": [lo, hi], "n", "method", "reference"};
# an undefined one has a null value and a "reason".
Figure = Mapping[str, Any]
Row = tuple[str, ...]

DASH = "–"
_SERIES = [f"token:chart-{number}" for number in range(1, 6)]


@dataclass(frozen=True)
class Cell:
    """One cell of a chart's table; numbers lean right."""

    text: str
    is_number: bool


@dataclass(frozen=True)
class Chart:
    """A drawing, its caption, and the table that carries the same numbers."""

    spec: dict[str, Any]
    columns: Row
    rows: tuple[Row, ...]
    caption: str

    @property
    def head(self) -> tuple[Cell, ...]:
        """The header cells, leaning as their columns do."""
        return self._cells(self.columns)

    @property
    def body(self) -> tuple[tuple[Cell, ...], ...]:
        """The table's cells; the first of each row names it."""
        return tuple(self._cells(row) for row in self.rows)

    def _cells(self, row: Row) -> tuple[Cell, ...]:
        return tuple(
            Cell(text, is_number and place > 0)
            for place, (text, is_number) in enumerate(
                zip(row, self._numeric_columns, strict=True)
            )
        )

    @cached_property
    def _numeric_columns(self) -> tuple[bool, ...]:
        columns = list(zip(*self.rows, strict=True)) or [() for _ in self.columns]
        return tuple(
            all(cell == DASH or cell[:1].isdigit() for cell in column)
            for column in columns
        )


def compose(
    layers: Sequence[Any],
    *,
    columns: Row,
    rows: Sequence[Row],
    caption: str,
    height: int | None = None,
    step: int | None = None,
) -> Chart:
    """Lay `layers` over one another, as wide as the page allows.

    `height` is in pixels, or `step` gives the pixels of each row of a nominal axis.
    """
    drawing = alt.layer(*layers).properties(
        width="container",
        height=alt.Step(step=step, **{"for": "position"})
        if step is not None
        else height,
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        description=caption,
    )
    spec: dict[str, Any] = drawing.to_dict(validate=False)
    # The browser supplies the configuration from the tokens.
    spec.pop("config", None)
    return Chart(spec, columns, tuple(rows), caption)


def color_by(field: str, domain: list[str], tokens: list[str] | None = None) -> Any:
    """Colour by a nominal field, in the order of `domain`, with a legend on top."""
    colors = tokens or [_SERIES[i % len(_SERIES)] for i in range(len(domain))]
    return alt.Color(
        f"{field}:N",
        title=None,
        scale=alt.Scale(domain=domain, range=colors),
        legend=alt.Legend(orient="top"),
    )


def vertical_rule(
    at: float, text: str, number_format: str, scale: Any = alt.Undefined
) -> Any:
    """Draw a dashed reference line across the chart; `text` shows on hover."""
    return (
        alt.Chart(alt.Data(values=[{"at": at, "what": text}]))
        .mark_rule(color="token:ink-3", strokeDash=[4, 3], strokeWidth=1.5)
        .encode(
            x=alt.X("at:Q", scale=scale),
            tooltip=[
                alt.Tooltip("what:N", title="Line"),
                alt.Tooltip("at:Q", title="At", format=number_format),
            ],
        )
    )


def share_text(value: float) -> str:
    """Write a share as a percentage with one decimal."""
    return f"{value:.1%}"
