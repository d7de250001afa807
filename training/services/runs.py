"""Training runs: one base on one frozen dataset, queued as a job.

A run knows by its fingerprint everything that decides its result, so the same run asked
for again is answered with the one there is. What a finished run becomes is in
`completing`; the process is the affair of `jobs`.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from annotation.models import Project
from netft_site.base.refusals import Refused
from training.domain.job_kinds import GENERATIVE
from training.domain.job_spec import (
    BaseModelFiles,
    DataFile,
    Objective,
    TrainSpec,
    settings_class,
    work_sha256,
)
from training.domain.strict_json import SpecError, dump
from training.domain.wording import Wording
from training.models import BaseModel, Dataset, ModelVersion, TrainingRun
from training.services import base_models, preflight, run_kinds
from training.services.datasets import streaming
from training.services.jobs import queue_job
from training.services.preflight import Preflight
from training.services.run_kinds import Kind

_ROOT = Path(__file__).resolve().parents[1]
_CODE = ("domain", "ml")
_LIBRARIES = (
    "torch", "transformers", "peft", "trl", "scikit-learn", "tokenizers", "numpy",
)  # fmt: skip


def queue(
    *,
    dataset: Dataset,
    base_model: BaseModel,
    objective: str = "",
    tuning: str = "",
    hyperparameters: Mapping[str, object] | None = None,
    seed: int = 0,
    user: User | None = None,
    force: bool = False,
    patience: float | None = preflight.AT_LAUNCH,
) -> TrainingRun:
    """Queue a run, or return the same run where one has succeeded or is under way.

    An empty objective or tuning follows from the base model. `force` queues a new run
    in any case. A new one passes the pre-flight first; `patience` are the seconds in
    which that reads rows, None for no end.

    Raises Refused: as `plan`, and as `preflight.refuse_blocked`.
    """
    spec = plan(
        dataset=dataset,
        base_model=base_model,
        objective=objective,
        tuning=tuning,
        hyperparameters=hyperparameters,
        seed=seed,
    )
    fingerprint = _fingerprint(dataset, base_model, spec)
    same = TrainingRun.objects.same_as(dataset.project, fingerprint).standing()
    same = same.select_related("job")
    if not force and (found := same.first()):
        return found
    report = preflight.examine(
        dataset=dataset, base=base_model, spec=spec, seconds=patience
    )
    preflight.refuse_blocked(report)
    with transaction.atomic():
        # Of two requests for the same run at once, the second finds the first.
        Project.objects.select_for_update().get(pk=dataset.project_id)
        if not force and (found := same.first()):
            return found
        return _create(dataset, base_model, spec, fingerprint, user, report)


def plan(
    *,
    dataset: Dataset,
    base_model: BaseModel,
    objective: str = "",
    tuning: str = "",
    hyperparameters: Mapping[str, object] | None = None,
    seed: int = 0,
) -> TrainSpec:
    """Say what a run would compute, without queueing it.

    Raises Refused: ``licence_unapproved``, ``dataset_not_frozen``, ``split_empty``,
    ``other_tasks``, ``tasks_missing``, ``objective_unknown``, ``no_template``,
    ``quantization_unavailable``, ``hyperparameter``, ``base_model_missing``.
    """
    if not base_model.is_approved:
        raise Refused(
            "licence_unapproved",
            f"Nobody has approved the licence of {base_model} ({base_model.licence}). "
            "Whoever may do so reads it first, on the page of the base model.",
        )
    kind = run_kinds.resolve_kind(base_model, objective, tuning)
    return _spec(dataset, base_model, kind, hyperparameters or {}, seed)


def queue_baselines(
    *, dataset: Dataset, user: User | None = None, seed: int = 0
) -> list[TrainingRun]:
    """Queue the three baselines that every comparison needs. Raises Refused."""
    return [
        queue(
            dataset=dataset,
            base_model=base_models.resolve_base_model(name),
            seed=seed,
            user=user,
        )
        for name in base_models.BASELINES
    ]


def resolve_model(reference: str) -> ModelVersion:
    """Find a model by ``[project/]name``.

    Raises Refused (``model_unknown``, ``model_ambiguous``).
    """
    found = list(
        ModelVersion.objects.referred_to_by(reference).select_related(
            "project", "base_model", "run__dataset"
        )[:2]
    )
    if not found:
        raise Refused("model_unknown", f"No model is called {reference}.")
    if len(found) > 1:
        raise Refused(
            "model_ambiguous",
            f"Several projects have a model {reference}; write PROJECT/{reference}.",
        )
    return found[0]


def _spec(
    dataset: Dataset,
    base: BaseModel,
    kind: Kind,
    given: Mapping[str, object],
    seed: int,
) -> TrainSpec:
    train, dev = _data_file(dataset, "TRAIN"), _data_file(dataset, "DEV")
    run_kinds.refuse_tasks(dataset, kind[0])
    writes = kind[0] in GENERATIVE
    baseline = kind[0] is Objective.BASELINE
    try:
        return TrainSpec(
            seed=seed,
            labels=tuple(dataset.manifest["levels"]),
            train=train,
            dev=dev,
            objective=kind[0],
            tuning=kind[1],
            method=base_models.BASELINES[base.name] if baseline else None,
            base_model=writing_files(base) if writes else base_models.files_of(base),
            wording=wording_of(dataset) if writes else None,
            hyperparameters=settings_class(kind[0]).parse(
                {name: str(value) for name, value in given.items()}
            ),
        )
    except SpecError as error:
        raise Refused("hyperparameter", f"{error}.") from error


def writing_files(base: BaseModel) -> BaseModelFiles:
    """The folder of a base that writes, with the template it was registered with.

    Raises Refused (``base_model_missing``, ``no_template``).
    """
    files = base_models.files_of(base)
    if files is None or not base.template_sha256:
        raise Refused("no_template", f"{base.name} has no chat template to write by.")
    return replace(files, template_sha256=base.template_sha256)


def wording_of(dataset: Dataset) -> Wording:
    """The words that a dataset was frozen with, for a model that writes."""
    scale, causes, versions = streaming.wording_of(dataset)
    return Wording(tuple(scale.rows()), causes, versions)


def _create(
    dataset: Dataset,
    base: BaseModel,
    spec: TrainSpec,
    fingerprint: str,
    user: User | None,
    report: Preflight,
) -> TrainingRun:
    return TrainingRun.objects.create(
        project=dataset.project,
        dataset=dataset,
        base_model=base,
        objective=spec.objective,
        tuning=spec.tuning,
        method=spec.method or "",
        hyperparameters=spec.hyperparameters.as_dict(),
        seed=spec.seed,
        job=queue_job(spec=spec),
        fingerprint=fingerprint,
        preflight=report.as_dict(),
        preflight_sha256=report.sha256,
        created_by=user,
    )


def _data_file(dataset: Dataset, split: str) -> DataFile:
    if dataset.status != Dataset.Status.FROZEN:
        raise Refused(
            "dataset_not_frozen",
            f"Dataset {dataset} is {dataset.get_status_display().lower()}; only a "
            "frozen dataset can be trained on.",
        )
    file: dict[str, Any] = dataset.manifest.get("splits", {}).get(split, {})
    if not file.get("rows"):
        raise Refused(
            "split_empty",
            f"Dataset {dataset} has no {split} rows; training needs TRAIN to learn "
            "from and DEV to choose by.",
        )
    path = Path(settings.DATA_DIR) / dataset.path / file["file"]
    return DataFile(str(path), file["sha256"])


def _fingerprint(dataset: Dataset, base: BaseModel, spec: TrainSpec) -> str:
    """Hash of everything that decides the result of a run."""
    facts = {
        "dataset": dataset.sha256,
        "recipe": dataset.recipe,
        "base_model": [base.name, base.weights_sha256],
        "work": work_sha256(spec),
        "code": code_sha256(),
        "libraries": {name: importlib.metadata.version(name) for name in _LIBRARIES},
    }
    return hashlib.sha256(dump(facts).encode()).hexdigest()


@cache
def code_sha256() -> str:
    """Hash of the sources that a training process runs."""
    digest = hashlib.sha256()
    for folder in _CODE:
        for path in sorted((_ROOT / folder).rglob("*.py")):
            digest.update(
                path.relative_to(_ROOT).as_posix().encode()
                + b"\0"
                + path.read_bytes()
                + b"\0"
            )
    return digest.hexdigest()
