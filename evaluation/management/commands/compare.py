"""`manage.py compare`: systems against gold and against each other, from a CSV.

A thin door: the figures come from `evaluation.domain.comparison_report`. It needs no
database.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from django.core.management.base import CommandError, CommandParser

from annotation.management.label_input import read_file, shown, split_levels
from evaluation.domain.answer_sheet import read_answers
from evaluation.domain.comparison import DEFAULT_MARGIN
from evaluation.domain.comparison_report import ComparisonReport, compare_systems
from netft_site.base.commands import JsonCommand


class Command(JsonCommand):
    """Score systems and compare each pair on the same items."""

    help = "Compare systems from a CSV: item, gold, one column a system[, cluster]."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", help="CSV: item, gold, systems, perhaps cluster")
        parser.add_argument("--levels", help="a,b,c: all levels, most severe first")
        parser.add_argument(
            "--margin",
            type=float,
            default=DEFAULT_MARGIN,
            help="loss in accuracy that would not matter (default %(default)s)",
        )
        parser.add_argument("--seed", type=int, default=1, help="seed of the bootstrap")

    def run(self, **options: Any) -> dict[str, Any]:
        if not 0 < options["margin"] < 1:
            raise CommandError("--margin is a share between 0 and 1.")
        levels = split_levels(options["levels"])
        rng = np.random.default_rng(options["seed"])

        def compare(lines: Iterable[str]) -> ComparisonReport:
            answers = read_answers(lines, levels)
            return compare_systems(answers, rng, margin=options["margin"])

        return read_file(options["file"], compare).as_dict()

    def render(self, result: dict[str, Any]) -> None:
        self.line(f"{result['n_items']:,} items in {result['n_clusters']:,} clusters")
        rows = [
            (system, name, *shown(scores[name]))
            for system, scores in result["systems"].items()
            for name in ("accuracy", "macro_f1", "qwk")
        ]
        self.table(
            ("system", "figure", "value", "95 % interval", "items", "remark"), rows
        )
        if result["pairs"]:
            self.table(
                ("a", "b", "wins", "losses", "ties", "p", "detectable", "verdict"),
                [
                    [
                        pair[name]
                        for name in ("a", "b", "wins", "losses", "ties", "p", "mde")
                    ]
                    + [pair["verdict"]]
                    for pair in result["pairs"]
                ],
            )
        for pair in result["pairs"]:
            self.line(pair["sentence"])
        for warning in result["warnings"]:
            self.line(f"Note: {warning}")
