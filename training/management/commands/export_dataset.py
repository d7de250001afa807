"""Write a frozen dataset to a file or to stdout."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from netft_site.base.commands import JsonCommand
from netft_site.base.files import atomic_writer, write_json
from training.domain.formats import FORMATS
from training.models import Dataset, Export
from training.services.datasets import (
    export_files,
    exporting,
    gating,
    handing,
    streaming,
    withheld,
)
from training.services.datasets.resolving import resolve_dataset


class Command(JsonCommand):
    help = "Write a frozen dataset in a format, with its manifest and checksum."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="[project/]name[@version]")
        parser.add_argument(
            "--format",
            required=True,
            dest="format_name",
            help=", ".join(FORMATS),
        )
        parser.add_argument("--split", default="", help="all splits without it")
        parser.add_argument(
            "-o", "--output", required=True, help="a file, or -; a folder for hf_folder"
        )

    def run(self, **options: Any) -> dict[str, Any]:
        dataset = resolve_dataset(options["name"])
        name, split = options["format_name"], options["split"].upper()
        streaming.check_request(dataset=dataset, format_name=name, split=split)
        self._warn(dataset, split)
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

    def _warn(self, dataset: Dataset, split: str) -> None:
        excluded = withheld.count(dataset=dataset, split=split).excluded
        if excluded:
            self.stderr.write(
                "Warning: excluded after the freeze and still among the rows: "
                f"{excluded:,} of its records. A new version leaves them out."
            )

    def _print(self, dataset: Dataset, name: str, split: str) -> dict[str, Any]:
        streaming.check_stream(dataset=dataset, format_name=name, split=split)
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
    if FORMATS[export.format].is_folder and target.suffix != ".tar":
        if target.exists():
            raise CommandError(f"{target} exists already")
        export_files.unpack(archive=source, target=target)
    else:
        _copy_file(export, source, target)
    return {
        "dataset": export.dataset.reference,
        "format": export.format,
        "split": export.split or "all",
        "rows": export.rows_written,
        "sha256": export.sha256,
        "path": str(target),
    }


def _copy_file(export: Export, source: Path, target: Path) -> None:
    """Copy the file, after its manifest and a checksum with the copy's name."""
    manifest = json.loads(export_files.manifest_path(source).read_bytes())
    write_json(export_files.manifest_path(target), manifest)
    export_files.write_checksum(target, export.sha256)
    with source.open("rb") as stream, atomic_writer(target) as copy:
        shutil.copyfileobj(stream, copy)
