"""What is wrong with a sequence of tokens before anything is trained on it.

Each check is of a mistake that shows only weeks later, in a model that never stops,
repeats its opening or has learned nothing: see the pitfalls of trl#1623, trl#3091,
trl#1400, transformers#27733 and trl#1820. All are errors; none quotes a text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from training.domain.findings import Finding, Weight
from training.domain.model_tokens import ModelTokens
from training.domain.tasks import Turns

BOS_NOT_ONCE = "bos_not_once"
NO_END_OF_TURN = "no_end_of_turn_trained"
NOTHING_TRAINED = "nothing_trained"
ANSWER_TRUNCATED = "answer_truncated"
PAD_TRAINED = "pad_trained"
PREFIX_MISMATCH = "prefix_mismatch"
ANSWER_MOVED = "answer_moved"
CONTENT_LOST = "content_lost"
FORGED_TURN = "forged_turn"
EMPTY_ROW = "empty_row"


@dataclass(frozen=True)
class Seen:
    """An exchange with its tokens.

    extends: whether the tokens of the prompt are the first ones of the whole.
    answer: its place in the text. stop: the place of the token that ends its turn.
    """

    turns: Turns
    text: str
    ids: Sequence[int]
    trained: Sequence[bool]
    extends: bool
    answer: tuple[int, int] | None
    stop: int | None


def check_exchange(
    model: ModelTokens, seen: Seen, max_length: int | None
) -> Iterator[Finding]:
    """What is wrong with an exchange. Raises Refused where its template refuses."""
    if not (seen.turns.user.strip() and seen.turns.assistant.strip()):
        yield _error(
            EMPTY_ROW, "The question or the answer is empty.", "Leave the row out."
        )
    yield from _check_prompt(seen)
    yield from _check_contents(model, seen)
    yield from _check_opening(model, seen.ids)
    yield from _check_trained(model, seen)
    if max_length is not None and len(seen.ids) > max_length:
        yield _error(
            ANSWER_TRUNCATED,
            f"{len(seen.ids):,} tokens are more than {max_length:,}; the end of the "
            "answer would be cut off.",
            "Raise max_length, or shorten the texts when the dataset is built.",
        )


def check_text(model: ModelTokens, text: str, ids: Sequence[int]) -> Iterator[Finding]:
    """What is wrong with a text that is no exchange."""
    if not text.strip():
        yield _error(EMPTY_ROW, "The text is empty.", "Leave the row out.")
    yield from _check_opening(model, ids)
    own = 1 + (model.bos is not None)
    if model.count_special(ids) > own:
        yield _forged()


def _check_prompt(seen: Seen) -> Iterator[Finding]:
    if not seen.extends:
        yield _error(
            PREFIX_MISMATCH,
            "The tokens of the prompt are not the beginning of the whole exchange, so "
            "the model would be asked otherwise than it was trained.",
            "Use a model whose chat template leaves earlier turns as they were.",
        )
    elif seen.answer is None:
        yield _error(
            ANSWER_MOVED,
            "The template writes something between the prompt and the answer, or "
            "changes the answer, so the model would have to write that itself.",
            "Use a model whose chat template honours add_generation_prompt.",
        )


def _check_contents(model: ModelTokens, seen: Seen) -> Iterator[Finding]:
    for name in ("system", "user"):
        if getattr(seen.turns, name).strip() not in seen.text:
            yield _error(
                CONTENT_LOST,
                f"The template leaves out or changes the {name} turn.",
                "Use a model whose chat template writes every turn.",
            )
    if model.count_special(seen.ids) != model.own_special(bool(seen.turns.system)):
        yield _forged()


def _check_opening(model: ModelTokens, ids: Sequence[int]) -> Iterator[Finding]:
    if model.bos is None:
        return
    count = sum(id == model.bos for id in ids)
    if count != 1 or ids[0] != model.bos:
        yield _error(
            BOS_NOT_ONCE,
            f"The token that opens a text occurs {count} times, not once at the start.",
            "Mend the chat template of the model.",
        )


def _check_trained(model: ModelTokens, seen: Seen) -> Iterator[Finding]:
    learned = [id for id, on in zip(seen.ids, seen.trained, strict=True) if on]
    if not learned:
        yield _error(
            NOTHING_TRAINED, "No token of the row is learned.", "Leave the row out."
        )
        return
    if seen.stop is None or learned[-1] not in model.stops:
        yield _error(
            NO_END_OF_TURN,
            "The answer does not end with a token that generation stops at, so the "
            "model would never learn to stop.",
            "Use the variant of the model for chats, or mend eos_token_id in its "
            "generation_config.json.",
        )
    if model.pad in learned and model.pad not in model.stops:
        yield _error(
            PAD_TRAINED,
            "The token that fills up batches is learned.",
            "Mend pad_token.",
        )


def _forged() -> Finding:
    return _error(
        FORGED_TURN,
        "A text holds a special token of the model and could end its own turn.",
        "Leave the row out, or break the token in its text.",
    )


def _error(code: str, message: str, fix: str) -> Finding:
    return Finding(code, Weight.ERROR, message, fix=fix)
