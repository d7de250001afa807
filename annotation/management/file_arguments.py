"""Arguments that the commands which read tables share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from django.core.management.base import CommandError

from annotation.models import Project
from netft_site.base.refusals import Refused


def add_table_arguments(parser: argparse.ArgumentParser) -> None:
    """Add FILE, --project and what says how the file is to be read."""
    parser.add_argument("file", type=Path, help="CSV, TSV, JSON, JSONL or XLSX")
    parser.add_argument("--project", required=True, metavar="P")
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="FIELD=COLUMN",
        help="fill our FIELD from the file's COLUMN; may be repeated",
    )
    parser.add_argument(
        "--time-zone",
        default="UTC",
        metavar="ZONE",
        help="zone of moments that name none, for example Europe/Berlin",
    )
    parser.add_argument(
        "--date-order",
        default="",
        choices=["dmy", "mdy"],
        help="what 03/04/2024 means; without it such a date rejects its row",
    )


def project_of(slug: str) -> Project:
    """Return the project; raise Refused where there is none."""
    project = Project.objects.filter(slug=slug).first()
    if project is None:
        raise Refused("no_project", f"There is no project {slug}; see create_project.")
    return project


def asked_columns(
    pairs: list[str], is_field: Callable[[str], bool]
) -> dict[str, list[str]]:
    """Read --map values; raise CommandError on one that makes no sense."""
    asked: dict[str, list[str]] = {}
    for pair in pairs:
        name, found, column = pair.partition("=")
        if not found or not column:
            raise CommandError(f"--map needs FIELD=COLUMN, not {pair}.")
        if not is_field(name):
            raise CommandError(f"--map: there is no field {name}.")
        asked.setdefault(name, []).append(column)
    return asked


def readable(path: Path) -> Path:
    """Return the path; raise Refused where no file can be read."""
    if not path.is_file():
        raise Refused("no_file", f"There is no file {path}.")
    return path
