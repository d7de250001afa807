"""A run, or a base model, in plain values, for the command line and the API alike."""

from __future__ import annotations

from typing import Any

from training.domain.run_files import TrainResult
from training.domain.strict_json import dump, load
from training.models import BaseModel, Job, TrainingRun


def describe_run(run: TrainingRun) -> dict[str, Any]:
    """A run with its job, its figures and its model, ready for JSON.

    `run` comes from ``with_facts()``. What is not there yet is null.
    """
    job = run.job
    model = getattr(run, "model_version", None)
    return {
        "run": run.pk,
        "job": job.pk,
        "project": run.project.slug,
        "dataset": run.dataset.reference,
        "base_model": run.base_model.name,
        "objective": run.objective,
        "tuning": run.tuning,
        "method": run.method or None,
        "hyperparameters": run.hyperparameters,
        "seed": run.seed,
        "fingerprint": run.fingerprint,
        "preflight_sha256": run.preflight_sha256 or None,
        "state": job.state,
        "exit_class": job.exit_class or None,
        "message": job.message or None,
        "attempt": job.attempt,
        "progress": job.progress,
        "stage": job.stage or None,
        "model": model.name if model else None,
        "artifact_sha256": model.artifact_sha256 if model else None,
        "metrics": _metrics(job),
        "overfitting": run.overfitting or None,
        "seconds": elapsed_seconds(job),
    }


def describe_base(base: BaseModel) -> dict[str, Any]:
    """A base model as it is registered, ready for JSON."""
    return {
        "name": base.name,
        "architecture": base.architecture,
        "source": base.source,
        "revision": base.revision or None,
        "weights_sha256": base.weights_sha256 or None,
        "template_sha256": base.template_sha256 or None,
        "parameters": base.parameters,
        "context_length": base.context_length,
        "licence": base.licence or None,
        "approved": base.is_approved,
        "licence_approved_by": base.licence_approved_by or None,
        "licence_note": base.licence_note or None,
    }


def read_result(job: Job) -> TrainResult | None:
    """The result of a training job that has succeeded."""
    return load(TrainResult, dump(job.result)) if job.result else None


def setting_words(given: object, settled: object) -> str:
    """A setting as the process settled it; says where it was left to the process."""
    return f"{settled} (auto)" if given == "auto" and settled != given else str(settled)


def elapsed_seconds(job: Job) -> float | None:
    """Seconds from the first start to the end, resumptions included."""
    if job.started_at is None or job.finished_at is None:
        return None
    return round((job.finished_at - job.started_at).total_seconds(), 1)


def _metrics(job: Job) -> dict[str, Any] | None:
    result = read_result(job)
    if result is None:
        return None
    return {
        "best_dev_macro_f1": result.best.dev_macro_f1,
        "best_dev_accuracy": result.best.dev_accuracy,
        "best_dev_loss": result.best.dev_loss,
        "best_epoch": result.best.epoch,
        "best_step": result.best.step,
        "epochs": max(0, len(result.history) - 1),
        "stopped_early": result.stopped_early,
        "rows": result.rows,
        "truncated": result.truncated,
    }
