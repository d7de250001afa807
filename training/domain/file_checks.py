"""Checks of a JSONL file that anybody made, line by line in flat memory.

`openai_chat` follows the checks of OpenAI's cookbook, widened by what trainers drop
without a word: a conversation that does not end with the assistant, turns that do not
alternate, empty contents. `classification` asks for id, text and label. Findings name
the line and never quote it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from training.domain.findings import Finding, Findings, Weight, has_errors
from training.domain.formats import FormatError
from training.domain.validation import FEW_EXAMPLES, FEWEST_EXAMPLES, MODEST_EXAMPLES

ROLES = ("system", "user", "assistant", "tool", "developer")
MESSAGE_KEYS = {
    "role", "content", "name", "weight", "tool_calls", "tool_call_id", "refusal",
}  # fmt: skip
ROW_KEYS = {"messages", "tools", "parallel_tool_calls"}

# From here on a text is said to come close to the limit.
NEARLY_FULL = 0.9

Complaint = tuple[str, str, str]


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
) -> FileReport:
    """Check every line of a file; a blank line is an error too.

    `labels` are the allowed labels of `classification`, all where empty. With `tokens`
    the length of every line is judged too. Raises FormatError where there is no such
    format.
    """
    if format_name not in CHECKS:
        known = ", ".join(CHECKS)
        raise FormatError(f"unknown format {format_name!r}; known formats: {known}")
    check = CHECKS[format_name]
    found = Findings()
    repeats = _Repeats()
    rows = passed = 0
    for rows, line in enumerate(lines, start=1):
        data, complaints = _parse(line)
        if data is not None:
            complaints = [*check(data, labels), *repeats.note(data)]
            if tokens is not None and not complaints:
                _check_length(data, tokens, f"line {rows}", found)
        passed += not complaints
        for rule, field, message in complaints:
            found.add(Finding(rule, Weight.ERROR, message, f"line {rows}", field))
    _check_count(rows, fewest, found)
    if repeats.contents:
        message = f"{repeats.contents} lines repeat the content of an earlier line."
        found.add(Finding("duplicate", Weight.WARNING, message))
    return FileReport(rows, passed, found.all())


def _check_length(
    data: Mapping[str, Any], tokens: TokenLimit, item: str, found: Findings
) -> None:
    """A chat that is too long is an error; a classifier's text is cut, and counted.

    A chat is counted without the model's template, so the count is a lower bound.
    """
    messages = data.get("messages")
    text = (
        "\n".join(str(message.get("content") or "") for message in messages)
        if messages
        else data["text"]
    )
    count = tokens.count(text)
    if count <= NEARLY_FULL * tokens.limit:
        return
    if count <= tokens.limit:
        rule, weight = "length_nearly_full", Weight.WARNING
    else:
        rule = "length_over_limit"
        weight = Weight.ERROR if messages else Weight.WARNING
    message = f"{count} tokens; the model reads {tokens.limit}."
    fix = "Shorten the text, or choose a model that reads more."
    found.add(Finding(rule, weight, message, item, "text", fix))


class _Repeats:
    """Remembers ids and contents as short hashes; marked copies are no repeats."""

    def __init__(self) -> None:
        self._ids: set[bytes] = set()
        self._contents: set[bytes] = set()
        self.contents = 0

    def note(self, data: Mapping[str, Any]) -> Iterator[Complaint]:
        """Count a repeated content; complain of a repeated id."""
        if "id" in data and not _is_new(data["id"], self._ids):
            yield "id_repeated", "id", "An earlier line has this id."
        if "copy_of" not in data:
            content = data.get("messages", data.get("text"))
            self.contents += not _is_new(content, self._contents)


def _is_new(value: Any, known: set[bytes]) -> bool:
    text = json.dumps(value, sort_keys=True)
    digest = hashlib.blake2b(text.encode(), digest_size=12).digest()
    if digest in known:
        return False
    known.add(digest)
    return True


def _parse(line: bytes) -> tuple[dict[str, Any] | None, list[Complaint]]:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return None, [("json_invalid", "", "The line is not JSON.")]
    if not isinstance(data, dict):
        return None, [("json_invalid", "", "The line is not a JSON object.")]
    return data, []


def _check_classification(
    data: Mapping[str, Any], labels: Sequence[str]
) -> Iterator[Complaint]:
    for key in ("id", "text", "label"):
        value = data.get(key)
        if not isinstance(value, str):
            yield "field_missing", key, "The field is missing or is no text."
        elif not value.strip():
            yield "field_empty", key, "The field is empty."
    label = data.get("label")
    if labels and isinstance(label, str) and label not in labels:
        yield "label_unknown", "label", "The label is none of the allowed ones."


def _check_openai_chat(
    data: Mapping[str, Any], labels: Sequence[str]
) -> Iterator[Complaint]:
    unknown = set(data) - ROW_KEYS
    if unknown:
        yield "key_unknown", "", "The line has keys besides messages and tools."
    messages = data.get("messages")
    if not isinstance(messages, list) or not messages:
        yield "messages_missing", "messages", "There is no list of messages."
        return
    complaints = [c for message in messages for c in _check_message(message)]
    yield from complaints
    if not complaints:
        yield from _check_turns([message["role"] for message in messages])


def _check_message(message: Any) -> Iterator[Complaint]:
    if not isinstance(message, dict):
        yield "message_invalid", "messages", "A message is no object."
        return
    if set(message) - MESSAGE_KEYS:
        yield "key_unknown", "messages", "A message has an unknown key."
    if message.get("role") not in ROLES:
        yield "role_unknown", "messages.role", "A role is missing or unknown."
    content = message.get("content")
    if content is None and message.get("tool_calls"):
        return
    if not isinstance(content, str):
        yield "content_invalid", "messages.content", "A content is missing or no text."
    elif not content.strip():
        yield "content_empty", "messages.content", "A content is empty."


def _check_turns(roles: Sequence[str]) -> Iterator[Complaint]:
    if "assistant" not in roles:
        yield "assistant_missing", "messages", "No assistant turn to learn from."
    elif roles[-1] != "assistant":
        yield "last_not_assistant", "messages", "The last turn is not the assistant's."
    spoken = [role for role in roles if role in ("user", "assistant")]
    if any(first == second for first, second in pairwise(spoken)):
        yield "turns_repeat", "messages", "User and assistant do not take turns."
    if any(role in ("system", "developer") for role in roles[1:]):
        yield "system_not_first", "messages", "A system turn is not the first."


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


CHECKS: Mapping[str, Callable[[Mapping[str, Any], Sequence[str]], Iterator[Complaint]]]
CHECKS = {
    "classification": _check_classification,
    "openai_chat": _check_openai_chat,
}
