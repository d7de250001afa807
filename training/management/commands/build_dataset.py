"""Build and freeze a dataset from the project's verdicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from annotation.models import Project
from netft_site.base.commands import JsonCommand, Refused
from training.domain.left_out import LEFT_OUT_WORDS
from training.domain.recipe import Split
from training.services.datasets import building


class Command(JsonCommand):
    help = "Build the next version of a dataset and freeze it."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="letters, digits, hyphens, underscores")
        parser.add_argument("--project", required=True, help="the project's slug")
        parser.add_argument(
            "--recipe", type=Path, help="a JSON file; without it the defaults hold"
        )

    def run(self, **options: Any) -> dict[str, Any]:
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise Refused("no_such_project", f"No project “{options['project']}”.")
        dataset = building.start(
            project=project,
            name=options["name"],
            recipe=_read_recipe(options["recipe"]),
            in_background=False,
        )
        dataset = building.build_to_end(
            dataset_id=dataset.pk, clock=timezone.now, progress=self.progress
        )
        manifest = dataset.manifest
        return {
            "project": project.slug,
            "name": dataset.name,
            "version": dataset.version,
            "sha256": dataset.sha256,
            "path": dataset.path,
            "single_source": dataset.is_single_source,
            "levels": manifest["levels"],
            "splits": manifest["splits"],
            "left_out": manifest["left_out"],
            "senior_share": manifest["senior_share"],
            "mix": manifest["mix"],
            "findings": manifest["findings"],
        }

    def render(self, result: dict[str, Any]) -> None:
        self.line(
            f"{result['project']}/{result['name']}@{result['version']} is frozen, "
            f"sha256 {result['sha256'][:16]}…"
        )
        if result["single_source"]:
            self.line("Single source: its labels are not the judgement of a team.")
        levels = result["levels"]
        self.table(
            ["split", "examples", "rows", *levels],
            [
                [
                    split.value,
                    result["splits"][split]["examples"],
                    result["splits"][split]["rows"],
                    *(_examples(result["mix"]["class"][split], k) for k in levels),
                ]
                for split in Split
            ],
        )
        for reason, count in result["left_out"].items():
            self.line(f"  left out: {count:,} records {LEFT_OUT_WORDS[reason]}")
        for finding in result["findings"]:
            item = f" ({finding['item']})" if finding["item"] else ""
            self.line(f"  {finding['severity']}  {finding['message']}{item}")


def _examples(mix: dict[str, dict[str, int]], level: str) -> int:
    return mix.get(level, {}).get("examples", 0)


def _read_recipe(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        recipe: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise Refused("bad_recipe", f"{path} is not JSON.") from error
    return recipe
