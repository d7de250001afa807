"""Charts: valid specifications without colours, and tables with the same numbers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import altair as alt
import pytest
from django.template.loader import render_to_string

from netft_site.base.charts import (
    Chart,
    CurvePoint,
    SliceFigure,
    accuracy_with_intervals,
    class_mix,
    confusion_matrix,
    loss_curves,
    slices,
)

LEVELS = ["Critical", "High", "Low"]
TOKENS = Path(__file__).parents[2] / "netft_site/static/netft/tokens.css"


def figure(value: float, low: float, high: float, n: int = 100) -> dict[str, Any]:
    return {
        "value": value,
        "ci": [low, high],
        "n": n,
        "method": "Wilson",
        "reference": "verdict",
    }


UNDEFINED = {"value": None, "reason": "no overlap", "n": 3}


def every_chart() -> list[Chart]:
    return [
        loss_curves([CurvePoint("Training", 1, 0.9), CurvePoint("Dev", 2, 0.8)], 2),
        confusion_matrix(LEVELS, [[5, 1, 0], [2, 8, 1], [0, 0, 0]]),
        accuracy_with_intervals(
            [("base", figure(0.6, 0.5, 0.7)), ("judge", UNDEFINED)],
            ceiling=figure(0.8, 0.7, 0.9),
        ),
        accuracy_with_intervals([("base", UNDEFINED)], ceiling=UNDEFINED),
        class_mix(
            LEVELS,
            {"Before": {"Critical": 1, "Low": 9}, "After": {"Critical": 5, "Low": 9}},
        ),
        slices([SliceFigure("wifi", "v1", figure(0.5, 0.4, 0.6, 45))], overall=0.7),
        slices(
            [
                SliceFigure("wifi", "v1", figure(0.5, 0.4, 0.6)),
                SliceFigure("wifi", "v2", UNDEFINED),
            ]
        ),
    ]


def data_of(chart: Chart, field: str) -> list[dict[str, Any]]:
    """Return the drawn rows that hold `field`; shared data stand on top."""
    owners = [chart.spec, *chart.spec["layer"]]
    rows = [row for owner in owners for row in owner.get("data", {}).get("values", [])]
    return [row for row in rows if field in row]


@pytest.mark.parametrize("chart", every_chart())
def test_a_specification_is_valid_json_and_valid_vega_lite(chart: Chart):
    text = json.dumps(chart.spec, allow_nan=False)

    alt.LayerChart.from_dict(json.loads(text), validate=True)
    assert chart.spec["$schema"].endswith("/v6.4.1.json")
    assert chart.spec["width"] == "container"


@pytest.mark.parametrize("chart", every_chart())
def test_a_colour_is_a_token_that_the_stylesheet_knows(chart: Chart):
    text = json.dumps(chart.spec)
    known = set(re.findall(r"^\s*--([a-z0-9-]+):", TOKENS.read_text(), re.M))

    used = set(re.findall(r"token:([a-z0-9-]+)", text))

    assert not re.search(r'"#[0-9a-f]{3,8}"', text, re.I)
    assert used
    assert used <= known


@pytest.mark.parametrize("chart", every_chart())
def test_every_row_of_the_table_has_every_column(chart: Chart):
    assert chart.rows
    assert {len(row) for row in chart.rows} == {len(chart.columns)}
    assert chart.caption


def test_the_table_says_what_the_dots_show():
    chart = accuracy_with_intervals(
        [("base", figure(0.6, 0.5, 0.7))], ceiling=figure(0.84, 0.79, 0.88, 182)
    )

    assert chart.rows == (
        ("base", "60.0%", "50.0% to 70.0%", "100", "Wilson"),
        ("Human ceiling", "84.0%", "79.0% to 88.0%", "182", "Wilson"),
    )
    assert {row["value"] for row in data_of(chart, "system")} == {0.6}
    assert "ceiling" in chart.caption


def test_an_undefined_figure_is_named_and_not_drawn_as_zero():
    chart = accuracy_with_intervals([("a", figure(0.6, 0.5, 0.7)), ("b", UNDEFINED)])

    dots = [layer for layer in chart.spec["layer"] if layer["mark"]["type"] == "point"]
    assert [row["system"] for row in dots[0]["data"]["values"]] == ["a"]
    assert chart.rows[1] == ("b", "not defined", "–", "3", "no overlap")
    assert "ceiling" not in chart.caption


@pytest.mark.parametrize(
    ("low", "high", "domain"),
    [(0.5, 0.7, [0.4, 0.8]), (0.0, 1.0, [0.0, 1.0]), (0.98, 0.99, [0.9, 1.0])],
)
def test_the_scale_holds_every_interval(low: float, high: float, domain: list[float]):
    chart = accuracy_with_intervals([("a", figure((low + high) / 2, low, high))])

    scales = [layer["encoding"]["x"]["scale"] for layer in chart.spec["layer"]]
    assert [scale["domain"] for scale in scales] == [domain, domain]


def test_the_confusion_matrix_keeps_counts_shares_and_totals():
    chart = confusion_matrix(LEVELS, [[5, 1, 0], [2, 8, 0], [0, 0, 0]])

    assert chart.rows[0] == ("Critical", "5", "1", "0", "6")
    cell = next(r for r in data_of(chart, "share") if r["answer"] == "High")
    assert cell == {"truth": "Critical", "answer": "High", "count": 1, "share": 1 / 6}
    assert all(r["share"] == 0 for r in data_of(chart, "share") if r["truth"] == "Low")


def test_a_matrix_that_is_not_square_is_refused():
    with pytest.raises(ValueError, match="square"):
        confusion_matrix(LEVELS, [[1, 2, 3], [4, 5, 6]])


@pytest.mark.parametrize(("count", "angle"), [(4, 0), (10, -30)])
def test_labels_of_a_mix_are_level_only_while_they_have_room(count, angle):
    vendors = [f"Vendor {n} OS" for n in range(count)]

    chart = class_mix(vendors, {"A": {vendors[0]: 1}, "B": {vendors[0]: 1}})

    axis = chart.spec["layer"][0]["encoding"]["x"]["axis"]
    assert axis["labelAngle"] == angle


def test_the_class_mix_gives_counts_and_shares_of_both_sides():
    chart = class_mix(
        LEVELS,
        {"Before": {"Critical": 1, "Low": 3}, "After": {"Critical": 3, "Low": 3}},
    )

    assert chart.rows == (
        ("Critical", "1 (25.0%)", "3 (50.0%)"),
        ("High", "0 (0.0%)", "0 (0.0%)"),
        ("Low", "3 (75.0%)", "3 (50.0%)"),
    )


def test_a_long_curve_is_thinned_evenly_and_says_so():
    points = [CurvePoint("Training", step, 1 / step) for step in range(1, 10_001)]

    chart = loss_curves(points)

    shown = data_of(chart, "value")
    assert 200 < len(shown) <= 400
    assert (shown[0]["step"], shown[-1]["step"]) == (1, 10_000)
    assert len(chart.rows) == len(shown)
    assert f"{len(shown)} of 10000 reported points" in chart.caption


def test_curves_share_the_rows_of_their_steps():
    points = [
        CurvePoint("Training", 1, 0.9),
        CurvePoint("Training", 2, 0.8),
        CurvePoint("Dev", 2, 0.85),
    ]

    chart = loss_curves(points, best_step=2)

    assert chart.columns == ("Step", "Training", "Dev")
    assert chart.rows == (("1", "0.9000", "–"), ("2 (kept)", "0.8000", "0.8500"))


def test_numbers_lean_right_and_words_left():
    chart = accuracy_with_intervals([("base", figure(0.6, 0.5, 0.7))])

    assert [cell.is_number for cell in chart.head] == [False, True, True, True, False]


def test_the_figure_on_a_page_has_the_table_and_no_way_out_of_its_script():
    chart = class_mix(["</script><b>"], {"Before": {"</script><b>": 1}, "After": {}})

    html = render_to_string("netft/chart.html", {"chart": chart, "chart_id": "mix"})

    assert html.count("</script>") == 1
    assert 'id="mix-spec"' in html
    assert 'data-spec-id="mix-spec"' in html
    assert "<details open>" in html
    assert "&lt;/script&gt;&lt;b&gt;" in html
