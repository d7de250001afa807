"""The folder of a base model: proved, and what it says of itself.

Nothing here reads the weights as numbers, so it can be asked without torch.
"""

from __future__ import annotations

import json
from pathlib import Path

from netft_site.base.files import sha256_of
from netft_site.base.refusals import Refused
from training.domain.base_folder import (
    CONFIG,
    INDEX,
    SENTENCES,
    TOKENIZER,
    joint_sha256,
    positions,
    weight_files,
)
from training.domain.job_spec import BaseModelFiles
from training.ml.outcomes import BadInput


def verify_base_model(base: BaseModelFiles) -> Path:
    """The folder of a base model whose weights are what they should be.

    Raises BadInput where a file is missing or the weights differ.
    """
    folder = Path(base.path)
    for name in (TOKENIZER, CONFIG):
        if not (folder / name).is_file():
            raise BadInput("base_model_missing", f"The base model lacks {name}.")
    digests = {name: sha256_of(folder / name) for name in _weights(folder)}
    if joint_sha256(digests) != base.weights_sha256:
        raise BadInput(
            "weights_changed",
            "The weights of the base model do not have the expected sha256.",
            "Install the base model again from a source you trust.",
        )
    return folder


def _weights(folder: Path) -> tuple[str, ...]:
    names = frozenset(path.name for path in folder.iterdir() if path.is_file())
    index = json.loads((folder / INDEX).read_bytes()) if INDEX in names else {}
    try:
        return weight_files(names, index)
    except Refused as refusal:
        raise BadInput(refusal.code, refusal.message) from refusal


def text_limits(folder: Path) -> tuple[int, int]:
    """Tokens the encoder was trained to read, and tokens it can read at all.

    The first is in the note of sentence-transformers where the folder has one.
    """
    most = positions(json.loads((folder / CONFIG).read_text()))
    note = folder / SENTENCES
    if not note.is_file():
        return most, most
    return int(json.loads(note.read_text())["max_seq_length"]), most
