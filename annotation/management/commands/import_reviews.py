"""`manage.py import_reviews`: labels that people or systems gave elsewhere."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from annotation.domain.importing.fields import REVIEW_FIELDS
from annotation.management.file_arguments import (
    add_table_arguments,
    asked_columns,
    project_of,
    readable,
)
from annotation.services import review_import
from netft_site.base.commands import JsonCommand


class Command(JsonCommand):
    """Import reviews and settle the records they are about."""

    help = (
        "Import reviews with the columns external_id, reviewer, severity"
        "[, grade, root_cause, response, confidence, submitted_at]."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_table_arguments(parser)
        parser.add_argument(
            "--reviewer",
            default="",
            metavar="NAME",
            help="who gave the answers of rows that name nobody",
        )
        parser.add_argument(
            "--create-reviewers",
            action="store_true",
            help="make reviewers that are not known; nobody can sign in as them",
        )
        parser.add_argument(
            "--as-source",
            action="store_true",
            help="the reviewers are systems, not people: their labels do not count "
            "for consensus",
        )

    def run(self, **options: Any) -> dict[str, Any]:
        asked = asked_columns(options["map"], REVIEW_FIELDS.__contains__)
        project = project_of(options["project"])
        path = readable(options["file"])
        with path.open("rb") as stream:
            done = review_import.import_reviews(
                project=project,
                file=review_import.ReviewFile(
                    stream,
                    path.name,
                    asked,
                    options["reviewer"],
                    options["time_zone"],
                    options["date_order"],
                ),
                now=timezone.now(),
                create_reviewers=options["create_reviewers"],
                as_source=options["as_source"],
                progress=lambda rows, total: self.progress(rows, total, "reviews"),
            )
        return _result(project.slug, done)

    def render(self, result: dict[str, Any]) -> None:
        self.line(f"{result['rows']:,} rows")
        names = ("imported", "superseded", "duplicate", "rejected")
        self.table(("what", "rows"), [(name, result[name]) for name in names])
        states = result["records"]
        self.table(("records", "now"), [(name, states[name]) for name in states])
        if result["rejects"]:
            self.line(f"Rejected rows with their reasons: {result['rejects']}")


def _result(project: str, done: review_import.ReviewImport) -> dict[str, Any]:
    return {
        "project": project,
        "rows": done.rows,
        "imported": done.imported,
        "superseded": done.superseded,
        "duplicate": done.duplicate,
        "rejected": done.rejected,
        "reviewers_created": done.reviewers_created,
        "rejects": str(done.rejects_path) if done.rejects_path else None,
        "records": {
            "settled": done.settled.settled,
            "contested": done.settled.contested,
            "waiting": done.settled.waiting,
        },
    }
