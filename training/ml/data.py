"""From JSONL files to token ids and batches of rows.

Files are checked against the sha256 of the spec before a row of them is believed, and
a row that does not fit is refused by its line number, never by its text. Tokenizing
uses the Rust tokenizer alone. Nothing here knows about models or needs torch.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from netft_site.base.files import sha256_of
from training.domain.job_spec import DataFile
from training.domain.rows import Row
from training.ml.outcomes import BadInput

# Rows are sorted by length within this many batches, so a batch pads little and the
# order stays random across the epoch.
_BUCKET_BATCHES = 16
_LENGTH_STEP = 64

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Labelled texts; `labels` are positions in the list of labels, shape (n,)."""

    ids: list[str]
    texts: list[str]
    labels: Integers


@dataclass(frozen=True)
class Example:
    """One labelled text; examples of one group are much alike."""

    id: str
    text: str
    label: str
    group: str
    split: str


@dataclass(frozen=True)
class Items:
    """Texts to be judged."""

    ids: list[str]
    texts: list[str]


@dataclass(frozen=True)
class Tokens:
    """Token ids of each text, how many were cut, and the id that fills a batch up."""

    ids: list[list[int]]
    truncated: int
    pad_id: int

    @property
    def lengths(self) -> Integers:
        """Tokens of each text, shape (n,)."""
        return np.array([len(ids) for ids in self.ids], dtype=np.int64)


def read_rows(path: Path, file: DataFile, labels: tuple[str, ...], split: str) -> Rows:
    """Read a split. Raises BadInput where the file or a row cannot be used."""
    index = {label: i for i, label in enumerate(labels)}
    ids, texts, targets = [], [], []
    for number, row in _objects(path, file, split):
        label = _label(row, labels, number, split)
        ids.append(_text(row, "id", number, split))
        texts.append(_text(row, "text", number, split))
        targets.append(index[label])
    if not ids:
        raise BadInput("split_empty", f"{split} has no rows.", "Enlarge the dataset.")
    return Rows(ids, texts, np.array(targets, dtype=np.int64))


def read_examples(
    path: Path, file: DataFile, labels: tuple[str, ...], split: str
) -> list[Example]:
    """Read the examples of a split, without their copies.

    Raises BadInput where the file or a row cannot be used. What is in no group is one
    by itself.
    """
    found = []
    for number, row in _objects(path, file, split):
        if row.get("copy"):
            continue
        name = _text(row, "id", number, split)
        text = _text(row, "text", number, split)
        label = _label(row, labels, number, split)
        found.append(Example(name, text, label, row.get("group") or name, split))
    return found


def read_items(path: Path, file: DataFile) -> Items:
    """Read texts to be judged. Raises BadInput, also where an id occurs twice."""
    ids, texts = [], []
    for number, row in _objects(path, file, "items"):
        ids.append(_text(row, "id", number, "items"))
        texts.append(_text(row, "text", number, "items"))
    if len(set(ids)) != len(ids):
        raise BadInput("id_repeated", "items: an id occurs twice.")
    return Items(ids, texts)


def read_frozen(path: Path, file: DataFile, split: str) -> list[Row]:
    """Read rows as a dataset froze them. Raises BadInput where one cannot be used."""
    found = []
    for number, row in _objects(path, file, split):
        try:
            found.append(Row(**row))
        except TypeError as error:
            raise BadInput(
                "row_invalid", f"{split}: line {number} is no row of a dataset."
            ) from error
    return found


def refuse_overlap(train: Rows, dev: Rows) -> None:
    """Raise BadInput where a ticket is in both splits: DEV must be unseen."""
    shared = set(train.ids) & set(dev.ids)
    if shared:
        raise BadInput(
            "splits_overlap",
            f"{len(shared)} rows of DEV are in TRAIN too.",
            "Build the dataset again: splits must not share a ticket.",
        )


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a base model, without padding or truncation of its own."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def token_lengths(tokenizer: Tokenizer, texts: list[str]) -> Integers:
    """Tokens of each whole text, special tokens included, shape (n,)."""
    tokenizer.no_truncation()
    encodings = tokenizer.encode_batch_fast(texts)
    return np.array([len(e.ids) for e in encodings], dtype=np.int64)


def tokenize(tokenizer: Tokenizer, texts: list[str], max_length: int) -> Tokens:
    """Token ids with special tokens, cut at `max_length`."""
    tokenizer.enable_truncation(max_length)
    encodings = tokenizer.encode_batch_fast(texts)
    cut = sum(bool(e.overflowing) for e in encodings)
    pad_id = tokenizer.token_to_id("[PAD]") or 0
    return Tokens([e.ids for e in encodings], cut, pad_id)


def settle_max_length(
    given: int | str, lengths: Integers, trained: int, positions: int
) -> int:
    """The number of tokens to read of a text.

    auto: the 99th percentile rounded up to 64, so that one monster ticket does not
    make every batch slow, and at most what the encoder was trained for. Raises
    BadInput for more than the encoder has positions.
    """
    if not isinstance(given, int):
        p99 = int(np.percentile(lengths, 99, method="inverted_cdf"))
        return min(-(-p99 // _LENGTH_STEP) * _LENGTH_STEP, trained)
    if given > positions:
        raise BadInput(
            "max_length",
            f"max_length={given} is more than the base model can read.",
            f"Choose at most {positions}.",
        )
    return given


def epoch_batches(
    lengths: Integers, batch: int, rng: np.random.Generator
) -> list[Integers]:
    """Row numbers of every batch of one epoch: random, of similar length, random order.

    Every row occurs exactly once. Equal generators give equal epochs.
    """
    order = rng.permutation(len(lengths))
    span = batch * _BUCKET_BATCHES
    batches = []
    for start in range(0, len(order), span):
        bucket = order[start : start + span]
        bucket = bucket[np.argsort(lengths[bucket], kind="stable")]
        batches += [bucket[i : i + batch] for i in range(0, len(bucket), batch)]
    return [batches[i] for i in rng.permutation(len(batches))]


def length_batches(lengths: Integers, batch: int) -> Iterator[Integers]:
    """Row numbers in batches of similar length, the longest first.

    The longest first: if memory does not suffice, it shows at once.
    """
    order = np.argsort(-lengths, kind="stable")
    for start in range(0, len(order), batch):
        yield order[start : start + batch]


def _objects(
    path: Path, file: DataFile, split: str
) -> Iterator[tuple[int, dict[str, Any]]]:
    _verify(path, file, split)
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                row = json.loads(line)
            except ValueError as error:
                raise BadInput(
                    "row_invalid", f"{split}: line {number} is not JSON."
                ) from error
            if not isinstance(row, dict):
                raise BadInput("row_invalid", f"{split}: line {number} is no object.")
            yield number, row


def _verify(path: Path, file: DataFile, split: str) -> None:
    if not path.is_file():
        raise BadInput("data_missing", f"The file of {split} is missing.")
    if sha256_of(path) != file.sha256:
        raise BadInput(
            "data_changed",
            f"The file of {split} is not the one that the run was made for.",
            "Restore the dataset from its frozen copy or start a new run.",
        )


def _label(
    row: dict[str, Any], labels: tuple[str, ...], number: int, split: str
) -> str:
    label = row.get("label")
    if not isinstance(label, str) or label not in labels:
        raise BadInput(
            "label_unknown",
            f"{split}: line {number} has a label outside the schema.",
            "Build the dataset again with the labels of the project.",
        )
    return label


def _text(row: dict[str, Any], key: str, number: int, split: str) -> str:
    value = row.get(key)
    if not isinstance(value, str):
        raise BadInput("row_invalid", f"{split}: line {number} has no text in {key}.")
    return value
