"""How each method of training reads the rows of a dataset.

A classifier reads the text alone and learns its label; a language model reads an
exchange in its own template and learns the answer. What cannot be read so is a finding
of the row, never an exception: one bad row must not hide the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from tokenizers import Tokenizer

from netft_site.base.files import sha256_of
from netft_site.base.refusals import Refused
from training.domain.base_folder import (
    GENERATION,
    TEMPLATE,
    TOKENIZER,
    TOKENIZER_CONFIG,
)
from training.domain.exchange_tokens import Encoded, Piece
from training.domain.findings import Finding, Weight
from training.domain.job_kinds import GENERATIVE, Objective
from training.domain.job_spec import BaseModelFiles, TrainSpec
from training.domain.model_tokens import ModelTokens
from training.domain.row_tokens import encode_row
from training.domain.rows import FormatError, Row
from training.domain.tasks import DOMAIN_TEXT, PREFERENCE
from training.domain.wording import Wording
from training.domain.xray import ReadSequence
from training.services import base_folders, tokenizing

UNKNOWN_ONLY = "no_known_token"
UNREADABLE = "row_unreadable"
_UNKNOWN = ("[UNK]", "<unk>")


class Part(StrEnum):
    """What a token is to the training."""

    READ = "read"
    TRAINED = "trained"
    UNKNOWN = "unknown"
    SPECIAL = "special"
    CUT = "cut"


@dataclass(frozen=True)
class Token:
    """A token to be shown: its part of the text, its id, and what it is."""

    text: str
    id: int
    part: Part


@dataclass(frozen=True)
class ShownSequence:
    """One sequence of a row, with its tokens and what is wrong with it."""

    tokens: list[Token]
    checks: Sequence[Finding]


class Reader(Protocol):
    """A way of reading rows; `key` names it with all that decides its answers."""

    key: str

    def read(self, rows: Sequence[Row]) -> Iterator[list[ReadSequence]]:
        """The sequences of each row, in order."""

    def show(self, row: Row, limit: int) -> list[ShownSequence]:
        """The sequences of one row with their tokens; cut beyond `limit` tokens."""


class ClassifierReader:
    """Reads the text alone, with the special tokens that the tokenizer adds."""

    def __init__(self, files: BaseModelFiles) -> None:
        path = Path(files.path) / TOKENIZER
        digest = sha256_of(path)
        self.key = f"texts-{digest}"
        self._tokenizer: Tokenizer = tokenizing.load(str(path), digest)
        known = self._tokenizer.get_added_tokens_decoder().items()
        self._special = frozenset(id for id, token in known if token.special)
        self._unknown = frozenset(
            id for word in _UNKNOWN if (id := self._tokenizer.token_to_id(word))
        )

    def read(self, rows: Sequence[Row]) -> Iterator[list[ReadSequence]]:
        """One sequence a row, of which no token is learned: its label is."""
        nothing = self._special | self._unknown
        for found in self._tokenizer.encode_batch([row.text for row in rows]):
            checks = () if set(found.ids) - nothing else (_NOTHING_KNOWN,)
            yield [ReadSequence(len(found.ids), 0, checks)]

    def show(self, row: Row, limit: int) -> list[ShownSequence]:
        """The tokens of the text, those beyond the limit as cut off."""
        found = self._tokenizer.encode(row.text)
        # The last special token stays where a text is cut.
        ending = int(bool(found.special_tokens_mask[-1:] == [1]))
        kept = len(found.ids) if len(found.ids) <= limit else limit - ending
        tokens, at = [], 0
        for place, (id, (_, end)) in enumerate(
            zip(found.ids, found.offsets, strict=True)
        ):
            word = row.text[at:end] if end > at else ""
            part = self._part(id, is_cut=place >= kept)
            if part is Part.SPECIAL:
                word = self._tokenizer.id_to_token(id) or ""
            tokens.append(Token(word, id, part))
            at = max(at, end)
        return [ShownSequence(tokens, ())]

    def _part(self, id: int, *, is_cut: bool) -> Part:
        if id in self._unknown:
            return Part.CUT if is_cut else Part.UNKNOWN
        if id in self._special:
            return Part.SPECIAL
        return Part.CUT if is_cut else Part.READ


class ExchangeReader:
    """Reads exchanges, or preferences, and texts in the model's own template.

    Raises Refused (``no_template``, or as `base_folder.read_shape`).
    """

    def __init__(
        self, files: BaseModelFiles, objective: Objective, wording: Wording
    ) -> None:
        folder = Path(files.path)
        # A tokenizer of its own: that of `tokenizing` is shared, and this is changed.
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._model = ModelTokens.of(base_folders.read_papers(folder), tokenizer)
        self._pairs = objective is Objective.DPO
        self._wording = wording
        self.key = f"{objective.lower()}-{_digest_of(folder)}"

    def read(self, rows: Sequence[Row]) -> Iterator[list[ReadSequence]]:
        """One sequence an exchange, two of a preference; none of what is not taken."""
        for row in rows:
            is_text = row.task == DOMAIN_TEXT
            yield [
                ReadSequence(len(one.ids), sum(one.trained), one.checks, is_text)
                for one in self._encoded(row)
            ]

    def show(self, row: Row, limit: int) -> list[ShownSequence]:
        """The tokens of each sequence, the learned ones as such."""
        return [
            ShownSequence(
                [
                    Token(piece.text, piece.id, self._part(piece))
                    for piece in one.pieces
                ],
                one.checks,
            )
            for one in self._encoded(row)
        ]

    def _part(self, piece: Piece) -> Part:
        if piece.is_trained:
            return Part.TRAINED
        return Part.SPECIAL if piece.id in self._model.special else Part.READ

    def _encoded(self, row: Row) -> tuple[Encoded, ...]:
        if self._pairs != (row.task == PREFERENCE):
            return ()
        try:
            return encode_row(self._model, row, self._wording)
        except (Refused, FormatError) as error:
            words = "The row cannot be written as this model reads it."
            code = getattr(error, "code", UNREADABLE)
            message = getattr(error, "message", words)
            return (Encoded("", (), (), (), checks=(_error(code, message),)),)


def reader_for(spec: TrainSpec) -> Reader | None:
    """How a training reads; None of one that reads no tokens.

    Raises Refused as `ExchangeReader`.
    """
    if spec.base_model is None:
        return None
    if spec.objective in GENERATIVE:
        assert spec.wording is not None  # noqa: S101  (the spec is checked)
        return ExchangeReader(spec.base_model, spec.objective, spec.wording)
    return ClassifierReader(spec.base_model)


def _digest_of(folder: Path) -> str:
    names = (TOKENIZER, TOKENIZER_CONFIG, TEMPLATE, GENERATION)
    found = (folder / name for name in names)
    return "-".join(sha256_of(path)[:16] for path in found if path.is_file())


def _error(code: str, message: str, fix: str = "") -> Finding:
    return Finding(code, Weight.ERROR, message, fix=fix)


_NOTHING_KNOWN = _error(
    UNKNOWN_ONLY,
    "The model knows no token of the text.",
    "Leave the row out, or choose a model that reads its language.",
)
