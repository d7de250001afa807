"""Rows of a dataset, and the forms they are written in.

The frozen files hold `classification` rows, one JSON object a line, with everything
the other forms need; an export reads those files and never the database. Lines are
ASCII: a line separator, a lone surrogate or a control character inside a text cannot
end a line early. Copies are rows of their own, marked as such.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.domain.scale import Scale

TEMPLATE_VERSION = "1"
VERDICT_LINE = "Severity: "


class FormatError(ValueError):
    """An unknown format, or a line that is no row of a dataset."""


@dataclass(frozen=True)
class Row:
    """One example as it was frozen.

    id: the record's external id. text: title and body, what was known at opening.
    method, grade, gold, reviews: where the label comes from. group: tickets of one
    incident or near-duplicate cluster share it. answer: the ideal answer, if any.
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

    def copied(self, number: int) -> Row:
        """The row again as copy `number`, counting from 1, with an id of its own."""
        return Row(
            **{
                **self.__dict__,
                "id": f"{self.id}#copy{number}",
                "copy": number,
                "copy_of": self.id,
            }
        )


def rows_of(row: Row, copies: int) -> Iterator[Row]:
    """The row itself, then its copies; `copies` counts all of them."""
    yield row
    for number in range(1, copies):
        yield row.copied(number)


def to_classification(row: Row, scale: Scale) -> dict[str, Any]:
    """The frozen form: every field that is not empty, id, text and label first."""
    named = {"id": row.id, "text": row.text, "label": row.label, "split": row.split}
    rest = {k: v for k, v in row.__dict__.items() if k not in named and v}
    return {**named, **rest}


def to_openai_chat(row: Row, scale: Scale) -> dict[str, Any]:
    """System, user and assistant turns of OpenAI's chat fine-tuning.

    Nothing but `messages`: providers refuse keys they do not know.
    """
    answer = f"{VERDICT_LINE}{row.label}"
    if row.answer:
        answer = f"{answer}\n\n{row.answer}"
    return {
        "messages": [
            {"role": "system", "content": system_prompt(scale)},
            {"role": "user", "content": row.text},
            {"role": "assistant", "content": answer},
        ]
    }


def system_prompt(scale: Scale) -> str:
    """What the model is told: the task and the project's levels with their meaning."""
    lines = [
        f"- {level.key}: {level.meaning or level.label}".rstrip() for level in scale
    ]
    return "\n".join(
        [
            "You triage trouble tickets of a network-operations team.",
            "Judge the severity of the ticket from what was known when it was opened.",
            "The levels, most severe first:",
            *lines,
            f'Answer with a first line "{VERDICT_LINE}<level>". After an empty line '
            "you may add the answer for the engineer on duty.",
        ]
    )


FORMATS: Mapping[str, Callable[[Row, Scale], dict[str, Any]]] = {
    "classification": to_classification,
    "openai_chat": to_openai_chat,
}


def convert(row: Row, format_name: str, scale: Scale) -> dict[str, Any]:
    """The row in a format. Raises FormatError where there is no such format."""
    if format_name not in FORMATS:
        known = ", ".join(FORMATS)
        raise FormatError(f"unknown format {format_name!r}; known formats: {known}")
    return FORMATS[format_name](row, scale)


def encode_line(payload: Mapping[str, Any]) -> bytes:
    """One ASCII line with its newline; equal payloads give equal bytes."""
    return json.dumps(payload, ensure_ascii=True, allow_nan=False).encode() + b"\n"


def read_row(line: bytes | str) -> Row:
    """Read a line of a frozen file. Raises FormatError."""
    try:
        data = json.loads(line)
        return Row(**data)
    except (ValueError, TypeError) as error:
        raise FormatError("a line is no row of a dataset") from error


def encode_rows(rows: Sequence[Row], format_name: str, scale: Scale) -> bytes:
    """Some rows as lines of a format."""
    return b"".join(encode_line(convert(row, format_name, scale)) for row in rows)
