"""Hand out a finished export, checked under all that is known today.

What was harmless when a file was written may be known as a secret since. Such a file is
written and checked anew by the same steps, so a kill or a second request does no harm;
where it does not pass, the export is FAILED and there is no file any more. A file
with a record that waits in the sanitizing review stays, and is not given until then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from annotation.services.vault import keyring_of
from training.models import Export
from training.services.datasets import checks, export_files, exporting, withheld
from training.services.datasets.streaming import ExportRefused

FILE = "file"
PARTS: Mapping[str, Callable[[Path], Path]] = {
    FILE: lambda final: final,
    "manifest": export_files.manifest_path,
    "sha256": export_files.checksum_path,
}

_CONTENT_TYPES = {
    ".jsonl": "application/x-ndjson",
    ".tar": "application/x-tar",
    ".json": "application/json",
}

SMALL = 5_000
"""A file of fewer rows is checked again while somebody waits for it."""


def hand_out(
    *, export: Export, clock: Callable[[], datetime], part: str = FILE
) -> Path:
    """Return the file of an export, or what lies beside it; see this module.

    A larger file that has to be checked again is left to the queue.

    Raises:
        ExportRefused: there is no such part (``unknown_part``), it is not finished
            (``not_finished``), has to be checked again
            (``being_checked``), may not leave any more (``export_failed``) or not
            now (``record_withheld``).
        VaultRefused: the project's key is not in this process's environment.
    """
    if part not in PARTS:
        raise ExportRefused("unknown_part", f"Parts are {', '.join(PARTS)}.")
    path = exporting.final_path(export)
    if export.status != Export.Status.DONE or not path.is_file():
        raise ExportRefused("not_finished", "There is no finished file.")
    withheld.refuse_waiting(dataset=export.dataset, split=export.split)
    if not checks.is_current(export.dataset.project, exporting.checked_path(export)):
        _check_again(export, clock)
    return PARTS[part](path)


def content_type_of(path: Path) -> str:
    """The content type that a handed-out file is sent with."""
    return _CONTENT_TYPES.get(path.suffix, "text/plain; charset=us-ascii")


def _check_again(export: Export, clock: Callable[[], datetime]) -> None:
    # Without the key nothing can be checked: then the file stays where it is.
    keyring_of(export.dataset.project.key_id)
    is_small = export.rows_written < SMALL
    exporting.start(
        dataset=export.dataset,
        format_name=export.format,
        split=export.split,
        in_background=not is_small,
    )
    if not is_small:
        raise ExportRefused(
            "being_checked",
            "The file is being checked again, as more is known than when it was "
            "written. It can be downloaded once that is done.",
        )
    exporting.run_to_end(export_id=export.pk, clock=clock)
