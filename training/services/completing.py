"""From a finished job to a model that can be evaluated.

Pulled, not pushed: whoever reconciles asks afterwards for runs that succeeded and have
no model yet, so a crash between the two costs nothing. The artifact moves into the
store under its sha256, is verified there, and becomes a model version.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from django.db import IntegrityError, transaction

from training.domain import overfitting
from training.domain.run_files import TrainResult
from training.domain.strict_json import dump, load
from training.launchers.local import LocalLauncher
from training.models import Job, ModelVersion, TrainingRun
from training.services import artifacts, jobs, label_checks
from training.services.artifacts import ArtifactDamaged

logger = logging.getLogger(__name__)

# Another run of the same dataset may be named at the same moment.
_TRIES = 5
DAMAGED = (
    "Training ended well, but its artifact was changed or removed before it could be "
    "stored. Train again."
)


def reconcile(*, now: datetime, launcher: LocalLauncher | None = None) -> int:
    """Reconcile all jobs, then complete the runs and label checks that are over.

    Returns how many jobs are active afterwards.
    """
    active = jobs.reconcile_jobs(now=now, launcher=launcher)
    complete_finished_runs()
    label_checks.sweep(now=now)
    return active


def complete_finished_runs() -> int:
    """Give every succeeded run its model version; return how many were made."""
    return sum(
        complete_run(run=run) is not None for run in TrainingRun.objects.without_model()
    )


def complete_run(*, run: TrainingRun) -> ModelVersion | None:
    """Make the model version of a run whose job has succeeded; twice makes one.

    None where the artifact is damaged: then the run says so and has no model.
    """
    job = run.job
    result = load(TrainResult, dump(job.result))
    try:
        folder = artifacts.keep(
            Path(job.run_dir) / result.artifact.path, result.artifact.sha256
        )
    except ArtifactDamaged:
        logger.error("run %s: the artifact of job %s is damaged", run.pk, job.pk)
        Job.objects.filter(pk=job.pk).update(message=DAMAGED)
        return None
    return _create_model(run, result, folder)


def wait_for_run(
    *,
    run: TrainingRun,
    progress: Callable[[int, int, str], None] | None = None,
    launcher: LocalLauncher | None = None,
) -> TrainingRun:
    """Supervise a run until it is over, without any worker; return it as it ended."""
    jobs.wait_for(job_id=run.job_id, progress=progress, launcher=launcher)
    complete_finished_runs()
    return TrainingRun.objects.with_facts().get(pk=run.pk)


def _create_model(run: TrainingRun, result: TrainResult, folder: Path) -> ModelVersion:
    for _ in range(_TRIES):
        made = ModelVersion.objects.filter(run=run).first()
        if made is not None:
            return made
        try:
            with transaction.atomic():
                TrainingRun.objects.filter(pk=run.pk).update(
                    overfitting=overfitting.verdict(result.history, result.best)
                )
                return ModelVersion.objects.create(
                    project=run.project,
                    name=_free_name(run),
                    base_model=run.base_model,
                    run=run,
                    artifact_path=str(folder),
                    artifact_sha256=result.artifact.sha256,
                    template_sha256=_template_of(run),
                )
        except IntegrityError:
            logger.info("run %s: its model was named by somebody else", run.pk)
    raise RuntimeError(f"no free name for the model of run {run.pk}")


def _template_of(run: TrainingRun) -> str:
    """The chat template that a model which writes is to be asked by."""
    return run.base_model.template_sha256 if run.writes else ""


def _free_name(run: TrainingRun) -> str:
    tuned = run.objective != TrainingRun.Objective.BASELINE
    what = run.tuning.lower() if tuned else run.base_model.name
    if run.writes:
        what = f"{run.objective.lower()}-{what}"
    stem = f"{run.dataset.name}-v{run.dataset.version}-{what}-"
    taken = set(
        ModelVersion.objects.filter(
            project=run.project, name__startswith=stem
        ).values_list("name", flat=True)
    )
    number = 1
    while f"{stem}{number}" in taken:
        number += 1
    return f"{stem}{number}"
