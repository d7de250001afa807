"""Published tables with reference values, read from beside the repository."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annotation.domain.ratings_table import RatingsTable

SHARED = Path(__file__).resolve().parents[1] / ".." / "shared"
_CASES = SHARED / "golden" / "agreement.json"


@cache
def cases() -> dict[str, dict[str, Any]]:
    """The golden cases by id; empty where the file is not there."""
    if not _CASES.is_file():
        return {}
    return {case["id"]: case for case in json.loads(_CASES.read_text())["cases"]}


def case(name: str) -> dict[str, Any]:
    """One golden case; skips the test where the file is not there."""
    if not cases():
        pytest.skip("the golden cases are not beside this checkout")
    return cases()[name]


def expectations(names: Any) -> list[Any]:
    """Parameters (case id, metric) of all cases whose metric `names` accepts."""
    found = [
        pytest.param(name, metric, id=f"{name}-{metric}")
        for name, content in cases().items()
        for metric in content["expected"]
        if names(content, metric)
    ]
    reason = "the golden cases are not beside this checkout"
    return found or [pytest.param("", "", marks=pytest.mark.skip(reason=reason))]


def matrix(content: dict[str, Any]) -> list[list[Any]]:
    """Items x raters of a case, whatever form it is printed in."""
    data = content["data"]
    if content["data_kind"] == "counts":
        return [[k for k, n in enumerate(row) for _ in range(n)] for row in data]
    if content["data_kind"] == "table":
        return [
            [i, j]
            for i, row in enumerate(data)
            for j, n in enumerate(row)
            for _ in range(n)
        ]
    return data


def ratings(content: dict[str, Any]) -> RatingsTable:
    """A case as a table whose level values are the printed numbers."""
    rows = matrix(content)
    values = sorted({value for row in rows for value in row if value is not None})
    return RatingsTable.from_matrix(
        [[None if value is None else str(value) for value in row] for row in rows],
        [str(value) for value in values],
        values=values,
    )


def cross_table(content: dict[str, Any]) -> np.ndarray:
    """A printed square table as an array of counts."""
    return np.array(content["data"], dtype=float)


def data_rows(folder: str, name: str = "labels.csv") -> list[dict[str, str]]:
    """Rows of a third-party CSV; skips the test where it is not there."""
    path = SHARED / "data" / folder / name
    if not path.is_file():
        pytest.skip(f"{folder} is not beside this checkout")
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def reference_values(folder: str, name: str = "REFERENCE_VALUES.json") -> Any:
    """Reference values that come with a third-party data set."""
    path = SHARED / "data" / folder / name
    if not path.is_file():
        pytest.skip(f"{folder} is not beside this checkout")
    return json.loads(path.read_text())
