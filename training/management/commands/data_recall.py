"""`manage.py data_recall`: everything that contains what was found to have leaked."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from annotation.management.file_arguments import project_of
from annotation.models import Leak
from netft_site.base.commands import JsonCommand
from training.services import recalling


class Command(JsonCommand):
    """List records, datasets, exports, runs and models with leaks in them."""

    help = "List what contains values that were found to have leaked."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--project", required=True, metavar="P")
        causes = [cause.lower() for cause in Leak.Cause.values]
        parser.add_argument("--cause", default="", choices=causes)
        parser.add_argument(
            "--all", action="store_true", help="also leaks that were dealt with"
        )
        parser.add_argument("--type", default="", dest="span_type", metavar="T")

    def run(self, **options: Any) -> dict[str, Any]:
        project = project_of(options["project"])
        found = recalling.recall(
            project=project,
            cause=options["cause"].upper(),
            span_type=options["span_type"],
            with_settled=options["all"],
        )
        return {"project": project.slug, **found.as_dict()}

    def render(self, result: dict[str, Any]) -> None:
        if not result["leaks"]:
            self.line(f"No leak was found in {result['project']}.")
            return
        self.line(
            f"{result['values']:,} values at {result['leaks']:,} places in "
            f"{result['record_count']:,} records"
        )
        self.table(
            ("record", "type", "found by", "to do"),
            [
                (one["external_id"], *map(", ".join, _said(one)), one["to_do"])
                for one in result["records"]
            ],
        )
        self.line("Frozen datasets")
        self.table(
            ("dataset", "leaking records", "to do"),
            [(d["reference"], d["records"], d["to_do"]) for d in result["datasets"]],
        )
        for title in ("exports", "runs", "models"):
            self.line(title.capitalize())
            self.table(
                ("name", "dataset", "to do"),
                [(x["name"], x["dataset"], x["to_do"]) for x in result[title]],
            )


def _said(record: dict[str, Any]) -> tuple[Any, Any]:
    return record["span_types"], record["causes"]
