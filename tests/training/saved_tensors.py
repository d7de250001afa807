"""What PyTorch really keeps for the backward pass of a tiny model."""

from __future__ import annotations

from typing import Any

import peft
import torch
import transformers

ROWS, LENGTH = 2, 128
RANK = 8
_SIZE = {
    "vocab_size": 512,
    "hidden_size": 64,
    "intermediate_size": 176,
    "num_attention_heads": 4,
    "max_position_embeddings": 512,
}


def config_of(family: str, layers: int = 2, **more: Any) -> Any:
    """A configuration without dropout; causal families share keys among heads."""
    shared = {} if family in ("bert", "roberta") else {"num_key_value_heads": 2}
    config = transformers.AutoConfig.for_model(
        family, num_hidden_layers=layers, **{**_SIZE, **shared, **more}
    )
    config.use_cache = False
    for name, value in vars(config).items():
        if "dropout" in name and isinstance(value, float):
            setattr(config, name, 0.0)
    return config


def adapted(model: Any, dropout: float = 0.0, keep_fp32: bool = False) -> Any:
    """The model with LoRA on every matrix."""
    config = peft.LoraConfig(
        r=RANK, lora_alpha=16, lora_dropout=dropout, target_modules="all-linear"
    )
    return peft.get_peft_model(model, config, autocast_adapter_dtype=keep_fp32)


def saved_bytes(model: Any) -> int:
    """Bytes of distinct tensors that a forward pass keeps, weights aside."""
    own = [*model.parameters(), *model.buffers()]
    known = {tensor.untyped_storage().data_ptr() for tensor in own}
    kept: dict[int, torch.Tensor] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        place = tensor.untyped_storage().data_ptr()
        if place not in known:
            # Kept alive, so that no other tensor gets the same place.
            kept.setdefault(place, tensor)
        return tensor

    ids = torch.randint(3, 500, (ROWS, LENGTH))
    model.train()
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        output = model(input_ids=ids, attention_mask=torch.ones_like(ids))
    assert output is not None
    return sum(tensor.untyped_storage().nbytes() for tensor in kept.values())
