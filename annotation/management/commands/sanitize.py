"""`manage.py sanitize`: text or JSONL in, text without secrets and identities out.

A thin door to `annotation.domain.sanitize`. It needs no database; the key is the
environment's default one. What cannot be read is held, never passed through.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.management.base import CommandParser

from annotation.domain.sanitize import (
    Context,
    Keyring,
    Knowledge,
    Sanitized,
    Sanitizer,
)
from netft_site.base.commands import JsonCommand
from netft_site.base.refusals import Refused

_NAMES = tuple(field.name for field in fields(Context))


class Command(JsonCommand):
    """Sanitize one text, or every line of a JSONL file."""

    help = "Replace secrets, addresses and known names by keyed pseudonyms."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", nargs="?", default="-", help="a file, or - (stdin)")
        parser.add_argument(
            "--format",
            choices=["text", "jsonl"],
            default="text",
            help='text: the whole input; jsonl: one {"text"} a line',
        )
        parser.add_argument(
            "--context",
            type=Path,
            metavar="CONTEXT.json",
            help=f"names to replace, as lists under {', '.join(_NAMES)}",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Stream JSONL line by line; a single text takes the base's way."""
        if options["format"] == "text":
            super().handle(*args, **options)
            return
        self._as_json = options["json"]
        try:
            self._stream(**options)
        except Refused as refusal:
            if self._as_json:
                self._print_json(refusal.as_dict())
            raise

    def run(self, **options: Any) -> dict[str, Any]:
        sanitizer = _sanitizer(options["context"])
        with _opened(options["file"]) as source:
            text = source.read().decode("utf-8-sig", "surrogateescape")
        result = sanitizer.sanitize(text)
        if result.held:
            raise Refused("held", f"The text is held: {result.reason}.")
        return _shape(result)

    def render(self, result: dict[str, Any]) -> None:
        self.stdout.write(result["text"], ending="")

    def _stream(self, **options: Any) -> None:
        sanitizer = _sanitizer(options["context"])
        with _opened(options["file"]) as source:
            for number, line in enumerate(source, 1):
                text = _text_of(line)
                if text is None:
                    self.stderr.write(f'line {number}: no JSON object with a "text"')
                result = _unread() if text is None else sanitizer.sanitize(text)
                self._print_json(_shape(result))


def _sanitizer(context_path: Path | None) -> Sanitizer:
    key_id = settings.DEFAULT_KEY_ID
    keyring = Keyring(settings.PSEUDONYM_KEYS[key_id], key_id)
    return Sanitizer(keyring, Knowledge(_context(context_path)))


def _context(path: Path | None) -> Context:
    if path is None:
        return Context()
    try:
        lists = json.loads(path.read_bytes())
    except OSError as error:
        raise Refused("no_context", f"{path} cannot be read.") from error
    except ValueError as error:
        raise Refused("bad_context", f"{path} is not JSON.") from error
    if not _is_lists(lists):
        wanted = ", ".join(_NAMES)
        raise Refused("bad_context", f"{path} must hold lists of names: {wanted}.")
    return Context(**{name: tuple(names) for name, names in lists.items()})


def _is_lists(lists: object) -> bool:
    return isinstance(lists, dict) and all(
        key in _NAMES
        and isinstance(names, list)
        and all(isinstance(name, str) for name in names)
        for key, names in lists.items()
    )


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        source = Path(name).open("rb")  # noqa: SIM115  (closed below)
    except OSError as error:
        raise Refused("no_file", f"{name} cannot be read.") from error
    with source:
        yield source


def _text_of(line: bytes) -> str | None:
    try:
        row = json.loads(line.decode("utf-8-sig", "surrogateescape"))
    except (ValueError, RecursionError):
        return None
    text = row.get("text") if isinstance(row, dict) else None
    return text if isinstance(text, str) else None


def _unread() -> Sanitized:
    return Sanitized("", (), (), held=True, reason="unreadable line", ruleset="")


def _shape(result: Sanitized) -> dict[str, Any]:
    return {
        "text": result.text,
        "spans": [span._asdict() for span in result.spans],
        "tripwires": [wire._asdict() for wire in result.tripwires],
        "held": result.held,
    }
