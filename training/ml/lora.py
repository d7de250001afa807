"""An encoder with LoRA under a linear head, and how it is written down.

The adapter is saved as PEFT reads it, so it can be used without this project; the head
is saved beside it. Nothing here trains.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import peft
import torch
from peft.tuners.lora import LoraLayer

from training.domain.hyperparameters import Hyperparameters
from training.ml.adapters import save_adapter
from training.ml.artifacts import save_head
from training.ml.heads import LinearHead


class SharedDropout(torch.nn.Module):
    """Dropout that takes a feature from all tokens of a text or from none.

    Drawing a number for each feature of each token, on every adapted layer, would take
    a quarter of a step on a CPU. Sharing the mask along the sequence is the dropout of
    Gal and Ghahramani 2016 for recurrent networks; the expectation is the same.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Mask features of shape (b, t, d) while training."""
        if not self.training:
            return hidden
        kept = 1.0 - self.share
        mask = hidden.new_empty(hidden.shape[0], 1, hidden.shape[2])
        return hidden * mask.bernoulli_(kept).div_(kept)


class Classifier(torch.nn.Module):
    """An encoder with LoRA, its way of pooling, and a linear head."""

    def __init__(self, encoder: Any, settings: Hyperparameters, labels: int) -> None:
        super().__init__()
        share = cast(float, settings.dropout)
        config = peft.LoraConfig(
            r=settings.r,
            lora_alpha=settings.alpha,
            lora_dropout=share,
            target_modules="all-linear",
        )
        self.encoder = peft.get_peft_model(encoder, config)
        if share:
            self._share_dropout(share)
        self.head = torch.nn.Linear(encoder.config.hidden_size, labels)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Scores of shape (b, k) for token ids and mask of shape (b, t)."""
        hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        return cast(torch.Tensor, self.head(self.encoder.pool(hidden, mask)))

    def trained(self) -> dict[str, torch.Tensor]:
        """The tensors that training changes, by name."""
        return {n: p for n, p in self.named_parameters() if p.requires_grad}

    def load(self, tensors: dict[str, torch.Tensor]) -> None:
        """Overwrite the trained tensors with earlier values."""
        with torch.no_grad():
            for name, parameter in self.trained().items():
                parameter.copy_(tensors[name])

    def _share_dropout(self, share: float) -> None:
        for module in self.encoder.modules():
            if isinstance(module, LoraLayer):
                module.lora_dropout["default"] = SharedDropout(share)

    def save(self, folder: Path) -> None:
        """Write adapter and head into the folder of an artifact."""
        save_adapter(self.encoder, folder)
        weight, bias = self.head.weight.detach(), self.head.bias.detach()
        save_head(folder, LinearHead(weight.double().numpy(), bias.double().numpy()))


def merge_adapter(encoder: Any, folder: Path) -> Any:
    """The encoder with a saved adapter added to its weights: same vectors, faster."""
    adapted = peft.PeftModel.from_pretrained(encoder, folder, is_trainable=False)
    return adapted.merge_and_unload().eval()
