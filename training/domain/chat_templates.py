"""An exchange as a chat model would read it, to be looked at.

The templates are written for this page after the formats that the makers of the models
document (Meta's Llama 3 prompt formats, Mistral's v7 instruct template, ChatML as
Qwen uses it); a trainer takes the template that came with its model. A template is
rendered with gaps in place of the contents, and each gap is filled afterwards: a
content never meets the template language, so no text can forge a turn. Markers in a
content are broken as in the exports, and flagged. What cannot be shown is written as
an escape: control characters, lone surrogates and marks that change the direction of
reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from jinja2.sandbox import ImmutableSandboxedEnvironment

from training.domain.formats.markers import broken_spans
from training.domain.rows import FormatError
from training.domain.tasks import Turns

TEMPLATE = "template"

_LLAMA_3 = (
    "<|begin_of_text|>"
    "{% for turn in turns %}"
    "<|start_header_id|>{{ turn.role }}<|end_header_id|>\n\n{{ turn.gap }}<|eot_id|>"
    "{% endfor %}"
)
_MISTRAL = (
    "<s>"
    "{% for turn in turns %}"
    "{% if turn.role == 'system' %}[SYSTEM_PROMPT] {{ turn.gap }}[/SYSTEM_PROMPT]"
    "{% elif turn.role == 'user' %}[INST] {{ turn.gap }}[/INST]"
    "{% else %} {{ turn.gap }}</s>{% endif %}"
    "{% endfor %}"
)
_CHATML = (
    "{% for turn in turns %}"
    "<|im_start|>{{ turn.role }}\n{{ turn.gap }}<|im_end|>\n"
    "{% endfor %}"
)


@dataclass(frozen=True)
class ChatTemplate:
    """A family of models and the source of its template."""

    title: str
    source: str


TEMPLATES: Mapping[str, ChatTemplate] = {
    "llama3": ChatTemplate("Llama 3", _LLAMA_3),
    "mistral": ChatTemplate("Mistral (v7)", _MISTRAL),
    "qwen": ChatTemplate("Qwen (ChatML)", _CHATML),
}


@dataclass(frozen=True)
class Piece:
    """A part of what the model reads.

    role: system, user or assistant, or `template` for what the template adds.
    is_marker: a part of a content that looks like the border of a turn, broken.
    """

    role: str
    text: str
    is_marker: bool = False


def render(turns: Turns, template: str) -> list[Piece]:
    """The exchange in pieces, in the order of reading; an empty turn is left out.

    Raises FormatError where there is no such template.
    """
    if template not in TEMPLATES:
        known = ", ".join(TEMPLATES)
        raise FormatError(f"unknown template {template!r}; known templates: {known}")
    contents = {
        "system": turns.system,
        "user": turns.user,
        "assistant": turns.assistant,
    }
    said = {role: text for role, text in contents.items() if text}
    pieces: list[Piece] = []
    for part in _skeleton(template, tuple(said)):
        if part in said:
            pieces += _pieces_of(part, said[part])
        else:
            pieces.append(Piece(TEMPLATE, part))
    return pieces


def text_of(pieces: Sequence[Piece]) -> str:
    """The rendered text."""
    return "".join(piece.text for piece in pieces)


def visible(text: str) -> str:
    """The text with what cannot be shown written as an escape, such as ``\\u202e``."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


# C0 and C1 controls but tab and line feed, DEL, zero-width and bidirectional marks,
# line and paragraph separators, the byte order mark, and surrogates.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\ud800-\udfff]"
)


def _pieces_of(role: str, content: str) -> Iterator[Piece]:
    for span in broken_spans(content):
        yield Piece(role, visible(span.text), span.is_marker)


@cache
def _skeleton(template: str, roles: tuple[str, ...]) -> tuple[str, ...]:
    """What the template adds, with the name of a role where its content belongs."""
    turns = [{"role": role, "gap": f"\x00{role}\x00"} for role in roles]
    environment = ImmutableSandboxedEnvironment(keep_trailing_newline=True)
    source = TEMPLATES[template].source
    text = environment.from_string(source).render(turns=turns)
    return tuple(part for part in text.split("\x00") if part)
