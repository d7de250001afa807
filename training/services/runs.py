"""Training runs: one base on one frozen dataset, queued as a job.

A run knows by its fingerprint everything that decides its result, so the same run asked
for again is answered with the one there is. What a finished run becomes is in
`completing`; the process is the affair of `jobs`.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from annotation.models import Project
from netft_site.base.refusals import Refused
from training.domain.hyperparameters import BaselineHyperparameters, Hyperparameters
from training.domain.job_spec import (
    DataFile,
    Objective,
    TrainSpec,
    Tuning,
    work_sha256,
)
from training.domain.rows import SEVERITY
from training.domain.strict_json import SpecError, dump
from training.models import BaseModel, Dataset, ModelVersion, TrainingRun
from training.services import base_models, preflight
from training.services.jobs import queue_job
from training.services.preflight import Preflight

_ROOT = Path(__file__).resolve().parents[1]
_CODE = ("domain", "ml")
_LIBRARIES = ("torch", "transformers", "peft", "scikit-learn", "tokenizers", "numpy")


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
    ``other_tasks``, ``objective_unknown``, ``hyperparameter``, ``base_model_missing``.
    """
    if not base_model.is_approved:
        raise Refused(
            "licence_unapproved",
            f"Nobody has approved the licence of {base_model} ({base_model.licence}). "
            "Whoever may do so reads it first, on the page of the base model.",
        )
    kind = _kind(base_model, objective, tuning)
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


def _kind(base: BaseModel, objective: str, tuning: str) -> tuple[Objective, Tuning]:
    """Objective and tuning that go with a base model. Raises Refused."""
    classical = base.architecture == BaseModel.Architecture.CLASSICAL
    implied = (
        (Objective.BASELINE, Tuning.NONE)
        if classical
        else (Objective.CLASSIFY, Tuning.LORA)
    )
    wanted = (objective.upper() or implied[0], tuning.upper() or implied[1])
    if wanted != implied:
        raise Refused(
            "objective_unknown",
            f"{base.name} can be trained as {implied[0].lower()} with tuning "
            f"{implied[1].lower()}, not as {' with tuning '.join(wanted).lower()}.",
        )
    return implied


def _spec(
    dataset: Dataset,
    base: BaseModel,
    kind: tuple[Objective, Tuning],
    given: Mapping[str, object],
    seed: int,
) -> TrainSpec:
    train, dev = _data_file(dataset, "TRAIN"), _data_file(dataset, "DEV")
    refuse_other_tasks(dataset)
    baseline = kind[0] is Objective.BASELINE
    settings_class = BaselineHyperparameters if baseline else Hyperparameters
    try:
        return TrainSpec(
            seed=seed,
            labels=tuple(dataset.manifest["levels"]),
            train=train,
            dev=dev,
            objective=kind[0],
            tuning=kind[1],
            method=base_models.BASELINES[base.name] if baseline else None,
            base_model=base_models.files_of(base),
            hyperparameters=settings_class.parse(
                {name: str(value) for name, value in given.items()}
            ),
        )
    except SpecError as error:
        raise Refused("hyperparameter", f"{error}.") from error


def refuse_other_tasks(dataset: Dataset) -> None:
    """Refuse a dataset that a classifier of severity cannot read.

    Raises Refused (``other_tasks``).
    """
    others = sorted(set(dataset.manifest.get("tasks", ())) - {SEVERITY})
    if others:
        raise Refused(
            "other_tasks",
            f"Dataset {dataset} also teaches {', '.join(others)}; a classifier learns "
            "severity alone. Build one with that task and no general rows.",
        )


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
