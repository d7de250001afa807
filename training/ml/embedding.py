"""The frozen encoder: verified weights in, one vector a text out.

Weights are read from a local folder, as safetensors only, after their sha256 has been
checked; code that a model folder may carry is never run and nothing is downloaded.
Fine-tuning starts from here, and so do two of the baselines.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import transformers

from netft_site.base.files import sha256_of
from training.domain.job_spec import BaseModelFiles
from training.domain.run_files import Phase
from training.ml.callbacks import Run
from training.ml.data import Tokens, length_batches, pad_batch
from training.ml.outcomes import BadInput

WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"
_BATCH = 32

Floats = npt.NDArray[np.float32]


def verify_base_model(base: BaseModelFiles) -> Path:
    """The folder of a base model whose weights are what they should be.

    Raises BadInput where a file is missing or the weights differ.
    """
    folder = Path(base.path)
    for name in (WEIGHTS, TOKENIZER, "config.json"):
        if not (folder / name).is_file():
            raise BadInput("base_model_missing", f"The base model lacks {name}.")
    if sha256_of(folder / WEIGHTS) != base.weights_sha256:
        raise BadInput(
            "weights_changed",
            "The weights of the base model do not have the expected sha256.",
            "Install the base model again from a source you trust.",
        )
    return folder


def load_encoder(folder: Path) -> Any:
    """The encoder in float32 with its dropout off and without an unused pooler."""
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    encoder = transformers.AutoModel.from_pretrained(
        folder,
        local_files_only=True,
        use_safetensors=True,
        trust_remote_code=False,
        dtype=torch.float32,
        attn_implementation="sdpa",
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    # Mean pooling replaces it; left in, LoRA would adapt weights nobody uses.
    encoder.pooler = None
    return encoder.eval()


def text_limits(folder: Path) -> tuple[int, int]:
    """Tokens the encoder was trained to read, and tokens it can read at all.

    The first is in the note of sentence-transformers where the folder has one.
    """
    config = json.loads((folder / "config.json").read_text())
    positions = int(config["max_position_embeddings"])
    note = folder / "sentence_bert_config.json"
    if not note.is_file():
        return positions, positions
    return int(json.loads(note.read_text())["max_seq_length"]), positions


def mean_pool(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean over the real tokens, scaled to length 1: (b, t, d), (b, t) to (b, d)."""
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    mean = (hidden * weights).sum(dim=1) / weights.sum(dim=1)
    return torch.nn.functional.normalize(mean, dim=-1)


def embed(encoder: Any, tokens: Tokens, run: Run) -> Floats:
    """One vector of length 1 for each text, shape (n, d). Copies are computed once."""
    run.reporter.state(Phase.EMBEDDING)
    first: dict[tuple[int, ...], int] = {}
    place = [first.setdefault(tuple(ids), len(first)) for ids in tokens.ids]
    distinct = Tokens([list(ids) for ids in first], 0, tokens.pad_id)
    vectors = np.empty((len(first), encoder.config.hidden_size), dtype=np.float32)
    done = 0
    for rows in length_batches(distinct.lengths, _BATCH):
        run.stop.check()
        vectors[rows] = embed_batch(encoder, *pad_batch(distinct, rows))
        done += len(rows)
        run.reporter.progress(done, len(first), "texts")
    if not np.isfinite(vectors).all():
        raise BadInput(
            "base_model_not_finite",
            "The base model gives vectors that are not finite numbers.",
            "Choose another base model.",
        )
    return vectors[place]


def embed_batch(encoder: Any, ids: torch.Tensor, mask: torch.Tensor) -> Floats:
    """Vectors of one padded batch, shape (b, d)."""
    with torch.inference_mode():
        hidden = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        vectors: Floats = mean_pool(hidden, mask).numpy()
    return vectors
