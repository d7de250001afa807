"""The texts of a decoded line, whatever its format, and what is odd about them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from training.domain.formats.markers import has_marker

# Keys under which a format holds words that a model reads or writes.
_TEXT_KEYS = frozenset(
    (
        "text", "answer", "content", "value", "system", "prompt", "completion",
        "chosen", "rejected", "instruction", "input", "output",
    )
)  # fmt: skip
_INSTRUCTING = frozenset(("system", "developer"))
_CONTENT_KEYS = (*sorted(_TEXT_KEYS - {"answer"}), "messages", "conversations")

_SURROGATE = re.compile("[\ud800-\udfff]")
# C0 controls but tab and line ends, and DEL.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Oddity = tuple[str, str, str]


def texts_of(value: Any, key: str = "") -> Iterator[str]:
    """Every text of a line that a model reads or writes."""
    if isinstance(value, str):
        if key in _TEXT_KEYS:
            yield value
    elif isinstance(value, dict):
        for inner_key, inner in value.items():
            yield from texts_of(inner, inner_key)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(inner, key)


def read_by_model(data: Mapping[str, Any]) -> str:
    """What a model reads of a line at once.

    Of a classifier's row that is the text, of a pair of answers the chosen one. It is
    without the template, so a count of its tokens is a lower bound.
    """
    if is_row(data):
        return str(data["text"])
    kept = {key: value for key, value in data.items() if key != "rejected"}
    return "\n".join(texts_of(kept))


@dataclass(frozen=True)
class Parts:
    """What a line says of a task, what it asks, and what shall be answered."""

    instruction: str
    asked: str
    said: str


def parts_of(data: Mapping[str, Any]) -> Parts:
    """The parts of a line that has the form of its format; what is not there is empty.

    The last turn is the answer. A prompt that is one text is all asked.
    """
    if is_row(data):
        return Parts("", str(data["text"]), str(data.get("answer", "")))
    # A format that has no such key says nothing of what stands there.
    turns = _turns(data.get("messages")) or _turns(data.get("conversations"))
    prompt = data.get("prompt", "")
    before = [*turns[:-1], *_turns(prompt)]
    system = [turn for turn in before if _role(turn) in _INSTRUCTING]
    others = [turn for turn in before if _role(turn) not in _INSTRUCTING]
    answers = [data[key] for key in ("completion", "chosen", "output") if key in data]
    asked = [others, data.get("input", ""), prompt if isinstance(prompt, str) else ""]
    told = [data.get("system", ""), data.get("instruction", ""), system]
    return Parts(
        _joined(told, "system"),
        _joined(asked, "prompt"),
        _joined([turns[-1:], answers]),
    )


def _turns(value: Any) -> list[Mapping[str, Any]]:
    turns = value if isinstance(value, list) else []
    return [turn for turn in turns if isinstance(turn, Mapping)]


def _role(turn: Mapping[str, Any]) -> Any:
    return turn.get("role") or turn.get("from")


def _joined(values: list[Any], key: str = "completion") -> str:
    return "\n".join(text for text in texts_of(values, key) if text)


def content_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """What makes two lines repeats of each other: all but ids and facts.

    Several tasks, or reviews, make several rows of one record; those name it, and are
    told apart by their ids.
    """
    content = {key: data[key] for key in _CONTENT_KEYS if key in data}
    return {**content, "id": data.get("id")} if data.get("record") else content


def is_blank(text: str) -> bool:
    """Whether nothing of a text can be seen; zero-width marks cannot."""
    return not any(sign.isprintable() and not sign.isspace() for sign in text)


def is_row(data: Mapping[str, Any]) -> bool:
    """Whether the line is a labelled text, no exchange."""
    return isinstance(data.get("text"), str)


def oddities(data: Mapping[str, Any]) -> list[Oddity]:
    """Rule, message and fix of what a text holds that tools stumble over."""
    texts = list(texts_of(data))
    found = []
    if any(has_marker(text) for text in texts):
        found.append(
            (
                "template_marker",
                "A text holds a marker of a chat template; some trainers take it "
                "for the border of a turn.",
                "Break it, as netft's exports do: <·|im_end|>.",
            )
        )
    if any(not text.isascii() and _SURROGATE.search(text) for text in texts):
        found.append(
            (
                "lone_surrogate",
                "A text holds half a character; strict readers refuse the line.",
                "Replace it by U+FFFD.",
            )
        )
    if any(_CONTROL.search(text) for text in texts):
        found.append(
            (
                "control_character",
                "A text holds a control character, such as NUL.",
                "Remove it.",
            )
        )
    return found
