"""Texts that chat templates and tokenizers take for the border of a turn.

A trainer joins the turns with such markers and tokenizes the result, and most
tokenizers take a marker for a special token wherever it stands. So a ticket with
``<|im_end|>`` in it could end its own turn. Contents are therefore written *broken*:
a middle dot follows the first character of every marker (``<·|im_end|>``). A marker
that is broken already gets one dot more, so `mend` gives back every text as it was.

Known are the borders of Llama 2 to 4, Mistral, Qwen and ChatML, Gemma, Phi, DeepSeek
and the Alpaca prompt. Prose such as ``ASSISTANT:`` is no marker, as people write it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DOT = "\u00b7"

# What follows the first character. No marker holds the start of another one, so the
# dots of one never hide another; `mend` relies on that.
_AFTER_ANGLE = (
    r"[|\uff5c][\w\u2581-]{1,64}[|\uff5c]>"
    r"|/?(?:s|think|tool_call|tool_response|tools)>"
    r"|(?:bos|eos|unk|pad|start_of_turn|end_of_turn)>"
    r"|</?SYS>>"
)
_AFTER_BRACKET = (
    r"/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_RESULTS|TOOL_CONTENT|THINK)\]"
    r"|(?:TOOL_CALLS|IMG|IMG_BREAK|IMG_END|PREFIX|MIDDLE|SUFFIX)\]"
)
_AFTER_HASH = r"## (?:Instruction|Input|Response):"
_STARTS = (("<", _AFTER_ANGLE), (r"\[", _AFTER_BRACKET), ("#", _AFTER_HASH))

_WHOLE = re.compile("|".join(f"{first}(?:{rest})" for first, rest in _STARTS))
_TO_BREAK = re.compile("|".join(f"{first}{DOT}*+(?={rest})" for first, rest in _STARTS))
_TO_MEND = re.compile(
    "|".join(f"{first}{DOT}(?={DOT}*+(?:{rest}))" for first, rest in _STARTS)
)


@dataclass(frozen=True)
class Span:
    """A part of a text; `is_marker` where it looks like the border of a turn."""

    text: str
    is_marker: bool


def has_marker(text: str) -> bool:
    """Whether a tokenizer could take a part of the text for the border of a turn."""
    return _may_hold(text) and _WHOLE.search(text) is not None


def break_markers(text: str) -> str:
    """The text with a dot in every marker."""
    if not _may_hold(text):
        return text
    return _TO_BREAK.sub(lambda found: found[0] + DOT, text)


def mend(text: str) -> str:
    """What the text was before `break_markers`."""
    if DOT not in text:
        return text
    return _TO_MEND.sub(lambda found: found[0][0], text)


def _may_hold(text: str) -> bool:
    """Whether the first character of a marker stands there: quicker than a search."""
    return "<" in text or "[" in text or "#" in text


def broken_spans(text: str) -> list[Span]:
    """The text in parts: markers, already broken, and what lies between."""
    spans, start = [], 0
    for found in _WHOLE.finditer(text):
        between = break_markers(text[start : found.start()])
        spans.append(Span(between, is_marker=False))
        spans.append(Span(break_markers(found[0]), is_marker=True))
        start = found.end()
    spans.append(Span(break_markers(text[start:]), is_marker=False))
    return [span for span in spans if span.text]
