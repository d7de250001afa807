"""Check a JSONL file that anybody made."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import CommandError, CommandParser

from netft_site.base.commands import JsonCommand, Refused
from training.domain.file_checks import check_file, guess_format
from training.domain.formats import FormatError
from training.domain.line_checks import CHECKS
from training.services.base_models import resolve_base_model
from training.services.tokenizing import token_limit

AUTO = "auto"


class Command(JsonCommand):
    help = "Check every line of a file of examples; exit 1 where anything blocks."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path)
        parser.add_argument("--format", default=AUTO, choices=[AUTO, *CHECKS])
        parser.add_argument("--base-model", help="judge lengths as this model does")
        parser.add_argument("--labels", default="", help="allowed labels: a,b,c")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the report, then say by the exit code whether the file is good."""
        self._is_valid = True
        super().handle(*args, **options)
        if not self._is_valid:
            sys.exit(1)

    def run(self, **options: Any) -> dict[str, Any]:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"there is no file {path}")
        if not path.stat().st_size:
            raise Refused("empty_file", "The file is empty.")
        labels = [label for label in options["labels"].split(",") if label]
        tokens = None
        if options["base_model"]:
            tokens = token_limit(base=resolve_base_model(options["base_model"]))
        format_name = options["format"]
        with path.open("rb") as stream:
            if format_name == AUTO:
                format_name = _guess(stream)
            report = check_file(stream, format_name, labels=labels, tokens=tokens)
        self._is_valid = report.is_valid
        return {
            "format": format_name,
            "valid": report.is_valid,
            "rows": report.rows,
            "passed": report.passed,
            "findings": [finding.as_json() for finding in report.findings],
        }

    def render(self, result: dict[str, Any]) -> None:
        verdict = "valid" if result["valid"] else "not valid"
        self.line(
            f"{verdict}: {result['passed']:,} of {result['rows']:,} rows pass "
            f"as {result['format']}"
        )
        for finding in result["findings"]:
            item = f" {finding['item']}:" if finding["item"] else ""
            self.line(f"  {finding['severity']}{item} {finding['message']}")


def _guess(stream: BinaryIO) -> str:
    try:
        return guess_format(stream)
    except FormatError as error:
        raise Refused("unknown_format", f"Name the format: {error}.") from error
    finally:
        stream.seek(0)
