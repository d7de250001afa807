"""Reading a labels file at the door of the statistics commands.

Opens the file, hands its lines to a reader of the domain and turns every expected
failure (no such file, wrong encoding, bad content) into a refusal. It knows neither
columns nor levels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from annotation.domain.label_file import LabelsRefused
from netft_site.base.refusals import Refused

Read = TypeVar("Read")


def read_file(name: str, reader: Callable[[Iterable[str]], Read]) -> Read:
    """Return what `reader` makes of the lines of the file `name`.

    Raises
    ------
    Refused
        no_file, not_utf8, or the code of the domain's refusal.
    """
    path = Path(name)
    if not path.is_file():
        raise Refused("no_file", f"There is no file {path.name}.")
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return reader(lines)
    except UnicodeDecodeError as error:
        raise Refused(
            "not_utf8", f"{path.name} is not UTF-8 text (byte {error.start})."
        ) from error
    except LabelsRefused as error:
        raise Refused(error.code, error.message) from error


def split_levels(given: str | None) -> list[str] | None:
    """Split the value of `--levels`, most severe first; None where it was not given."""
    if given is None:
        return None
    return [level.strip() for level in given.split(",")]


def shown(figure: dict[str, object]) -> list[object]:
    """Return value, interval and remark of a figure for a table."""
    ci = figure["ci"]
    interval = "-"
    if isinstance(ci, list):
        interval = f"{ci[0]:.3f} to {ci[1]:.3f}"
    return [figure["value"], interval, figure["n"], figure.get("reason", "")]
