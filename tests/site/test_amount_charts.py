"""Amounts of money: what is drawn stands in the table, rounded only there."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from netft_site.base.charts import Amount, amounts
from netft_site.base.charts.amounts import money


def test_every_amount_drawn_stands_in_the_table():
    row = Amount("small", Decimal("21"), Decimal("16.86"), Decimal("22"), Decimal("28"))

    chart = amounts([row], measure="Cost a month", currency="USD")

    assert chart.rows == (("small", "21.00", "16.86", "22.00", "28.00"),)
    assert "Cost a month in USD" in chart.caption
    for value in ("16.86", "22.0", "28.0"):
        assert value in json.dumps(chart.spec)


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("0", "0.00"),
        ("15.375", "15.38"),
        ("-4.125", "-4.13"),
        ("1234567.891", "1,234,567.89"),
        ("0.00042", "0.00042"),
        ("0.05", "0.05"),
        ("0.0000004", "4e-7"),
    ],
)
def test_an_amount_is_written_so_that_it_is_not_lost(amount, written):
    assert money(Decimal(amount)) == written
