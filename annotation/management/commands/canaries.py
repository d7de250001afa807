"""`manage.py canaries`: fake secrets through the sanitizer, and the recall it shows.

Exit code 1 also where a fake credential came through: a check in a schedule fails then.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from annotation.management.file_arguments import project_of
from annotation.services import canaries
from netft_site.base.commands import JsonCommand


def _natural(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return number


class Command(JsonCommand):
    """Measure what the project's sanitizer lets through."""

    help = "Plant fake secrets in copies of the newest records and report recall."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)  # type: ignore[arg-type]
        parser.add_argument("--project", required=True, metavar="P")
        parser.add_argument(
            "--per-class",
            type=_natural,
            default=canaries.PER_CLASS,
            metavar="N",
            help="at least so many of every class; every template is used once anyway",
        )
        parser.add_argument("--seed", type=_natural, default=0, metavar="S")

    def handle(self, *args: Any, **options: Any) -> None:
        self._survived = 0
        super().handle(*args, **options)
        if self._survived:
            sys.exit(1)

    def run(self, **options: Any) -> dict[str, Any]:
        report = canaries.run(
            project=project_of(options["project"]),
            per_class=options["per_class"],
            seed=options["seed"],
            progress=self.progress,
        )
        self._survived = report.survived_secrets
        return report.as_dict()

    def render(self, result: dict[str, Any]) -> None:
        self.line(
            f"Ruleset {result['ruleset']}, {result['records']:,} records of "
            f"{result['project']}, seed {result['seed']}"
        )
        headers = ("", "planted", "gone", "held", "survived", "recall", "95 % interval")
        for title, rows in (
            ("By class", result["classes"]),
            ("By vendor", result["vendors"]),
            ("All", [result["overall"]]),
        ):
            self.line(title)
            self.table(headers, [_cells(row) for row in rows])
        if result["missed"]:
            self.line("Templates that came through")
            self.table(
                ("template", "class", "vendor", "survived"),
                [tuple(row.values()) for row in result["missed"]],
            )
        if result["survived_secrets"]:
            self.line("Fake credentials came through: see docs/sanitizing.md.")


def _cells(row: dict[str, Any]) -> tuple[Any, ...]:
    low, high = row["recall"]["ci"]
    counts = tuple(row[n] for n in ("planted", "gone", "held", "survived"))
    return (row["name"], *counts, row["recall"]["value"], f"{low:.3f} to {high:.3f}")
