"""Rows of a frozen dataset as the sequences that a language model is trained on.

A row becomes an exchange in the words that its dataset was frozen with, with markers
broken as in every export; domain text becomes text. Which rows a method of training
takes is decided by their task.
"""

from __future__ import annotations

from dataclasses import replace

from training.domain import tasks
from training.domain.exchange_tokens import Encoded, encode_exchange, encode_text
from training.domain.formats.markers import break_markers
from training.domain.model_tokens import ModelTokens
from training.domain.rows import Row
from training.domain.tasks import DOMAIN_TEXT, PREFERENCE, Turns
from training.domain.wording import Wording


def turns_of(row: Row, wording: Wording) -> Turns:
    """The exchange of a row, markers broken.

    Raises:
        FormatError: its task has no words, as domain text.
    """
    version = wording.versions.get(row.task, "1")
    turns = tasks.turns(row, wording.scale, wording.root_causes, version)
    return Turns(**{name: break_markers(text) for name, text in vars(turns).items()})


def encode_row(
    model: ModelTokens, row: Row, wording: Wording, *, max_length: int | None = None
) -> tuple[Encoded, ...]:
    """The sequences of a row: one of an exchange; of a preference the better answer
    and the worse; of domain text as many windows as it fills.

    Raises:
        Refused: the template refuses, as `ModelTemplate.render`.
        FormatError: there are no such words.
    """
    if row.task == DOMAIN_TEXT:
        return encode_text(model, break_markers(row.text), max_length=max_length)
    turns = turns_of(row, wording)
    if row.task != PREFERENCE:
        return (encode_exchange(model, turns, max_length=max_length),)
    worse = replace(turns, assistant=turns.rejected)
    return (
        encode_exchange(model, turns, max_length=max_length),
        encode_exchange(model, worse, max_length=max_length),
    )
