"""Compare models on a split: figures with intervals, pairs, people, slices."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from evaluation.services import reporting, writing
from netft_site.base.commands import JsonCommand
from training.services.datasets.resolving import resolve_dataset
from training.services.runs import resolve_model


class Command(JsonCommand):
    help = "Compare models on a split of a frozen dataset."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("models", nargs="+", metavar="MODEL", help="[PROJECT/]NAME")
        parser.add_argument("--dataset", required=True, help="[PROJECT/]NAME[@VERSION]")
        parser.add_argument(
            "--split",
            default="test",
            type=str.lower,
            choices=["test", "calibration", "dev"],
        )
        parser.add_argument(
            "--format", default="markdown", choices=["json", "markdown", "html"]
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # `--format json` and `--json` are one: one object on stdout, nothing else.
        options["json"] = options["json"] or options["format"] == "json"
        super().handle(*args, **options)

    def run(self, **options: Any) -> dict[str, Any]:
        models = [resolve_model(name) for name in options["models"]]
        dataset = resolve_dataset(options["dataset"], project=models[0].project)
        comparison = reporting.compare(
            models=models, dataset=dataset, split=options["split"].upper()
        )
        self._format = options["format"]
        return comparison.as_dict()

    def render(self, result: dict[str, Any]) -> None:
        write = writing.as_html if self._format == "html" else writing.as_markdown
        self.stdout.write(write(result))
