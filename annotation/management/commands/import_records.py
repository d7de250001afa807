"""`manage.py import_records`: a file of tickets into a project, sanitized.

An import that was interrupted goes on where it stood when the same command is given
again.
"""

from __future__ import annotations

import os
import time
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from annotation.domain.importing.fields import PRESETS, is_record_field
from annotation.management.file_arguments import (
    add_table_arguments,
    asked_columns,
    project_of,
    readable,
)
from annotation.models import ImportBatch, Record
from annotation.services import importing, marking
from netft_site.base.commands import JsonCommand
from netft_site.base.refusals import Refused

_WORTH_HELPERS = 4000


class Command(JsonCommand):
    """Import records; good rows are kept, bad ones go to a rejects file."""

    help = "Import tickets from CSV, TSV, JSON, JSONL or XLSX."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_table_arguments(parser)
        parser.add_argument("--preset", default="", choices=list(PRESETS))
        kinds = [kind.lower() for kind in Record.Kind.values]
        parser.add_argument("--kind", default="ticket", choices=kinds)
        origins = [origin.lower() for origin in Record.Origin.values]
        parser.add_argument("--origin", default="real", choices=origins)
        parser.add_argument(
            "--helpers",
            type=int,
            default=None,
            metavar="N",
            help="processes that share the sanitizing; by default one a core for "
            "large files",
        )

    def run(self, **options: Any) -> dict[str, Any]:
        asked = asked_columns(options["map"], is_record_field)
        started = time.perf_counter()
        batch = self._begin(asked, options)
        batch = importing.run_to_end(
            batch_id=batch.pk,
            clock=timezone.now,
            progress=lambda done, total: self.progress(done, total, "rows"),
            helper_count=_helper_count(options["helpers"], batch),
        )
        imported = time.perf_counter()
        marked = 0
        if batch.imported:
            self.stderr.write("looking for near copies", style_func=str)
            marked = marking.mark_near_duplicates(project_id=batch.project_id)
        seconds = {
            "import": round(imported - started, 3),
            "near_copies": round(time.perf_counter() - imported, 3),
        }
        return _result(batch) | {"near_copies_marked": marked, "seconds": seconds}

    def _begin(
        self, asked: dict[str, list[str]], options: dict[str, Any]
    ) -> ImportBatch:
        started = _start(_receive(options), asked, options)
        twin = importing.unfinished_twin(batch=started)
        if twin is None:
            return started
        importing.discard(batch=started)
        return twin

    def render(self, result: dict[str, Any]) -> None:
        self.line(f"Import {result['batch']}: {result['rows']:,} rows")
        names = ("imported", "duplicate", "held", "rejected")
        self.table(("what", "rows"), [(name, result[name]) for name in names])
        if result["rejects"]:
            self.line(f"Rejected rows with their reasons: {result['rejects']}")
        if result["held"]:
            self.line(
                "Held rows are kept encrypted and not labeled: the sanitizer was "
                "not sure about their text."
            )


def _receive(options: dict[str, Any]) -> ImportBatch:
    path = readable(options["file"])
    with path.open("rb") as stream:
        return importing.receive(
            project=project_of(options["project"]),
            stream=stream,
            file_name=path.name,
            source=ImportBatch.Source.COMMAND,
            kind=options["kind"].upper(),
            origin=options["origin"].upper(),
        )


def _start(
    batch: ImportBatch, asked: dict[str, list[str]], options: dict[str, Any]
) -> ImportBatch:
    """Set the import going; one that is refused leaves nothing behind."""
    try:
        return importing.start(
            batch=batch,
            now=timezone.now(),
            asked=asked,
            preset=options["preset"],
            zone=options["time_zone"],
            order=options["date_order"],
            in_background=False,
        )
    except Refused:
        importing.discard(batch=batch)
        raise


def _helper_count(asked: int | None, batch: ImportBatch) -> int:
    if asked is not None:
        return max(0, asked)
    cores = len(os.sched_getaffinity(0))
    large = (batch.total_rows or 0) - batch.cursor >= _WORTH_HELPERS
    return min(cores, 8) if large and cores > 1 else 0


def _result(batch: ImportBatch) -> dict[str, Any]:
    return {
        "project": batch.project.slug,
        "batch": batch.pk,
        "rows": batch.total_rows,
        "imported": batch.imported,
        "duplicate": batch.duplicate,
        "held": batch.held,
        "rejected": batch.rejected,
        "rejects": batch.rejects_path or None,
        "columns": {
            name: columns[0] if len(columns) == 1 else columns
            for name, columns in batch.mapping["columns"].items()
        },
    }
