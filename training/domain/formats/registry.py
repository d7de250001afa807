"""The formats by name, and rows written in them.

`classification` is the frozen form itself. The others either lay out the turns of the
row's task (`shape`) or a row of columns (`columns`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from annotation.domain.scale import Scale
from training.domain import tasks
from training.domain.formats import hub_folder, shapes
from training.domain.formats.markers import break_markers, mend
from training.domain.formats.shapes import Shape
from training.domain.rows import FormatError, Row, encode_line, frozen_form
from training.domain.tasks import DOMAIN_TEXT, VERSIONS, Turns


class Takes(StrEnum):
    """Which rows a format has a place for."""

    EVERY_ROW = "every row"
    EXCHANGES = "rows with a question and an answer"
    PAIRS = "rows with a rejected answer"
    TEXTS = "rows of domain text"


@dataclass(frozen=True)
class Format:
    """A format: what people call it, how rows are laid out, and its file's ending.

    is_folder: the file is an archive of a folder, which cannot be read line by line.
    """

    title: str
    shape: Shape | None = None
    columns: Callable[[Row], dict[str, Any]] = frozen_form
    ending: str = "jsonl"
    takes: Takes = Takes.EVERY_ROW

    @property
    def is_folder(self) -> bool:
        """Whether the file is an archive of several files."""
        return self.ending == "tar"

    def takes_row(self, row: Row) -> bool:
        """Whether the row has a place in the format."""
        if self.takes is Takes.PAIRS:
            return bool(row.rejected)
        return self.takes_task(row.task)

    def takes_task(self, task: str) -> bool:
        """Whether rows of a task can have a place in the format."""
        is_text = task == DOMAIN_TEXT
        return {
            Takes.EVERY_ROW: True,
            Takes.EXCHANGES: not is_text,
            Takes.PAIRS: not is_text,
            Takes.TEXTS: is_text,
        }[self.takes]


def _turned(title: str, shape: Shape) -> Format:
    takes = Takes.PAIRS if shape.has_rejected else Takes.EXCHANGES
    return Format(title, shape, takes=takes)


def _text_of(row: Row) -> dict[str, Any]:
    return {"text": break_markers(row.text)}


FORMATS: Mapping[str, Format] = {
    "classification": Format("classification (the frozen rows)"),
    "openai_chat": _turned("OpenAI chat", shapes.OPENAI_CHAT),
    "prompt_completion": _turned("prompt and completion", shapes.PROMPT_COMPLETION),
    "alpaca": _turned("Alpaca", shapes.ALPACA),
    "sharegpt": _turned("ShareGPT", shapes.SHAREGPT),
    "bedrock_conversation": _turned(
        "Bedrock conversation", shapes.BEDROCK_CONVERSATION
    ),
    "bedrock_prompt": _turned(
        "Bedrock prompt and completion", shapes.PROMPT_COMPLETION
    ),
    "trl_conversational": _turned("TRL conversational", shapes.TRL_CONVERSATIONAL),
    "trl_preference": _turned("TRL preference", shapes.TRL_PREFERENCE),
    "text": Format("text, for continued training", columns=_text_of, takes=Takes.TEXTS),
    "hf_folder": Format(
        "Hugging Face datasets folder", columns=hub_folder.columns_of, ending="tar"
    ),
}


def find_format(name: str) -> Format:
    """The format of that name. Raises FormatError where there is none."""
    if name not in FORMATS:
        known = ", ".join(FORMATS)
        raise FormatError(f"unknown format {name!r}; known formats: {known}")
    return FORMATS[name]


def convert(
    row: Row,
    format_name: str,
    scale: Scale,
    root_causes: Sequence[str] = (),
    versions: Mapping[str, str] = VERSIONS,
) -> dict[str, Any]:
    """The row in a format.

    versions: of the words of each task. Raises FormatError where there is no such
    format or there are no such words, and for a row that the format has no place for.
    """
    format_ = find_format(format_name)
    if not format_.takes_row(row):
        raise FormatError(f"{format_name} holds {format_.takes}")
    if format_.shape is None:
        return format_.columns(row)
    version = versions.get(row.task, "")
    turns = tasks.turns(row, scale, root_causes, version)
    return format_.shape.write(_each(turns, break_markers))


def read_turns(line: bytes | str, format_name: str) -> Turns:
    """The exchange of a line in a format of turns. Raises FormatError.

    What has no place for a system turn gives it as a part of the question.
    """
    shape = find_format(format_name).shape
    if shape is None:
        raise FormatError(f"{format_name} holds rows, no turns")
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise FormatError("the line is not JSON") from error
    if not isinstance(data, dict):
        raise FormatError("the line is no JSON object")
    return _each(shape.read(data), mend)


def encode_rows(rows: Sequence[Row], format_name: str, scale: Scale) -> bytes:
    """Some rows as lines of a format."""
    return b"".join(encode_line(convert(row, format_name, scale)) for row in rows)


def _each(turns: Turns, change: Callable[[str], str]) -> Turns:
    return Turns(
        change(turns.system),
        change(turns.user),
        change(turns.assistant),
        change(turns.rejected),
    )
