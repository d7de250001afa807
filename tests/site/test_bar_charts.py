"""Bars and signed figures: every number drawn stands in the table."""

from __future__ import annotations

import json
from datetime import date, timedelta

from netft_site.base.charts import distribution, signed_figures, stacked_days

DAYS = [date(2026, 3, 1) + timedelta(days=n) for n in range(3)]


def test_a_day_is_a_row_newest_first_and_empty_days_are_left_out():
    chart = stacked_days(DAYS, {"anna": [1, 0, 2], "bela": [4, 0, 0]}, what="Answers")

    assert chart.columns == ("Day", "bela", "anna", "All")
    assert chart.rows == (
        ("Tue 03 Mar", "0", "2", "2"),
        ("Sun 01 Mar", "4", "1", "5"),
    )


def test_many_series_are_drawn_as_four_and_others():
    many = {f"p{n}": [n, 0, 1] for n in range(8)}

    chart = stacked_days(DAYS, many, what="Answers")

    values = chart.spec["data"]["values"]
    assert {row["who"] for row in values} == {"p7", "p6", "p5", "p4", "others"}
    assert sum(row["count"] for row in values) == sum(map(sum, many.values()))
    assert len(chart.columns) == 10


def test_a_distribution_adds_up_to_its_n():
    chart = distribution([("0-5 s", 3), ("5-10 s", 1)], what="Active time")

    assert "n = 4" in chart.caption
    assert chart.rows == (("0-5 s", "3", "75.0%"), ("5-10 s", "1", "25.0%"))
    assert distribution([("0-5 s", 0)], what="Active time").rows[0][2] == "0.0%"


def test_signed_figures_keep_what_is_not_defined_in_the_table():
    known = {"value": 0.3, "ci": [0.1, 0.5], "n": 40}
    unknown = {"value": None, "ci": None, "n": 3, "reason": "Too few answers to say."}

    chart = signed_figures(
        [("anna", known), ("bela", unknown)], measure="Lean", first="Who", zero="peers"
    )

    assert chart.rows[0] == ("anna", "+0.30", "+0.10 to +0.50", "40", "")
    assert chart.rows[1] == ("bela", "–", "–", "3", "Too few answers to say.")
    assert "bela" not in json.dumps(chart.spec)
