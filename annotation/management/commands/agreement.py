"""`manage.py agreement`: how well raters agree, from a CSV of labels.

A thin door: the figures come from `annotation.domain.agreement_report`. It needs no
database.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from django.core.management.base import CommandError, CommandParser

from annotation.domain.agreement_report import AgreementReport, assess_agreement
from annotation.domain.label_file import ScaleKind, read_labels, tabulate
from annotation.domain.scale import Weights
from annotation.management.label_input import read_file, shown, split_levels
from netft_site.base.commands import JsonCommand


class Command(JsonCommand):
    """Compute agreement coefficients with standard errors and intervals."""

    help = "Agreement between raters from a CSV with the columns item, rater, label."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", help="CSV in long form: item, rater, label")
        parser.add_argument("--scale", required=True, choices=list(ScaleKind))
        parser.add_argument("--levels", help="a,b,c: all levels, most severe first")
        parser.add_argument(
            "--weights", choices=list(Weights), help="weights of Gwet's AC2"
        )
        parser.add_argument(
            "--all-weights",
            action="store_true",
            help="add every coefficient under linear, quadratic and ordinal weights",
        )
        parser.add_argument(
            "--seed", type=int, default=1, help="seed of alpha's bootstrap"
        )

    def run(self, **options: Any) -> dict[str, Any]:
        kind = ScaleKind(options["scale"])
        levels = split_levels(options["levels"])
        if kind.is_numeric and levels is not None:
            raise CommandError("--levels belongs to nominal and ordinal scales.")
        weights = options["weights"]

        def assess(lines: Iterable[str]) -> AgreementReport:
            table, _ = tabulate(read_labels(lines), kind, levels)
            return assess_agreement(
                table,
                kind,
                weights=None if weights is None else Weights(weights),
                all_weights=options["all_weights"],
                rng=np.random.default_rng(options["seed"]),
            )

        return read_file(options["file"], assess).as_dict()

    def render(self, result: dict[str, Any]) -> None:
        self.line(
            f"{result['n_items']:,} items, {result['n_raters']:,} raters, "
            f"{result['n_ratings']:,} ratings"
        )
        headers = ("coefficient", "value", "95 % interval", "items", "remark")
        self.table(
            headers,
            [(name, *shown(row)) for name, row in result["coefficients"].items()],
        )
        if result["specific_agreement"]:
            self.line("Where one rater names a level, how often a second one does:")
            self.table(
                ("level", *headers[1:]),
                [
                    (name, *shown(row))
                    for name, row in result["specific_agreement"].items()
                ],
            )
        for warning in result["warnings"]:
            self.line(f"Note: {warning}")
