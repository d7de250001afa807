"""`manage.py consensus`: one label an item from several, from a CSV of labels.

A thin door: the work is `annotation.domain.consensus`'s. It needs no database.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotation.domain.consensus import Consensus, dawid_skene, majority
from annotation.domain.label_file import ScaleKind, read_labels, tabulate
from annotation.management.label_input import read_file, split_levels
from netft_site.base.commands import JsonCommand

_SHOWN_TIES = 10


class Command(JsonCommand):
    """Reduce several labels an item to one, keeping ties as ties."""

    help = "Consensus labels from a CSV with the columns item, rater, label."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", help="CSV in long form: item, rater, label")
        parser.add_argument(
            "--method", required=True, choices=["majority", "dawid_skene"]
        )
        parser.add_argument("--prior", choices=["none", "ordinal"], default="none")
        parser.add_argument("--levels", help="a,b,c: all levels, most severe first")

    def run(self, **options: Any) -> dict[str, Any]:
        with_prior = options["prior"] == "ordinal"
        if with_prior and options["method"] == "majority":
            raise CommandError("--prior belongs to --method dawid_skene.")
        # The prior rests on the order of the levels, so the order must be known.
        kind = ScaleKind.ORDINAL if with_prior else ScaleKind.NOMINAL
        levels = split_levels(options["levels"])

        def agree(lines: Iterable[str]) -> Consensus:
            table, _ = tabulate(read_labels(lines), kind, levels, keep_repeats=True)
            if options["method"] == "majority":
                return majority(table)
            return dawid_skene(table, with_ordinal_prior=with_prior)

        return read_file(options["file"], agree).as_dict()

    def render(self, result: dict[str, Any]) -> None:
        labels = list(result["labels"].values())
        self.line(
            f"{len(labels):,} items by {result['method']}, "
            f"{len(result['ties']):,} ties, {len(result['raters']):,} raters"
        )
        self.table(
            ("level", "items", "share expected"),
            [
                (level, labels.count(level), result["priors"][level])
                for level in result["levels"]
            ],
        )
        if result["log_likelihood"] is not None:
            ended = "converged" if result["converged"] else "stopped"
            self.line(
                f"Log-likelihood {result['log_likelihood']:.4f}; {ended} after "
                f"{result['iterations']} iterations"
            )
        if result["ties"]:
            first = ", ".join(result["ties"][:_SHOWN_TIES])
            more = len(result["ties"]) - _SHOWN_TIES
            rest = f" and {more:,} more" if more > 0 else ""
            self.line(f"Left to a person: {first}{rest}")
