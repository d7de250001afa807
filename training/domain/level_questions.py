"""How a model that writes is asked for a level, and what it could answer.

The question is the one of the training, in the words that its dataset was frozen with.
Of the answer only the first line counts, which names the level: what may follow it is
not judged here. All answers begin alike, so the model reads the question once and only
the ends are scored, one for each level; an answer that is no level cannot be given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
import numpy.typing as npt

from netft_site.base.refusals import Refused
from training.domain.exchange_tokens import Encoded, encode_exchange
from training.domain.findings import Weight
from training.domain.formats.markers import break_markers
from training.domain.model_tokens import ModelTokens
from training.domain.row_tokens import turns_of
from training.domain.rows import SEVERITY, Row
from training.domain.wording import Wording

# Taken off in addition when a text is cut: tokens are not spread evenly over it.
_MARGIN = 0.98


@dataclass(frozen=True)
class Question:
    """One ticket as the model is asked.

    prefix: tokens of the question and of what all answers begin with. ends: the rest of
    each level's answer, never empty, in the order of the levels. is_cut: the end of the
    ticket's text was left out, as it would not have fitted.
    """

    prefix: tuple[int, ...]
    ends: tuple[tuple[int, ...], ...]
    is_cut: bool = False


def ask(
    model: ModelTokens, wording: Wording, text: str, *, max_length: int
) -> Question:
    """The question of a ticket's level.

    Raises:
        Refused: the template refuses, as `ModelTemplate.render`; the words around the
            text need more than `max_length` tokens (``question_too_long``), or no
            answer can be told from the question (``answer_unclear``).
    """
    whole, kept = break_markers(text), break_markers(text)
    while True:
        answers = [_answer(model, wording, kept, key) for key in _levels(wording)]
        longest = max(len(ids) for ids in answers)
        if longest <= max_length:
            break
        share = max_length / longest * _MARGIN
        fitting = kept[: min(len(kept) - 1, int(len(kept) * share))]
        if not fitting.strip():
            raise Refused(
                "question_too_long",
                f"The words around a ticket need more than {max_length} tokens.",
            )
        kept = fitting
    begin = _common(answers)
    ends = tuple(ids[begin:] for ids in answers)
    return Question(answers[0][:begin], ends, is_cut=len(kept) < len(whole))


def levels_from(
    scores: npt.NDArray[np.float64], ends: Sequence[tuple[int, ...]]
) -> npt.NDArray[np.float64]:
    """Log-probabilities of the levels, shape (k,), from those of their ends.

    Where one end begins another (``p1``, ``p10``), its probability holds the longer
    one's, which is taken off: what is left goes on otherwise.
    """
    shares = np.exp(scores)
    own = shares.copy()
    for i, end in enumerate(ends):
        for j, other in enumerate(ends):
            if i != j and other[: len(end)] == end:
                own[i] -= shares[j]
    tiny = np.finfo(np.float64).tiny
    return np.where(own == shares, scores, np.log(np.maximum(own, tiny)))


def _levels(wording: Wording) -> tuple[str, ...]:
    return wording.scale.keys


def _answer(
    model: ModelTokens, wording: Wording, text: str, level: str
) -> tuple[int, ...]:
    """Tokens of question and answer, up to the last that names the level."""
    row = Row(id="", text=text, label=level, split="", task=SEVERITY)
    encoded = encode_exchange(model, turns_of(row, wording))
    _refuse_unclear(encoded)
    # The last token that is learned ends the turn.
    last = max(place for place, is_said in enumerate(encoded.trained) if is_said)
    return encoded.ids[:last]


def _refuse_unclear(encoded: Encoded) -> None:
    """Raise Refused where the answer's tokens cannot be told."""
    errors = [one for one in encoded.checks if one.severity is Weight.ERROR]
    if errors or not encoded.prompt:
        why = (
            errors[0].message if errors else "The answer does not follow the question."
        )
        raise Refused("answer_unclear", f"The model cannot be asked: {why}")


def _common(answers: Sequence[tuple[int, ...]]) -> int:
    """How many tokens all begin with, leaving each at least one."""
    shortest = min(len(ids) for ids in answers) - 1
    columns = zip(*(ids[:shortest] for ids in answers), strict=True)
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))
