"""Runs of one project side by side: their curves and everything that sets them apart.

Reads only. What the models are worth is another matter: figures on TEST belong to
`evaluation`, and those on DEV chose the checkpoints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone

from annotation.models import Project
from netft_site.base.refusals import Refused
from training.domain.economics import Unit
from training.domain.job_spec import Device
from training.domain.run_lines import DASH, Line, flattened, side_by_side
from training.domain.run_words import duration
from training.models import Price, TrainingRun
from training.services.curves import Point, read_curves
from training.services.describing import elapsed_seconds, read_result, setting_words

MOST_RUNS = 6
_SHORT = 12


@dataclass(frozen=True)
class RunSide:
    """One run of a comparison; `name` tells it from the others."""

    run: TrainingRun
    name: str
    curves: dict[str, list[Point]]
    facts: dict[str, dict[str, str]]

    @property
    def model(self) -> str:
        """The name of the model that it left, if any."""
        model = getattr(self.run, "model_version", None)
        return model.name if model else ""


@dataclass(frozen=True)
class RunComparison:
    """Runs in the order of their numbers, and their facts line by line."""

    sides: list[RunSide]
    lines: list[Line]

    @property
    def differing(self) -> list[Line]:
        """The lines in which the runs differ."""
        return [line for line in self.lines if line.differs]

    def as_dict(self) -> dict[str, Any]:
        """Return the public shape."""
        return {
            "runs": [
                {
                    "run": side.run.pk,
                    "name": side.name,
                    "model": side.model or None,
                    "curves": {
                        name: [[point.step, point.value] for point in curve]
                        for name, curve in side.curves.items()
                    },
                    "facts": side.facts,
                }
                for side in self.sides
            ],
            "differing": [
                {"section": line.section, "name": line.name, "values": line.values}
                for line in self.differing
            ],
        }


def compare_runs(*, project: Project, numbers: Sequence[int]) -> RunComparison:
    """Set runs of a project side by side.

    Raises Refused: ``no_runs``, ``too_many_runs``, ``run_unknown``.
    """
    wanted = sorted(set(numbers))
    if not wanted:
        raise Refused("no_runs", "Name at least one run.")
    if len(wanted) > MOST_RUNS:
        raise Refused(
            "too_many_runs",
            f"At most {MOST_RUNS} runs stand side by side; choose among them.",
        )
    rows = TrainingRun.objects.with_facts().filter(project=project, pk__in=wanted)
    runs = list(rows.order_by("pk"))
    if len(runs) < len(wanted):
        missing = min(set(wanted) - {run.pk for run in runs})
        raise Refused("run_unknown", f"{project} has no run {missing}.")
    prices = _gpu_prices(project, timezone.localdate())
    sides = [_side(run, prices) for run in runs]
    return RunComparison(sides, side_by_side([side.facts for side in sides]))


def usual_choice(*, project: Project) -> list[int]:
    """The newest runs that left a model, baselines last; at most four."""
    left = TrainingRun.objects.filter(project=project, model_version__isnull=False)
    newest = left.order_by("-pk").values_list("pk", "objective")[:20]
    baseline = TrainingRun.Objective.BASELINE
    ordered = sorted(newest, key=lambda row: (row[1] == baseline, -row[0]))
    return [pk for pk, _ in ordered[:4]]


def _side(run: TrainingRun, prices: Sequence[Price]) -> RunSide:
    # A baseline's base is called as its method.
    how = "" if run.method else f"{run.get_tuning_display()}, "
    return RunSide(
        run=run,
        name=f"Run {run.pk}: {how}{run.base_model.name}",
        curves=read_curves(run.job),
        facts={
            "Data": _data(run),
            "Model": _model(run),
            "Hyperparameters": _hyperparameters(run),
            "Outcome": _outcome(run),
            "Cost": _cost(run, prices),
            "Environment": _environment(run),
        },
    )


def _data(run: TrainingRun) -> dict[str, str]:
    manifest = run.dataset.manifest
    splits = {
        f"{split} rows": f"{counts['rows']:,}, from {counts['examples']:,} examples"
        for split, counts in manifest.get("splits", {}).items()
        if split in ("TRAIN", "DEV")
    }
    recipe = flattened(run.dataset.recipe)
    return {
        "dataset": run.dataset.reference,
        "content": run.dataset.sha256[:_SHORT],
        **splits,
        **{f"recipe: {key}": value for key, value in recipe.items()},
    }


def _model(run: TrainingRun) -> dict[str, str]:
    base = run.base_model
    return {
        "base model": base.name,
        "weights": base.weights_sha256[:_SHORT] or DASH,
        "parameters": f"{base.parameters:,}" if base.parameters else DASH,
        "objective": run.get_objective_display(),
        "tuning": run.get_tuning_display(),
        "method": run.method or DASH,
        "seed": str(run.seed),
    }


def _hyperparameters(run: TrainingRun) -> dict[str, str]:
    result = read_result(run.job)
    settled = result.settled if result else {}
    return {
        name: setting_words(given, settled.get(name, given))
        for name, given in run.hyperparameters.items()
    }


def _outcome(run: TrainingRun) -> dict[str, str]:
    result, job = read_result(run.job), run.job
    facts = {"state": job.get_state_display(), "attempts": str(job.attempt)}
    if result is None:
        return {**facts, "why": job.message or DASH}
    best = result.best
    return {
        **facts,
        "DEV macro-F1": f"{best.dev_macro_f1:.3f}",
        "DEV accuracy": f"{best.dev_accuracy:.3f}",
        "DEV loss": f"{best.dev_loss:.4f}",
        "best epoch": f"{best.epoch} of {max(0, len(result.history) - 1)}",
        "stopped early": "yes" if result.stopped_early else "no",
        "overfitting": run.overfitting or DASH,
    }


def _cost(run: TrainingRun, prices: Sequence[Price]) -> dict[str, str]:
    seconds = elapsed_seconds(run.job)
    if seconds is None:
        return {"time": DASH}
    device = run.job.device or Device.CPU
    found = {"time": duration(seconds), "device": device}
    if device == Device.CPU:
        return {**found, "price": "no GPU was used"}
    hours = Decimal(str(seconds)) / 3600
    priced = [
        f"{price.amount * hours:.2f} {price.currency} ({price.provider}, {price.model})"
        for price in prices
    ]
    unpriced = "the price book has no GPU hour"
    return {**found, "price": "; ".join(priced) or unpriced}


def _environment(run: TrainingRun) -> dict[str, str]:
    result = read_result(run.job)
    libraries = result.libraries if result else {}
    return {**libraries, "fingerprint": run.fingerprint[:_SHORT]}


def _gpu_prices(project: Project, day: date) -> list[Price]:
    """The prices of a GPU hour in force, the newest of each item."""
    rows = Price.objects.of(project).known_on(day).filter(unit=Unit.GPU_HOUR.value)
    return list({(row.provider, row.model): row for row in rows}.values())
