"""The rejects file: row number, column and reason, and nothing of any cell.

Each chunk of an import writes its own part, named by its first row and replaced when
the chunk is repeated, so a kill never doubles or loses a line. The parts become one
CSV file when the import ends.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings

from annotation.domain.importing.refusals import Reject
from netft_site.base.files import atomic_writer, write_atomic

HEADER = ("row", "column", "reason")


def write_part(batch_id: int, from_row: int, rejects: Iterable[Reject]) -> None:
    """Write the rejects of the chunk that starts at `from_row`."""
    path = _parts_dir(batch_id) / f"{from_row:012d}.csv"
    content = io.StringIO()
    writer = csv.writer(content, lineterminator="\n")
    writer.writerows((one.row, one.column, one.reason) for one in rejects)
    if content.getvalue():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(path, content.getvalue(), mode=0o600)
    else:
        path.unlink(missing_ok=True)


def join_parts(batch_id: int) -> Path | None:
    """Make one file of the parts; None where nothing was rejected."""
    parts = _parts_dir(batch_id)
    path = rejects_dir() / f"import-{batch_id}.csv"
    if not parts.is_dir():
        return path if path.exists() else None
    with atomic_writer(path, mode=0o600) as stream:
        for line in read_rejects(batch_id):
            stream.write(line.encode())
    shutil.rmtree(parts)
    return path


def read_rejects(batch_id: int) -> Iterator[str]:
    """Yield the rejects so far as CSV text, header first."""
    whole = rejects_dir() / f"import-{batch_id}.csv"
    if whole.exists() and not _parts_dir(batch_id).is_dir():
        yield whole.read_text(encoding="utf-8")
        return
    yield ",".join(HEADER) + "\n"
    for part in sorted(_parts_dir(batch_id).glob("*.csv")):
        yield part.read_text(encoding="utf-8")


def write_whole(name: str, rejects: Iterable[Reject]) -> Path:
    """Write the rejects of a whole file at once; the same name replaces."""
    content = io.StringIO()
    writer = csv.writer(content, lineterminator="\n")
    writer.writerow(HEADER)
    ordered = sorted(rejects, key=lambda one: one.row)
    writer.writerows((one.row, one.column, one.reason) for one in ordered)
    path = rejects_dir() / f"{name}.csv"
    write_atomic(path, content.getvalue(), mode=0o600)
    return path


def rejects_dir() -> Path:
    """Where rejects files lie."""
    path = Path(settings.DATA_DIR) / "rejects"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _parts_dir(batch_id: int) -> Path:
    return rejects_dir() / f"import-{batch_id}.parts"
