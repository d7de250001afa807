"""Labels and answers from CSV text, with clear refusals.

The statistics commands read their input here, so a missing column, an empty file or a
label outside the scale is refused with its row before anything is computed. Rows are
kept in file order. What the labels mean for a scale (their order, their numbers) is
decided here too; files and encodings are the door's affair.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from annotation.domain.ratings_table import LabelRow, RatingsTable
from annotation.domain.scale import DEFAULT_SCALE

# More distinct numbers than this are a measurement, not a scale: the matrix of
# distances between all pairs would no longer be reasonable.
_MOST_NUMBERS = 2000


class LabelsRefused(ValueError):
    """Input that is refused: `code` for programs, `message` for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class ScaleKind(StrEnum):
    """What the labels of a file are."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    INTERVAL = "interval"
    RATIO = "ratio"

    @property
    def is_numeric(self) -> bool:
        """Whether the labels are numbers that measure something."""
        return self in (ScaleKind.INTERVAL, ScaleKind.RATIO)


@dataclass(frozen=True)
class LevelOrder:
    """The levels of a file in order, and the number each stands for.

    `ordered` is False where the labels have no known order; `inferred` is True where
    the levels are those that occur in the file rather than given ones.
    """

    levels: tuple[str, ...]
    values: tuple[float, ...]
    ordered: bool
    inferred: bool


@dataclass(frozen=True)
class Sheet:
    """A CSV file as text: its header, its rows, and the line each row ends on."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]

    def column(self, name: str) -> list[str]:
        """The cells of one column, in file order."""
        place = self.header.index(name)
        return [row[place] for row in self.rows]


def read_sheet(
    lines: Iterable[str],
    required: Sequence[str],
    aliases: Mapping[str, str] | None = None,
) -> Sheet:
    """Read CSV text; cells are stripped and blank rows dropped.

    `aliases` maps other accepted column names to required ones.

    Raises
    ------
    LabelsRefused
        empty, missing_column, repeated_column, ragged_row or not_csv.
    """
    rows, places = _rows_with_lines(lines)
    if not rows:
        raise LabelsRefused("empty", "The file is empty.")
    header = _header(rows[0], required, aliases or {})
    for line, row in zip(places, rows, strict=True):
        if len(row) != len(header):
            raise LabelsRefused(
                "ragged_row",
                f"Line {line} has {len(row)} cells, the header has {len(header)}.",
            )
    if len(rows) == 1:
        raise LabelsRefused("empty", "The file has a header but no rows.")
    return Sheet(header, tuple(rows[1:]), tuple(places[1:]))


def _rows_with_lines(
    lines: Iterable[str],
) -> tuple[list[tuple[str, ...]], list[int]]:
    """The rows that hold anything, and the line that each ends on."""
    reader = csv.reader(lines, strict=True)
    rows: list[tuple[str, ...]] = []
    places: list[int] = []
    try:
        for cells in reader:
            row = tuple(cell.strip() for cell in cells)
            if any(row):
                rows.append(row)
                places.append(reader.line_num)
    except csv.Error as error:
        raise LabelsRefused(
            "not_csv", f"Line {reader.line_num} is not CSV: {error}."
        ) from error
    return rows, places


def _header(
    found: Sequence[str], required: Sequence[str], aliases: Mapping[str, str]
) -> tuple[str, ...]:
    plain = [name.lstrip("\ufeff") for name in found]
    header = tuple(
        aliases[name] if aliases.get(name) not in (None, *plain) else name
        for name in plain
    )
    missing = [name for name in required if name not in header]
    if missing:
        raise LabelsRefused(
            "missing_column",
            f"Column missing: {', '.join(missing)}. "
            f"Found: {', '.join(name[:40] for name in header[:20])}.",
        )
    if len(set(header)) != len(header):
        raise LabelsRefused("repeated_column", "A column name appears twice.")
    return header


def read_labels(lines: Iterable[str]) -> list[LabelRow]:
    """Read long-form CSV with the columns item, rater and label.

    The columns may also be called item_id and rater_id. Rows without a label are
    missing ratings and are left out.

    Raises
    ------
    LabelsRefused
        As `read_sheet`; also missing_value where an item or rater is empty, and empty
        where no row has a label.
    """
    aliases = {"item_id": "item", "rater_id": "rater"}
    sheet = read_sheet(lines, ("item", "rater", "label"), aliases)
    columns = (sheet.column(name) for name in ("item", "rater", "label"))
    labels: list[LabelRow] = []
    for line, (item, rater, label) in zip(
        sheet.lines, zip(*columns, strict=True), strict=True
    ):
        if not item or not rater:
            raise LabelsRefused("missing_value", f"Line {line} has no item or rater.")
        if label:
            labels.append((item, rater, label))
    if not labels:
        raise LabelsRefused("empty", "No row has a label.")
    return labels


def tabulate(
    rows: Sequence[LabelRow],
    kind: ScaleKind,
    given: Sequence[str] | None = None,
    *,
    keep_repeats: bool = False,
) -> tuple[RatingsTable, LevelOrder]:
    """Put label rows into a table, with the order of its levels.

    On a numeric scale 2 and 2.0 are one label.

    Raises
    ------
    LabelsRefused
        As `order_levels`.
    """
    if kind.is_numeric:
        rows = [(item, rater, _same_number(label)) for item, rater, label in rows]
    order = order_levels((label for _, _, label in rows), kind, given)
    table = RatingsTable.from_labels(
        rows, order.levels, values=order.values, keep_repeats=keep_repeats
    )
    return table, order


def _same_number(label: str) -> str:
    number = _number(label)
    return label if number is None else f"{number + 0.0:.15g}"


def order_levels(
    labels: Iterable[str], kind: ScaleKind, given: Sequence[str] | None
) -> LevelOrder:
    """Decide which levels there are, in which order, and what numbers they stand for.

    Given levels count, most severe first. Without them numbers sort by value, the four
    default severities have their order, and other words sort by name on a nominal
    scale. Where the order comes from numbers, the numbers also are the distances.

    Raises
    ------
    LabelsRefused
        not_a_number, unknown_level, bad_levels, too_many_levels or levels_needed.
    """
    used = set(labels)
    if kind.is_numeric:
        return _numeric_order(used)
    if given is not None:
        return _given_order(used, given)
    numbers = {label: _number(label) for label in used}
    if all(number is not None for number in numbers.values()):
        return _by_number(used)
    if used <= set(DEFAULT_SCALE.keys):
        return LevelOrder(DEFAULT_SCALE.keys, _positions(4), True, inferred=False)
    if kind is ScaleKind.ORDINAL:
        raise LabelsRefused(
            "levels_needed",
            "The order of these levels is not known: give --levels, most severe first. "
            f"Found: {_some(used)}.",
        )
    return LevelOrder(tuple(sorted(used)), _positions(len(used)), False, inferred=True)


def _given_order(used: set[str], given: Sequence[str]) -> LevelOrder:
    if len(set(given)) != len(given) or not all(given) or len(given) < 2:
        raise LabelsRefused("bad_levels", "--levels needs two or more different names.")
    unknown = used - set(given)
    if unknown:
        raise LabelsRefused(
            "unknown_level", f"Labels that are not in --levels: {_some(unknown)}."
        )
    return LevelOrder(tuple(given), _positions(len(given)), True, inferred=False)


def _numeric_order(used: set[str]) -> LevelOrder:
    wrong = {label for label in used if _number(label) is None}
    if wrong:
        raise LabelsRefused(
            "not_a_number",
            f"An interval or ratio scale needs numbers; found: {_some(wrong)}.",
        )
    return _by_number(used)


def _by_number(used: set[str]) -> LevelOrder:
    levels = tuple(sorted(used, key=lambda label: (float(label), label)))
    if len(levels) > _MOST_NUMBERS:
        raise LabelsRefused(
            "too_many_levels",
            f"{len(levels):,} different numbers; the most is {_MOST_NUMBERS:,}.",
        )
    return LevelOrder(levels, tuple(float(level) for level in levels), True, True)


def _positions(size: int) -> tuple[float, ...]:
    return tuple(float(position) for position in range(size))


def _number(label: str) -> float | None:
    try:
        number = float(label)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _some(labels: Iterable[str]) -> str:
    shown = sorted(labels)
    words = ", ".join(f"“{label[:40]}”" for label in shown[:5])
    return words if len(shown) <= 5 else f"{words} and {len(shown) - 5} more"
