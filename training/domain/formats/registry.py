"""The formats by name, and rows written in them.

`classification` is the frozen form itself. The others either lay out the turns of the
row's task (`shape`) or a row of columns (`columns`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from annotation.domain.scale import Scale
from training.domain import tasks
from training.domain.formats import hub_folder, shapes
from training.domain.formats.markers import break_markers, mend
from training.domain.formats.shapes import Shape
from training.domain.rows import FormatError, Row, encode_line, frozen_form
from training.domain.tasks import SEVERITY, TEMPLATE_VERSION, Turns


@dataclass(frozen=True)
class Format:
    """A format: what people call it, how rows are laid out, and its file's ending.

    is_folder: the file is an archive of a folder, which cannot be read line by line.
    """

    title: str
    shape: Shape | None = None
    columns: Callable[[Row], dict[str, Any]] = frozen_form
    ending: str = "jsonl"

    @property
    def is_folder(self) -> bool:
        """Whether the file is an archive of several files."""
        return self.ending == "tar"

    @property
    def wants_rejected(self) -> bool:
        """Whether only rows with a rejected answer are written."""
        return self.shape is not None and self.shape.has_rejected


FORMATS: Mapping[str, Format] = {
    "classification": Format("classification (the frozen rows)"),
    "openai_chat": Format("OpenAI chat", shapes.OPENAI_CHAT),
    "prompt_completion": Format("prompt and completion", shapes.PROMPT_COMPLETION),
    "alpaca": Format("Alpaca", shapes.ALPACA),
    "sharegpt": Format("ShareGPT", shapes.SHAREGPT),
    "bedrock_conversation": Format("Bedrock conversation", shapes.BEDROCK_CONVERSATION),
    "bedrock_prompt": Format("Bedrock prompt and completion", shapes.PROMPT_COMPLETION),
    "trl_conversational": Format("TRL conversational", shapes.TRL_CONVERSATIONAL),
    "trl_preference": Format("TRL preference", shapes.TRL_PREFERENCE),
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
    task: str = SEVERITY,
    version: str = TEMPLATE_VERSION,
) -> dict[str, Any]:
    """The row in a format.

    Raises FormatError where there is no such format or there are no such words, and
    for a row without a rejected answer where the format needs one.
    """
    format_ = find_format(format_name)
    if format_.shape is None:
        return format_.columns(row)
    turns = tasks.turns(row, scale, task, version)
    if format_.wants_rejected and not turns.rejected:
        raise FormatError("the row has no rejected answer")
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
    return replace(turns, **{name: change(text) for name, text in vars(turns).items()})
