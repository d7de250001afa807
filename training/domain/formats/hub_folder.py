"""A folder that `datasets.load_dataset` opens: one file a split, and a dataset card.

Every row has every column, so that the columns' types do not depend on the first row.
Its reader takes no lone surrogates; they become U+FFFD, the only change of a text.
The card says what is in the folder and leaves the license to the team.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from training.domain.recipe import Split
from training.domain.rows import SEVERITY, Row

CARD = "README.md"
TEXT_COLUMNS = (
    "id", "task", "text", "category", "opened_at", "answer", "rejected", "fields",
    "copy_of",
)  # fmt: skip

# The hub's own name for the split that a model is chosen on.
_NAMES = {Split.DEV: "validation"}
# The hub's size classes: names and upper bounds in rows.
_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)

_ABOUT = (
    "Trouble tickets of a network-operations team with their severity, judged from "
    "what was known when the ticket was opened. Names, addresses and secrets are "
    "replaced."
)
_SINGLE_SOURCE = "The labels come from one system; nobody checked them."
_REVIEWED = (
    "The labels are verdicts of network engineers; where `id` names a review, that of "
    "one engineer. Rows of calibration and test are adjudicated, unanimous or "
    "confirmed."
)
_ABOUT_COPIES = (
    "A row with `copy_of` repeats the row of that id. The license is the team's "
    "decision: add `license` to the header of this card before you share it."
)


def columns_of(row: Row) -> dict[str, Any]:
    """The columns of a row; what is unknown is an empty text, `fields` is JSON."""
    columns = {
        "id": row.id,
        "task": row.task,
        "text": row.text,
        "label": row.label,
        "category": row.category,
        "opened_at": row.opened_at or "",
        "answer": row.answer,
        "rejected": row.rejected,
        "fields": json.dumps(row.fields) if row.fields else "",
        "copy_of": row.copy_of or "",
    }
    return {name: _without_surrogates(text) for name, text in columns.items()}


def file_of(split: Split) -> str:
    """The path of a split inside the folder."""
    return f"data/{name_of(split)}.jsonl"


def name_of(split: Split) -> str:
    """What the split is called inside the folder."""
    return _NAMES.get(split, split.value.lower())


def card(
    *,
    reference: str,
    sha256: str,
    levels: Sequence[Mapping[str, str]],
    rows: Mapping[Split, int],
    is_single_source: bool,
    tasks: Sequence[str] = (SEVERITY,),
) -> str:
    """The dataset card. `levels` hold key and meaning, `rows` the count of a split."""
    filled = {split: count for split, count in rows.items() if count}
    return "\n".join(
        [
            *_header(filled, [level["key"] for level in levels], tasks),
            "",
            f"# {reference}",
            "",
            _ABOUT,
            *_tasks_words(tasks),
            "",
            _SINGLE_SOURCE if is_single_source else _REVIEWED,
            "",
            *_tables(levels, filled),
            "",
            _ABOUT_COPIES,
            "",
            f"The frozen dataset's sha256 is `{sha256}`.",
            "",
        ]
    )


def _tables(
    levels: Sequence[Mapping[str, str]], rows: Mapping[Split, int]
) -> list[str]:
    return [
        "| level | meaning |",
        "|---|---|",
        *(f"| {_cell(one['key'])} | {_cell(one['meaning'])} |" for one in levels),
        "",
        "| split | rows |",
        "|---|---|",
        *(f"| {name_of(split)} | {count} |" for split, count in rows.items()),
    ]


def _header(
    rows: Mapping[Split, int], labels: Sequence[str], tasks: Sequence[str]
) -> list[str]:
    is_classification = list(tasks) == [SEVERITY]
    files = [
        line
        for split in rows
        for line in (f"  - split: {name_of(split)}", f"    path: {file_of(split)}")
    ]
    return [
        "---",
        "task_categories:",
        "- text-classification" if is_classification else "- text-generation",
        "size_categories:",
        f"- {_size(sum(rows.values()))}",
        "configs:",
        "- config_name: default",
        "  data_files:",
        *files,
        "dataset_info:",
        "  features:",
        *_features(labels if is_classification else None),
        "---",
    ]


def _features(labels: Sequence[str] | None) -> list[str]:
    """The columns with their types; the label is a class where it has names."""
    texts = [
        line
        for name in TEXT_COLUMNS
        for line in (f"  - name: {name}", "    dtype: string")
    ]
    if labels is None:
        # Rows of other tasks have no level, which a class label cannot say.
        return [*texts, "  - name: label", "    dtype: string"]
    # JSON strings are YAML strings; a label such as `no` or `1` stays a text.
    classes = [f"          '{i}': {json.dumps(key)}" for i, key in enumerate(labels)]
    label = ["  - name: label", "    dtype:", "      class_label:", "        names:"]
    return [*texts, *label, *classes]


def _tasks_words(tasks: Sequence[str]) -> list[str]:
    if list(tasks) == [SEVERITY]:
        return []
    return ["", f"What the rows teach is in `task`: {', '.join(sorted(tasks))}."]


def _size(rows: int) -> str:
    return next((name for limit, name in _SIZES if rows < limit), "n>10M")


def _cell(text: str) -> str:
    """The text inside a cell of a table, on one line."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|")


def _without_surrogates(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
