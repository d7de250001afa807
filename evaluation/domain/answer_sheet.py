"""Gold and systems' answers from CSV text, with clear refusals.

One row an item: its gold level, one column a system, and optionally the incident it
belongs to. Every cell must hold a level: an answer left out is a question for whoever
wrote the file, not something to guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from annotation.domain.label_file import (
    LabelsRefused,
    ScaleKind,
    Sheet,
    order_levels,
    read_sheet,
)
from evaluation.domain.answers import Answers

_OWN_COLUMNS = ("item", "gold", "cluster")


def read_answers(lines: Iterable[str], levels: Sequence[str] | None) -> Answers:
    """Read CSV with the columns item, gold, one a system, and perhaps cluster.

    Levels are ordered as `annotation.domain.label_file.order_levels` says; words
    without a known order are compared as categories.

    Raises
    ------
    LabelsRefused
        As `read_sheet` and `order_levels`; also no_system, repeated_item or
        missing_value.
    """
    sheet = read_sheet(lines, ("item", "gold"), {"item_id": "item"})
    names = [name for name in sheet.header if name not in _OWN_COLUMNS]
    if not names:
        raise LabelsRefused(
            "no_system", "There is no column beside item, gold and cluster to compare."
        )
    _check_cells(sheet)
    gold = sheet.column("gold")
    systems = {name: sheet.column(name) for name in names}
    used = set(gold).union(*systems.values())
    order = order_levels(used, ScaleKind.NOMINAL, levels)
    return Answers.from_labels(
        gold,
        systems,
        order.levels,
        reference="gold",
        values=order.values,
        clusters=sheet.column("cluster") if "cluster" in sheet.header else None,
        ordered=order.ordered,
    )


def _check_cells(sheet: Sheet) -> None:
    first_line: dict[str, int] = {}
    place = sheet.header.index("item")
    for line, row in zip(sheet.lines, sheet.rows, strict=True):
        for name, cell in zip(sheet.header, row, strict=True):
            if not cell:
                raise LabelsRefused(
                    "missing_value", f"Line {line} has nothing in column {name[:40]}."
                )
        earlier = first_line.setdefault(row[place], line)
        if earlier != line:
            raise LabelsRefused(
                "repeated_item", f"Lines {earlier} and {line} are the same item."
            )
