"""The tokens that a model is trained on, and which of them it learns to write.

One exchange becomes one sequence: rendered whole by the model's own template and
tokenized once, without adding anything, so that no token is added twice. Learned is
the answer with the token that ends its turn, and nothing else: what a template writes
after that, such as the line feed of ChatML, comes from whoever asks next. Training and
the page that shows tokens both use this module, so what is shown is what is trained.
Texts are taken as they are; `row_tokens` knows datasets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from training.domain import token_checks
from training.domain.findings import Finding, has_errors
from training.domain.model_tokens import ModelTokens, asked, said
from training.domain.tasks import Turns


@dataclass(frozen=True)
class Piece:
    """A token for showing: its part of the text, often empty for the later bytes of
    one character. The texts of all pieces joined are the whole text.
    """

    text: str
    id: int
    is_trained: bool


@dataclass(frozen=True)
class Encoded:
    """One sequence as a model reads it; ids, trained and offsets have equal lengths.

    trained: whether the model learns to write the token. offsets: its place in the
    text, in characters. prompt: tokens before the answer. checks: what is wrong with
    it; a sequence with an error must not be trained on.
    """

    text: str
    ids: tuple[int, ...]
    trained: tuple[bool, ...]
    offsets: tuple[tuple[int, int], ...]
    prompt: int = 0
    checks: tuple[Finding, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether nothing forbids training on it."""
        return not has_errors(self.checks)

    @property
    def prompt_ids(self) -> tuple[int, ...]:
        """What the model is given when it is asked."""
        return self.ids[: self.prompt]

    @property
    def answer_ids(self) -> tuple[int, ...]:
        """What it learns to write, with the end of its turn."""
        pairs = zip(self.ids, self.trained, strict=True)
        return tuple(id for id, is_trained in pairs if is_trained)

    @property
    def pieces(self) -> list[Piece]:
        """The tokens with their texts, in order."""
        found, at = [], 0
        marks = zip(self.ids, self.trained, self.offsets, strict=True)
        for id, is_trained, (_, end) in marks:
            found.append(Piece(self.text[at:end], id, is_trained))
            at = max(at, end)
        return found


def encode_exchange(
    model: ModelTokens, turns: Turns, *, max_length: int | None = None
) -> Encoded:
    """An exchange as training reads it; `turns.rejected` plays no part.

    Longer than `max_length` it is not cut, but unsound: the answer stands at the end.

    Raises:
        Refused: the template refuses, as `ModelTemplate.render`.
    """
    prompt = model.template.render(asked(turns), ask=True)
    text = model.template.render([*asked(turns), said(turns)])
    read = model.read(text)
    before = model.read(prompt).ids
    answer = _answer_place(text, len(prompt), turns.assistant)
    extends = text.startswith(prompt) and read.ids[: len(before)] == before
    last, stop = None, None
    if extends and answer and turns.assistant.strip():
        stop = _first_stop(model, read, answer[1])
        last = stop if stop is not None else _last_before(read, answer[1])
    trained = _trained(len(read.ids), len(before), last)
    seen = token_checks.Seen(turns, text, read.ids, trained, extends, answer, stop)
    return Encoded(
        text,
        tuple(read.ids),
        trained,
        tuple(read.offsets),
        len(before) if extends else 0,
        tuple(token_checks.check_exchange(model, seen, max_length)),
    )


def encode_text(
    model: ModelTokens, text: str, *, max_length: int | None = None
) -> tuple[Encoded, ...]:
    """A text that is no exchange, for continued training: every token is learned.

    It is opened and ended by the tokens that the model has for that. One longer than
    `max_length` is read in windows, each up to that long, that do not overlap.

    Raises:
        Refused: the model has no token that ends a text (``no_end``).
    """
    opening = "" if model.bos is None else model.tokenizer.id_to_token(model.bos)
    whole = f"{opening}{text}{model.tokenizer.id_to_token(model.end)}"
    read = model.read(whole)
    checks = tuple(token_checks.check_text(model, text, read.ids))
    size = max_length or len(read.ids)
    return tuple(
        _window(whole, read, slice(start, start + size), checks)
        for start in range(0, len(read.ids), size)
    )


def _window(text: str, read: Any, part: slice, checks: tuple[Finding, ...]) -> Encoded:
    ids, offsets = read.ids[part], read.offsets[part]
    begin, end = offsets[0][0], offsets[-1][1]
    return Encoded(
        text[begin:end],
        tuple(ids),
        (True,) * len(ids),
        tuple((a - begin, b - begin) for a, b in offsets),
        checks=checks,
    )


def _answer_place(text: str, begin: int, answer: str) -> tuple[int, int] | None:
    """Where the answer stands, in characters; None where it does not follow at once.

    Blanks around it may be the template's or may have been trimmed by it.
    """
    body = answer.strip()
    start = begin + len(text[begin:]) - len(text[begin:].lstrip())
    return (start, start + len(body)) if text.startswith(body, start) else None


def _first_stop(model: ModelTokens, read: Any, end: int) -> int | None:
    """The first token from there on that ends a turn."""
    for place, (id, (start, _)) in enumerate(zip(read.ids, read.offsets, strict=True)):
        if start >= end and id in model.stops:
            return place
    return None


def _last_before(read: Any, end: int) -> int:
    """The last token that holds a part of the text before that place."""
    return max(i for i, (start, _) in enumerate(read.offsets) if start < end)


def _trained(count: int, prompt: int, last: int | None) -> tuple[bool, ...]:
    if last is None:
        return (False,) * count
    return tuple(prompt <= place <= last for place in range(count))


def longest(sequences: Sequence[Encoded]) -> int:
    """Tokens of the longest sequence; 0 of none."""
    return max((len(one.ids) for one in sequences), default=0)
