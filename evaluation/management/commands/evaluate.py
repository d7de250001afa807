"""Score a model on a split of a frozen dataset."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from evaluation.models import Evaluation
from evaluation.services import evaluating
from evaluation.services.untuned import model_of
from netft_site.base.commands import JsonCommand, Refused
from training.models import Dataset, ModelVersion
from training.services.datasets.resolving import resolve_dataset
from training.services.runs import resolve_model


class Command(JsonCommand):
    help = "Score a model on a split of a frozen dataset."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--model", required=True, help="[PROJECT/]NAME, or a base")
        parser.add_argument("--dataset", required=True, help="[PROJECT/]NAME[@VERSION]")
        parser.add_argument(
            "--split",
            default="test",
            type=str.lower,
            choices=["test", "calibration", "dev"],
        )
        parser.add_argument(
            "--wait", action="store_true", help="supervise it here until it ends"
        )

    def run(self, **options: Any) -> dict[str, Any]:
        model, dataset = self._chosen(options["model"], options["dataset"])
        evaluation = evaluating.start(
            model=model, dataset=dataset, split=options["split"].upper()
        )
        if options["wait"]:
            evaluation = evaluating.wait_for(
                evaluation=evaluation, progress=self.progress
            )
            if evaluation.status == Evaluation.Status.FAILED:
                raise Refused("evaluation_failed", evaluation.failure)
        return {
            "evaluation": evaluation.pk,
            "job": evaluation.job_id,
            "model": model.name,
            "dataset": str(dataset),
            "split": evaluation.split,
            "status": evaluation.status,
            "gold_sha256": evaluation.gold_sha256,
            "report": evaluation.report,
        }

    def _chosen(self, model: str, dataset: str) -> tuple[ModelVersion, Dataset]:
        """Model and dataset of one project; a base has none, so the dataset says."""
        try:
            chosen = resolve_model(model)
        except Refused as refusal:
            if refusal.code != "model_unknown":
                raise
            found = resolve_dataset(dataset)
            return model_of(model, project=found.project), found
        return chosen, resolve_dataset(dataset, project=chosen.project)

    def render(self, result: dict[str, Any]) -> None:
        self.line(
            f"{result['model']} on {result['split']} of {result['dataset']}: "
            f"{result['status'].lower()}"
        )
        if not result["report"]:
            return
        figures = ("accuracy", "macro_f1", "qwk", "critical_recall", "under_triage")
        self.table(
            ["figure", "value", "low", "high", "n"],
            [
                [
                    name.replace("_", " "),
                    one["value"],
                    *(one["ci"] or [None] * 2),
                    one["n"],
                ]
                for name in figures
                if (one := result["report"].get(name))
            ],
        )
