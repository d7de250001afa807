"""How far the evaluation of a project's models on a dataset has come."""

from __future__ import annotations

from dataclasses import dataclass

from annotation.models import Project
from evaluation.models import Evaluation
from evaluation.services.lineup import in_order
from training.models import Dataset, ModelVersion


@dataclass(frozen=True)
class Standing:
    """The project's models by how far their evaluation on one dataset has come.

    `failed` are the last evaluations of models that have no better one; their models
    are among the missing.
    """

    scored: list[ModelVersion]
    under_way: list[Evaluation]
    failed: list[Evaluation]
    missing: list[ModelVersion]


def standing_on(*, dataset: Dataset, split: str = "TEST") -> Standing:
    """Sort the project's models by how far they have come on the split."""
    models = list(
        ModelVersion.objects.filter(project_id=dataset.project_id).with_facts()
    )
    last = _last_evaluations(dataset, split)
    status = {pk: evaluation.status for pk, evaluation in last.items()}
    return Standing(
        scored=list(in_order([m for m in models if status.get(m.pk) == "DONE"])),
        under_way=[one for one in last.values() if one.status == "RUNNING"],
        failed=[one for one in last.values() if one.status == "FAILED"],
        missing=list(
            in_order([m for m in models if status.get(m.pk) in (None, "FAILED")])
        ),
    )


def scored_models(*, dataset: Dataset, split: str = "TEST") -> list[ModelVersion]:
    """Models with a finished evaluation on the split, in the order of a comparison."""
    return standing_on(dataset=dataset, split=split).scored


def frozen_datasets(*, project: Project) -> list[Dataset]:
    """The frozen datasets of the project: those with results first, newest first."""
    scored = set(
        Evaluation.objects.done()
        .filter(dataset__project=project)
        .values_list("dataset_id", flat=True)
    )
    found = Dataset.objects.frozen().filter(project=project).select_related("project")
    return sorted(found.order_by("-frozen_at"), key=lambda one: one.pk not in scored)


def _last_evaluations(dataset: Dataset, split: str) -> dict[int, Evaluation]:
    """The evaluation of each model that counts: one that stands, else the last."""
    found = (
        Evaluation.objects.filter(dataset=dataset, split=split)
        .select_related("model_version", "dataset")
        .defer("report")
        .order_by("id")
    )
    last: dict[int, Evaluation] = {}
    for evaluation in sorted(found, key=lambda one: one.status != "FAILED"):
        last[evaluation.model_version_id] = evaluation
    return last
