"""The frozen encoder: token ids in, one vector a text out.

Weights are read from a verified local folder, as safetensors only; code that a model
folder may carry is never run and nothing is downloaded. Fine-tuning starts from here,
and so does the frozen-embedding baseline.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import transformers

from training.domain.job_spec import Architecture, Device
from training.domain.run_files import Phase
from training.ml.callbacks import Run
from training.ml.data import Integers, Tokens, length_batches
from training.ml.outcomes import BadInput

_BATCH = 32

Floats = npt.NDArray[np.float32]


def set_up_torch(threads: int | None, device: Device = Device.CPU) -> None:
    """Settle how torch computes, before it computes anything; None is every core.

    Equal work on equally many threads must give equal bits. On a GPU that would forbid
    the fast kernels of attention, so there equal work gives nearly equal numbers.
    """
    torch.set_num_threads(threads or len(os.sched_getaffinity(0)))
    torch.use_deterministic_algorithms(device is Device.CPU)
    # Else every buffer is filled before it is written to; for TRL's, which are as wide
    # as any vocabulary, that took a third of a step of a small model.
    torch.utils.deterministic.fill_uninitialized_memory = False


def load_encoder(
    folder: Path, architecture: Architecture = Architecture.ENCODER
) -> Any:
    """The encoder in float32 with its dropout off and without an unused pooler.

    Of a causal model it is what comes before the language model's head.
    """
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    config = transformers.AutoConfig.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False
    )
    # Each family has its own words for it; LoRA brings the dropout that is wanted.
    for name, value in vars(config).items():
        if "dropout" in name and isinstance(value, float):
            setattr(config, name, 0.0)
    # Of a causal model, keys and values are kept for a generation that never comes.
    config.use_cache = False
    encoder = transformers.AutoModel.from_pretrained(
        folder,
        config=config,
        local_files_only=True,
        use_safetensors=True,
        trust_remote_code=False,
        dtype=torch.float32,
    )
    # Mean pooling replaces it; left in, LoRA would adapt weights nobody uses.
    encoder.pooler = None
    encoder.pool = _POOLS[architecture]
    return encoder.eval()


def pad_batch(tokens: Tokens, rows: Integers) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and attention mask of some rows, each of shape (rows, longest)."""
    picked = [tokens.ids[i] for i in rows]
    width = max(len(ids) for ids in picked)
    ids = torch.full((len(picked), width), tokens.pad_id, dtype=torch.long)
    mask = torch.zeros((len(picked), width), dtype=torch.long)
    for i, row in enumerate(picked):
        ids[i, : len(row)] = torch.tensor(row, dtype=torch.long)
        mask[i, : len(row)] = 1
    return ids, mask


def mean_pool(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean over the real tokens, scaled to length 1: (b, t, d), (b, t) to (b, d)."""
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    mean = (hidden * weights).sum(dim=1) / weights.sum(dim=1)
    return torch.nn.functional.normalize(mean, dim=-1)


def last_pool(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The last real token, scaled to length 1: (b, t, d), (b, t) to (b, d).

    It alone has read the whole text where each token sees only those before it. Batches
    are padded on the right, so that no padding comes before it either; which token
    pads, and what the model's own configuration says of it, plays no part.
    """
    last = mask.sum(dim=1) - 1
    picked = hidden[torch.arange(hidden.shape[0], device=hidden.device), last]
    return torch.nn.functional.normalize(picked, dim=-1)


_POOLS = {Architecture.ENCODER: mean_pool, Architecture.CAUSAL: last_pool}


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
        vectors: Floats = encoder.pool(hidden, mask).numpy()
    return vectors
