"""Rows of a dataset as they are frozen, and the lines they stand on.

Lines are ASCII: a line separator, a lone surrogate or a control character inside a
text is written as a JSON escape and cannot end a line early. Copies are rows of their
own, marked as such. The bytes of a frozen line never change: old files stay readable
and their hashes hold, so a new field comes last and is left out where it is empty.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

SEVERITY = "severity"
"""The task of a row that names none."""
_COPY = "#copy"
COPY_ID = re.compile(rf"(?P<of>.+){_COPY}(?P<number>[1-9][0-9]{{0,8}})", re.DOTALL)
"""The id of a copy: that of its example, and its number."""
# Made once: `json.dumps` makes one anew for every line.
_encode = json.JSONEncoder(ensure_ascii=True, allow_nan=False).encode


class FormatError(ValueError):
    """An unknown format or task, or a line that is not what it should be."""


@dataclass(frozen=True)
class Row:
    """One example as it was frozen.

    id: the record's external id. text: title and body, what was known at opening.
    method, grade, gold, reviews: where the label comes from. group: tickets of one
    incident or near-duplicate cluster share it. answer: the ideal answer, if any.
    rejected: an answer to the same ticket that was judged worse, if any. task: what the
    row teaches. fields: what the words of the task need besides. record: the record's
    external id where the row's own id says more. cut: characters that the length policy
    took from the end of the text.
    """

    id: str
    text: str
    label: str
    split: str
    category: str = ""
    opened_at: str | None = None
    group: str = ""
    method: str = ""
    grade: str = ""
    gold: str = ""
    reviews: int = 0
    root_cause: str = ""
    answer: str = ""
    copy: int = 0
    copy_of: str | None = None
    rejected: str = ""
    task: str = SEVERITY
    fields: Mapping[str, Any] = field(default_factory=dict)
    record: str = ""
    cut: int = 0

    @property
    def record_id(self) -> str:
        """The external id of the record that the row, or what it copies, is of."""
        return self.record or self.copy_of or self.id

    def copied(self, number: int) -> Row:
        """The row again as copy `number`, counting from 1, with an id of its own."""
        return Row(
            **{
                **self.__dict__,
                "id": f"{self.id}{_COPY}{number}",
                "copy": number,
                "copy_of": self.id,
            }
        )


def rows_of(row: Row, copies: int) -> Iterator[Row]:
    """The row itself, then its copies; `copies` counts all of them."""
    yield row
    for number in range(1, copies):
        yield row.copied(number)


def frozen_form(row: Row) -> dict[str, Any]:
    """Every field that is not empty; id, text, label and split first.

    The task is left out where it is severity, the usual one.
    """
    named = {"id": row.id, "text": row.text, "label": row.label, "split": row.split}
    rest = {k: v for k, v in row.__dict__.items() if k not in named and v}
    if row.task == SEVERITY:
        del rest["task"]
    return {**named, **rest}


def encode_line(payload: Mapping[str, Any]) -> bytes:
    """One ASCII line with its newline; equal payloads give equal bytes."""
    return _encode(payload).encode() + b"\n"


def read_row(line: bytes | str) -> Row:
    """Read a line of a frozen file. Raises FormatError."""
    try:
        return Row(**json.loads(line))
    except (ValueError, TypeError) as error:
        raise FormatError("a line is no row of a dataset") from error
