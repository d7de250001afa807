"""Records as lines of a file: JSON Lines for programs, CSV for spreadsheets.

A spreadsheet runs a cell that begins like a formula, and ticket text is written by
strangers: such cells begin with an apostrophe in CSV (OWASP, CSV injection). JSON is
left as it is.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

OPENING = (
    "id", "external_id", "kind", "origin", "state", "title", "body", "category",
    "vendor", "device_type", "site", "opened_at", "attributes", "incident_key",
    "reviews_wanted",
)  # fmt: skip
LATER = ("thread", "resolution", "verdict", "reviews")
LEFT_OUT = "left_out"

_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def columns(*, with_later_facts: bool) -> tuple[str, ...]:
    """Return the columns of an export, in their order."""
    return (*OPENING, *(LATER if with_later_facts else ()), LEFT_OUT)


def json_line(row: Mapping[str, Any]) -> bytes:
    """Return one line of JSON Lines."""
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


def csv_line(values: Sequence[Any]) -> bytes:
    """Return one line of CSV (RFC 4180); lists and mappings are written as JSON."""
    line = io.StringIO()
    csv.writer(line).writerow([_cell(value) for value in values])
    return line.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, dict)):
        value = json.dumps(value, ensure_ascii=False) if value else ""
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA_SIGNS) else text
