"""The base of every public management command.

A command computes a dictionary (`run`) and knows how to show it to a person
(`render`); this room does the rest: `--json`, refusals, exit codes and progress.
With `--json` exactly one ASCII-escaped JSON object reaches stdout; progress and
every stray print go to stderr. Exit code 0 is done, 1 refused, 2 a wrong call;
anything unexpected propagates as a traceback. It knows no app.
"""

from __future__ import annotations

import contextlib
import json
import math
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from netft_site.base.refusals import Refused as Refused

_BAR_WIDTH = 28
_REDRAW_SECONDS = 0.1


class JsonCommand(BaseCommand):
    """A management command with one result for people and programs.

    Subclasses implement `run` and `render`, and call super in `add_arguments`.
    Raise `Refused` to decline (exit 1), `CommandError` for a wrong call (exit 2).
    Commands that need no database set `requires_system_checks = []`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._shown: dict[str, int] = {}
        self._drawn_at = 0.0
        self._as_json = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--json`; subclasses call this and add their own."""
        parser.add_argument(
            "--json",
            action="store_true",
            help="print one JSON object on stdout and nothing else",
        )

    def run(self, **options: Any) -> dict[str, Any]:
        """Do the work and return a JSON-able result.

        Raises
        ------
        Refused
            When the work is declined: an expected answer, exit code 1.
        CommandError
            When the call makes no sense, exit code 2.
        """
        raise NotImplementedError

    def render(self, result: dict[str, Any]) -> None:
        """Show the result to a person through `line` and `table`."""
        raise NotImplementedError

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run once and print the result in the wanted form."""
        self._as_json = bool(options.get("json"))
        self._shown.clear()
        try:
            with self._stray_prints_to_stderr():
                result = self.run(**options)
        except Refused as refusal:
            if self._as_json:
                self._print_json(refusal.as_dict())
            raise
        except CommandError as wrong_call:
            wrong_call.returncode = 2
            raise
        if self._as_json:
            self._print_json(result)
        else:
            self.render(result)

    def run_from_argv(self, argv: list[str]) -> None:
        """Turn a refusal into one line and exit code 1; the rest is Django's."""
        try:
            super().run_from_argv(argv)
        except Refused as refusal:
            if not self._as_json:
                self.stderr.write(f"Refused ({refusal.code}): {refusal.message}")
            sys.exit(1)

    def line(self, text: str = "") -> None:
        """Write one line for people on stdout."""
        self.stdout.write(text)

    def table(
        self, headers: Sequence[str], rows: Iterable[Sequence[object]], indent: int = 2
    ) -> None:
        """Write an aligned table on stdout; columns of numbers lean right.

        `None` is shown as a dash. Control characters become spaces, so a cell
        cannot steer the terminal.
        """
        cells = [list(row) for row in rows]
        texts = [[_cell_text(value) for value in row] for row in cells]
        widths = [
            max(len(text) for text in column)
            for column in zip(headers, *texts, strict=True)
        ]
        right = [
            bool(cells) and all(_is_number(row[i]) for row in cells)
            for i in range(len(headers))
        ]
        rule = ["-" * width for width in widths]
        for line in (list(headers), rule, *texts):
            padded = [
                text.rjust(width) if lean else text.ljust(width)
                for text, width, lean in zip(line, widths, right, strict=True)
            ]
            self.line((" " * indent + "  ".join(padded)).rstrip())

    def progress(self, done: int, total: int | None, label: str) -> None:
        """Show how far the work is, on stderr.

        A terminal gets one line that redraws itself; a file or pipe gets a line at
        each further tenth (or each doubling where `total` is unknown) and at the end.
        """
        finished = total is not None and done >= total
        if self.stderr.isatty():
            self._draw_bar(done, total, label, finished)
            return
        step = _step_reached(done, total)
        if self._shown.get(label, -1) >= step:
            return
        self._shown[label] = step
        of_total = f"/{total:,}" if total is not None else ""
        self._note(f"{label}: {done:,}{of_total}\n")

    def _draw_bar(
        self, done: int, total: int | None, label: str, finished: bool
    ) -> None:
        now = time.monotonic()
        if not finished and now - self._drawn_at < _REDRAW_SECONDS:
            return
        self._drawn_at = now
        if total is None:
            self._note(f"\r\x1b[K{label}: {done:,}")
            return
        share = min(1.0, done / total) if total else 1.0
        filled = round(share * _BAR_WIDTH)
        bar = "#" * filled + "." * (_BAR_WIDTH - filled)
        end = "\n" if finished else ""
        self._note(f"\r\x1b[K{label} [{bar}] {share:4.0%} {done:,}/{total:,}{end}")

    def _note(self, text: str) -> None:
        # An ending of "" keeps Django from adding a newline, the identity style
        # keeps it from painting progress in the red of errors.
        self.stderr.write(text, style_func=str, ending="")
        self.stderr.flush()

    def _print_json(self, payload: dict[str, Any]) -> None:
        # NaN and infinity are not JSON: an undefined figure is null with a reason.
        self.stdout.write(json.dumps(payload, ensure_ascii=True, allow_nan=False))

    def _stray_prints_to_stderr(self) -> contextlib.AbstractContextManager[object]:
        if self._as_json:
            return contextlib.redirect_stdout(sys.stderr)
        return contextlib.nullcontext()


def _step_reached(done: int, total: int | None) -> int:
    if total is None:
        return done.bit_length()
    if total == 0:
        return 10
    return math.floor(10 * min(done, total) / total)


def _is_number(value: object) -> bool:
    return value is None or (
        isinstance(value, int | float) and not isinstance(value, bool)
    )


def _cell_text(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.3f}"
    return "".join(char if char.isprintable() else " " for char in str(value))
