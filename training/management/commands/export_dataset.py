"""Write a frozen dataset to a file or to stdout."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from netft_site.base.commands import JsonCommand
from netft_site.base.files import atomic_writer
from training.models import Dataset, Export
from training.services.datasets import exporting, gating, handing, streaming
from training.services.datasets.resolving import resolve_dataset


class Command(JsonCommand):
    help = "Write a frozen dataset as JSONL."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="[project/]name[@version]")
        parser.add_argument("--format", required=True, dest="format_name")
        parser.add_argument("--split", default="", help="all splits without it")
        parser.add_argument("-o", "--output", required=True, help="a file, or -")

    def run(self, **options: Any) -> dict[str, Any]:
        dataset = resolve_dataset(options["name"])
        name, split = options["format_name"], options["split"].upper()
        streaming.check_request(dataset=dataset, format_name=name, split=split)
        if options["output"] == "-":
            if options["json"]:
                raise CommandError("--json and -o - both want stdout")
            return self._print(dataset, name, split)
        export = exporting.start(
            dataset=dataset, format_name=name, split=split, in_background=False
        )
        export = exporting.run_to_end(
            export_id=export.pk, clock=timezone.now, progress=self.progress
        )
        return _copy(export, Path(options["output"]))

    def _print(self, dataset: Dataset, name: str, split: str) -> dict[str, Any]:
        streaming.verify_files(dataset=dataset, split=split)
        lines = gating.checked_lines(dataset=dataset, format_name=name, split=split)
        for line in lines:
            sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
        return {}

    def render(self, result: dict[str, Any]) -> None:
        if result:
            self.line(
                f"{result['rows']:,} rows in {result['path']}, "
                f"sha256 {result['sha256'][:16]}…"
            )


def _copy(export: Export, target: Path) -> dict[str, Any]:
    if not target.parent.is_dir():
        raise CommandError(f"there is no folder {target.parent}")
    source = handing.hand_out(export=export, clock=timezone.now)
    with source.open("rb") as stream, atomic_writer(target) as copy:
        shutil.copyfileobj(stream, copy)
    return {
        "dataset": export.dataset.reference,
        "format": export.format,
        "split": export.split or "all",
        "rows": export.rows_written,
        "sha256": export.sha256,
        "path": str(target),
    }
