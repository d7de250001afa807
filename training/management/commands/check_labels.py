"""`manage.py check_labels NAME`: search a frozen dataset for wrong labels."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from netft_site.base.commands import JsonCommand
from netft_site.base.refusals import Refused
from training.models import LabelCheck
from training.services import doubts, label_checks
from training.services.datasets.resolving import resolve_dataset

LISTED = 25


class Command(JsonCommand):
    """List the labels of TRAIN and DEV that models doubt; nothing is corrected."""

    help = "Search a frozen dataset for wrong labels."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("dataset", help="[project/]name[@version]")
        parser.add_argument(
            "--limit",
            type=int,
            default=LISTED,
            help=f"list at most so many labels ({LISTED}); 0 lists all",
        )

    def run(self, **options: Any) -> dict[str, Any]:
        check = label_checks.start(dataset=resolve_dataset(options["dataset"]))
        if check.status == LabelCheck.Status.RUNNING:
            check = self._see_through(check)
        if check.status != LabelCheck.Status.DONE:
            raise Refused("check_failed", check.failure)
        size = options["limit"] or check.facts["doubted"]
        listed = doubts.list_doubts(check=check, tells_gold=True, size=size)
        return {
            "dataset": check.dataset.reference,
            "facts": check.facts,
            "doubts": [one.as_dict() for one in listed],
        }

    def render(self, result: dict[str, Any]) -> None:
        facts = result["facts"]
        accuracy = facts["accuracy"]
        self.line(
            f"{facts['doubted']:,} of {accuracy['n']:,} labels of {result['dataset']} "
            f"are doubted; by the models' measure {facts['noise']:.1%} are wrong."
        )
        low, high = accuracy["ci"]
        self.line(
            f"{facts['folds']} models name the given label of {accuracy['value']:.1%} "
            f"(95 % interval {low:.1%} to {high:.1%}, {accuracy['method']})."
        )
        for label, count in facts["not_judged"].items():
            self.line(f"Not judged: {label}, {count} tickets in too few incidents.")
        if result["doubts"]:
            self.table(
                ("rank", "ticket", "label", "p", "likelier", "p", "stands"),
                [
                    (
                        one["rank"],
                        one["external_id"],
                        one["given"],
                        one["confidence"],
                        one["suggested"],
                        one["suggested_probability"],
                        one["hindrance"],
                    )
                    for one in result["doubts"]
                ],
            )

    def _see_through(self, check: LabelCheck) -> LabelCheck:
        try:
            return label_checks.wait_for(check=check, progress=self.progress)
        except KeyboardInterrupt:
            raise Refused(
                "interrupted", f"No longer waiting; job {check.job_id} goes on."
            ) from None
