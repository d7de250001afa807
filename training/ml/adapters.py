"""LoRA adapters on disk, as PEFT reads them: usable without this project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import peft
from safetensors.torch import save_file

from netft_site.base.files import write_atomic
from training.domain.strict_json import dump


def save_adapter(model: Any, folder: Path) -> None:
    """Write the adapter of a PEFT model, without the place of its base."""
    adapter = peft.get_peft_model_state_dict(model, save_embedding_layers=False)
    save_file(
        {name: tensor.cpu().contiguous() for name, tensor in adapter.items()},
        folder / "adapter_model.safetensors",
    )
    config = model.peft_config["default"].to_dict()
    config["target_modules"] = sorted(config["target_modules"])
    # The folder of the base model is this machine's affair.
    config["base_model_name_or_path"] = None
    config["inference_mode"] = True
    write_atomic(folder / "adapter_config.json", dump(config) + "\n")
