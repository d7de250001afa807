"""The folder of a base model: proved, and what it says of itself.

Nothing here reads the weights as numbers, so it can be asked without torch.
"""

from __future__ import annotations

import json
from pathlib import Path

from netft_site.base.files import sha256_of
from training.domain.job_spec import BaseModelFiles
from training.ml.outcomes import BadInput

TOKENIZER = "tokenizer.json"
_WEIGHTS = "model.safetensors"
_CONFIG = "config.json"


def verify_base_model(base: BaseModelFiles) -> Path:
    """The folder of a base model whose weights are what they should be.

    Raises BadInput where a file is missing or the weights differ.
    """
    folder = Path(base.path)
    for name in (_WEIGHTS, TOKENIZER, _CONFIG):
        if not (folder / name).is_file():
            raise BadInput("base_model_missing", f"The base model lacks {name}.")
    if sha256_of(folder / _WEIGHTS) != base.weights_sha256:
        raise BadInput(
            "weights_changed",
            "The weights of the base model do not have the expected sha256.",
            "Install the base model again from a source you trust.",
        )
    return folder


def text_limits(folder: Path) -> tuple[int, int]:
    """Tokens the encoder was trained to read, and tokens it can read at all.

    The first is in the note of sentence-transformers where the folder has one.
    """
    config = json.loads((folder / _CONFIG).read_text())
    positions = int(config["max_position_embeddings"])
    note = folder / "sentence_bert_config.json"
    if not note.is_file():
        return positions, positions
    return int(json.loads(note.read_text())["max_seq_length"]), positions
