"""A causal language model to be trained: all of it, or LoRA on its linear layers.

It is loaded from a verified folder as safetensors; code that a folder may carry is
never run, kernels of a hub are never used, and nothing is downloaded. Adapters are
saved as PEFT reads them, whole models as `transformers` does.
"""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any, cast

import peft
import torch
import transformers

from training.domain import base_folder
from training.domain.generative_settings import YES, GenerativeHyperparameters
from training.domain.job_spec import Device, Tuning
from training.ml.adapters import save_adapter
from training.ml.outcomes import BadInput

_PAPERS = (
    base_folder.TOKENIZER, base_folder.TOKENIZER_CONFIG, base_folder.TEMPLATE,
    base_folder.GENERATION, base_folder.CONFIG,
)  # fmt: skip


def refuse_without_quantization(tuning: Tuning, device: Device) -> None:
    """Raise BadInput where QLoRA cannot run: its weights of four bits (nf4) need
    bitsandbytes and a GPU.
    """
    if tuning is not Tuning.QLORA:
        return
    missing = importlib.util.find_spec("bitsandbytes") is None
    if missing or device is not Device.CUDA:
        why = "bitsandbytes is not installed" if missing else "there is no GPU"
        raise BadInput(
            "quantization_unavailable",
            f"Weights of four bits cannot be used here: {why}.",
            "Choose tuning lora, or install bitsandbytes on a machine with a GPU.",
        )


def load_causal(folder: Path, tuning: Tuning, device: Device) -> Any:
    """The language model, its own dropout off.

    On a GPU in bfloat16, but in float32 where all weights learn: steps of 1e-5 of a
    weight are lost in the 8 bits of bfloat16's mantissa.
    """
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    config = transformers.AutoConfig.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False
    )
    for name, value in vars(config).items():
        if "dropout" in name and isinstance(value, float):
            setattr(config, name, 0.0)
    half = device is Device.CUDA and tuning is not Tuning.FULL
    return transformers.AutoModelForCausalLM.from_pretrained(
        folder,
        config=config,
        local_files_only=True,
        use_safetensors=True,
        trust_remote_code=False,
        dtype=torch.bfloat16 if half else torch.float32,
        attn_implementation="sdpa",
        **_quantized(tuning),
    )


def _quantized(tuning: Tuning) -> dict[str, Any]:
    if tuning is not Tuning.QLORA:
        return {}
    config = transformers.BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    return {"quantization_config": config, "device_map": {"": 0}}


def with_adapter(model: Any, settings: GenerativeHyperparameters) -> Any:
    """The model with LoRA on every linear layer but the output; it starts unchanged."""
    config = peft.LoraConfig(
        r=settings.r,
        lora_alpha=settings.alpha,
        lora_dropout=cast(float, settings.dropout),
        use_rslora=settings.rslora == YES,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    return peft.get_peft_model(model, config)


def trained(model: Any) -> dict[str, torch.Tensor]:
    """The tensors that training changes, by name."""
    return {n: p for n, p in model.named_parameters() if p.requires_grad}


def copy_of(model: Any) -> dict[str, torch.Tensor]:
    """Those tensors as they are now, in the memory of the machine."""
    return {n: p.detach().to("cpu", copy=True) for n, p in trained(model).items()}


def overwrite(model: Any, tensors: dict[str, torch.Tensor]) -> None:
    """Give the trained tensors earlier values."""
    with torch.no_grad():
        for name, parameter in trained(model).items():
            parameter.copy_(tensors[name])


def save(model: Any, base: Path, folder: Path) -> None:
    """Write adapter or whole model into the folder of an artifact."""
    if isinstance(model, peft.PeftModel):
        save_adapter(model, folder)
        return
    config = transformers.AutoConfig.from_pretrained(base, local_files_only=True)
    # Many published ones are refused when they are saved; the base's is copied below.
    model.generation_config = transformers.GenerationConfig()
    model.to(config.dtype or torch.float32).save_pretrained(folder)
    # What the model reads and where it stops is the base's, to the byte.
    for name in _PAPERS:
        (folder / name).unlink(missing_ok=True)
        if (base / name).is_file():
            shutil.copyfile(base / name, folder / name)
