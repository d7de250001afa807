"""The folder that a training leaves behind, and the proof that it is unchanged.

`model.json` says what the model is and what it needs; weights are safetensors; nothing
is pickled. The sha256 of `manifest.json` names the whole. Equal models give equal
bytes: no time, path or machine is written.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from netft_site.base.files import sha256_of, sync_directory, write_atomic
from training.domain import run_files
from training.domain.base_folder import TOKENIZER
from training.domain.job_spec import (
    Architecture,
    Artifact,
    BaseModelFiles,
    Objective,
    Tuning,
)
from training.domain.run_files import FileDigest
from training.domain.strict_json import SpecError, dump, load
from training.ml.heads import LinearHead
from training.ml.outcomes import BadInput
from training.ml.sealing import MANIFEST, matches_manifest, seal

Array = npt.NDArray[Any]

LORA = "lora"
_CARD = "model.json"
_HEAD = "head.safetensors"


@dataclass(frozen=True)
class Encoding:
    """How texts became vectors: needed again, exactly so, to predict."""

    max_length: int
    weights_sha256: str
    tokenizer_sha256: str
    pooling: str = "mean, length 1"


_POOLING = {
    Architecture.ENCODER: "mean, length 1",
    Architecture.CAUSAL: "last token, length 1",
}


@dataclass(frozen=True)
class Language:
    """How a model that writes was trained: what it must be asked by, exactly so.

    template_sha256: of the chat template with the tokens that end a turn
    (`base_folder.Shape`).
    """

    objective: Objective
    tuning: Tuning
    max_length: int
    weights_sha256: str
    tokenizer_sha256: str
    template_sha256: str


@dataclass(frozen=True)
class Card:
    """model.json. `method` is lora, a baseline method, sft or dpo; `language` is given
    by the latter two. `shares` of the labels in TRAIN, with copies, and `ngrams` are
    given by the baselines that need them.
    """

    method: str
    labels: tuple[str, ...]
    encoding: Encoding | None = None
    shares: tuple[float, ...] | None = None
    ngrams: int | None = None
    language: Language | None = None
    format: int = 1


def write_artifact(
    run_dir: Path, card: Card, fill: Callable[[Path], None]
) -> FileDigest:
    """Write `artifact/` by rename; `fill` adds the weights to the folder given."""
    temporary, final = run_dir / ".artifact", run_dir / run_files.ARTIFACT
    for leftover in (temporary, final):
        # Of an attempt that was killed before it could write its result.
        shutil.rmtree(leftover, ignore_errors=True)
    temporary.mkdir()
    write_atomic(temporary / _CARD, dump(card) + "\n")
    fill(temporary)
    digest = seal(temporary)
    temporary.rename(final)
    sync_directory(run_dir)
    return FileDigest(run_files.ARTIFACT, digest)


def open_artifact(folder: Path, artifact: Artifact, labels: tuple[str, ...]) -> Card:
    """Verify an artifact and read its card. Raises BadInput."""
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise BadInput("artifact_missing", "The model's artifact is missing.")
    if sha256_of(manifest) != artifact.sha256 or not matches_manifest(folder):
        raise BadInput(
            "artifact_changed",
            "The model's artifact is not the one that was trained.",
            "Restore it from a copy or train again.",
        )
    card = _read_card(folder)
    if card.labels != labels:
        raise BadInput(
            "labels_differ", "The model was trained for other labels or another order."
        )
    return card


def encoding_of(base: BaseModelFiles, max_length: int) -> Encoding:
    """The encoding of a base model that has been verified."""
    tokenizer = sha256_of(Path(base.path) / TOKENIZER)
    pooling = _POOLING[base.architecture]
    return Encoding(max_length, base.weights_sha256, tokenizer, pooling)


def check_encoding(
    card: Card, base: BaseModelFiles | None
) -> tuple[BaseModelFiles, Encoding]:
    """Both parts, where texts will be encoded as they were in training.

    Raises BadInput where they would not.
    """
    if base is None or card.encoding is None:
        raise BadInput("base_model_missing", "The model needs its base model.")
    if card.encoding != encoding_of(base, card.encoding.max_length):
        raise BadInput(
            "base_model_differs",
            "The base model or its tokenizer is not the one of the training.",
        )
    return base, card.encoding


def check_language(card: Card, base: BaseModelFiles) -> Language:
    """How a model that writes was trained, where it will be asked so.

    Raises BadInput where it would not.
    """
    language = card.language
    assert language is not None  # noqa: S101  (others are not asked in words)
    tokenizer = sha256_of(Path(base.path) / TOKENIZER)
    known = (language.weights_sha256, language.tokenizer_sha256)
    if known != (base.weights_sha256, tokenizer):
        raise BadInput(
            "base_model_differs",
            "The base model or its tokenizer is not the one of the training.",
        )
    return language


def save_head(folder: Path, head: LinearHead) -> None:
    """Write a head as float32."""
    save_arrays(folder / _HEAD, head_arrays(head))


def load_head(folder: Path) -> LinearHead:
    """Read what save_head wrote."""
    arrays = load_file(folder / _HEAD)
    return LinearHead(
        arrays["weight"].astype(np.float64), arrays["bias"].astype(np.float64)
    )


def head_arrays(head: LinearHead) -> dict[str, Array]:
    """The head as float32, by the names it is stored under."""
    return {
        "weight": head.weight.astype(np.float32),
        "bias": head.bias.astype(np.float32),
    }


def save_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write safetensors; the format sorts names, so equal arrays are equal bytes."""
    save_file({name: np.ascontiguousarray(a) for name, a in arrays.items()}, path)


def _read_card(folder: Path) -> Card:
    try:
        return load(Card, (folder / _CARD).read_bytes())
    except (OSError, SpecError) as error:
        raise BadInput(
            "artifact_unknown", "The artifact is of another version of the program."
        ) from error
