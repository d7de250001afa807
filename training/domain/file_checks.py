"""Checks of a JSONL file that anybody made, line by line in flat memory.

`line_checks` says what fits a format; here stand what concerns whole files (repeats,
counts), lengths, odd texts, and guessing the format. Findings name the line and never
quote it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from training.domain.exchange_checks import ExchangeChecks
from training.domain.findings import Finding, Findings, Weight, has_errors
from training.domain.line_checks import CHECKS, unread_columns
from training.domain.line_contents import (
    is_row,
    oddities,
    read_by_model,
)
from training.domain.repeats import Repeats
from training.domain.rows import FormatError
from training.domain.strict_json import finite
from training.domain.turn_checks import Complaint
from training.domain.validation import FEW_EXAMPLES, FEWEST_EXAMPLES, MODEST_EXAMPLES

# From here on a text is said to come close to the limit.
NEARLY_FULL = 0.9
# So many lines are looked at for a guess; the first few may be the broken ones.
_LINES_FOR_A_GUESS = 20


@dataclass(frozen=True)
class FileReport:
    """How many lines there are, how many passed, and what was found."""

    rows: int
    passed: int
    findings: list[Finding]

    @property
    def is_valid(self) -> bool:
        """Whether nothing blocks."""
        return not has_errors(self.findings)


@dataclass(frozen=True)
class TokenLimit:
    """How a model counts the tokens of a text, and how many it can read."""

    count: Callable[[str], int]
    limit: int


def check_file(
    lines: Iterable[bytes],
    format_name: str,
    *,
    labels: Sequence[str] = (),
    fewest: int = FEWEST_EXAMPLES,
    tokens: TokenLimit | None = None,
    judge_texts: bool = True,
) -> FileReport:
    """Check every line of a file; a blank line is an error too.

    `labels` are the allowed labels of rows, all where empty. With `tokens` the length
    of every line is judged too, with `judge_texts` what its texts say. Raises
    FormatError where there is no such format.
    """
    if format_name not in CHECKS:
        known = ", ".join(CHECKS)
        raise FormatError(f"unknown format {format_name!r}; known formats: {known}")
    lines_checked = _Lines(format_name, labels, tokens, judge_texts)
    for number, line in enumerate(lines, start=1):
        lines_checked.take(line, f"line {number}")
    return lines_checked.report(fewest)


def guess_format(lines: Iterable[bytes]) -> str:
    """The format that the first readable line has by its keys.

    A line of prompt and completion is `prompt_completion`; Bedrock's lines of that kind
    look the same. Raises FormatError where nothing fits.
    """
    for _, line in zip(range(_LINES_FOR_A_GUESS), lines, strict=False):
        data, _ = _parse(line)
        name = _format_of(data) if data else ""
        if name:
            return name
    raise FormatError("the keys of the lines fit no known format")


def _format_of(data: Mapping[str, Any]) -> str:
    by_keys = (
        ("bedrock_conversation", {"schemaVersion"}),
        ("openai_chat", {"messages"}),
        ("sharegpt", {"conversations"}),
        ("alpaca", {"instruction", "output"}),
        ("trl_preference", {"chosen", "rejected"}),
        ("trl_conversational", {"prompt", "completion"}),
        ("classification", {"text", "label"}),
        ("text", {"text"}),
    )
    name = next((name for name, keys in by_keys if keys <= set(data)), "")
    if name == "trl_conversational" and isinstance(data["prompt"], str):
        return "prompt_completion"
    return name


class _Lines:
    """Takes lines one by one and remembers what was found."""

    def __init__(
        self,
        format_name: str,
        labels: Sequence[str],
        tokens: TokenLimit | None,
        judge_texts: bool,
    ) -> None:
        self._format, self._labels, self._tokens = format_name, labels, tokens
        self._found, self._repeats = Findings(), Repeats()
        count = tokens.count if tokens else None
        self._texts = ExchangeChecks(count) if judge_texts else None
        self._rows = self._passed = 0

    def take(self, line: bytes, item: str) -> None:
        """Check one line."""
        self._rows += 1
        try:
            complaints = self._look_at(line, item)
        except RecursionError:
            complaints = [("json_invalid", "", "The line is nested too deeply.")]
        self._passed += not complaints
        for rule, field, message in complaints:
            self._found.add(Finding(rule, Weight.ERROR, message, item, field))

    def _look_at(self, line: bytes, item: str) -> list[Complaint]:
        data, complaints = _parse(line)
        if data is not None:
            complaints = [
                *CHECKS[self._format](data, self._labels),
                *self._repeats.note(data),
            ]
            self._note_texts(data, item, whole=not complaints)
        return complaints

    def _note_texts(self, data: Mapping[str, Any], item: str, *, whole: bool) -> None:
        for rule, message, fix in (
            *oddities(data),
            *unread_columns(self._format, data),
        ):
            self._found.add(Finding(rule, Weight.WARNING, message, item, fix=fix))
        if self._texts is not None and whole:
            self._texts.note(data, item, self._found)
        if self._tokens is not None and whole:
            _check_length(data, self._tokens, item, self._found)

    def report(self, fewest: int) -> FileReport:
        """What was found, with what concerns the file as a whole."""
        _check_count(self._rows, fewest, self._found)
        self._repeats.close(self._found)
        if self._texts is not None:
            self._texts.close(self._found)
        return FileReport(self._rows, self._passed, self._found.all())


def _check_length(
    data: Mapping[str, Any], tokens: TokenLimit, item: str, found: Findings
) -> None:
    """An exchange that is too long is an error; a classifier's text is cut."""
    count = tokens.count(read_by_model(data))
    if count <= NEARLY_FULL * tokens.limit:
        return
    if count <= tokens.limit:
        rule, weight = "length_nearly_full", Weight.WARNING
    else:
        rule = "length_over_limit"
        weight = Weight.WARNING if is_row(data) else Weight.ERROR
    message = f"{count} tokens; the model reads {tokens.limit}."
    fix = "Shorten the text, or choose a model that reads more."
    found.add(Finding(rule, weight, message, item, "text", fix))


def _parse(line: bytes) -> tuple[dict[str, Any] | None, list[Complaint]]:
    try:
        data = json.loads(
            line,
            parse_constant=_refuse_constant,
            parse_float=finite,
            object_pairs_hook=_unique_keys,
        )
    except _KeyTwice:
        return None, [("key_twice", "", "A key stands twice in one object.")]
    except (ValueError, RecursionError):
        return None, [("json_invalid", "", "The line is not JSON.")]
    if not isinstance(data, dict):
        return None, [("json_invalid", "", "The line is not a JSON object.")]
    return data, []


class _KeyTwice(Exception):
    """Readers differ on which of the two they take."""


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _KeyTwice
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _check_count(rows: int, fewest: int, found: Findings) -> None:
    if rows < fewest:
        weight = Weight.ERROR
    elif rows < FEW_EXAMPLES:
        weight = Weight.WARNING
    elif rows < MODEST_EXAMPLES:
        weight = Weight.INFORMATION
    else:
        return
    message = f"{rows} rows; 10 are the least, 50 to 100 a start."
    found.add(Finding("few_examples", weight, message))
