"""Should a project fine-tune? The answer, the rules, and the scenarios."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from annotation.models import Project
from evaluation.services.advising import advise, as_shape
from netft_site.base.commands import JsonCommand, Refused


class Command(JsonCommand):
    help = "Say whether a project should fine-tune, and what each way costs."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--project", required=True, help="the project's slug")

    def run(self, **options: Any) -> dict[str, Any]:
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise Refused("no_such_project", f"No project “{options['project']}”.")
        return as_shape(advise(project=project, now=timezone.now()))

    def render(self, result: dict[str, Any]) -> None:
        self.line(result["sentence"])
        self.table(
            ("rule", "says", "figure", "threshold"),
            [
                (one["words"], one["speaks"], _figure(one["figure"]), one["threshold"])
                for one in result["rules"]
            ],
        )
        if result["scenarios"]:
            self.line(f"Likely costs in {result['currency']}:")
            self.table(
                ("scenario", "up front", "a month", "break-even, months"),
                [_costs(one) for one in result["scenarios"]],
            )
        for name, lacking in result["missing_prices"].items():
            self.line(f"{name} lacks prices: {'; '.join(lacking)}")


def _figure(figure: dict[str, Any]) -> str | None:
    value: str | None = "never" if figure.get("never") else figure["value"]
    return value


def _costs(scenario: dict[str, Any]) -> tuple[str | None, ...]:
    likely, against = scenario["likely"], scenario["against_today"]
    months = None
    if against is not None:
        months = "never" if against["never"] else against["break_even_months"]
    return scenario["name"], likely["upfront"], likely["monthly"], months
