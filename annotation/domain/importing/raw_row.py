"""The row that every parser yields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as it stands in the file.

    `number` counts as people do: in tables the header is row 1, in JSON the first
    object is 1, in JSON Lines it is the line. Where `problem` is set the row cannot be
    read and `cells` is empty.
    """

    number: int
    cells: Mapping[str, Any]
    problem: str = ""
