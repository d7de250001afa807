"""Write a frozen dataset to a file, in chunks that may be killed at any moment.

Rows are appended to an unfinished file and fsynced before the row's cursor moves; after
a kill the file is cut back to the last known size. Only a complete file, whose rows add
up, gets its final name, once its manifest and its checksum lie beside that name. The
same export is written once: a dataset never changes. No chunk is written before it
passed the leak gate.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction

from annotation.services.leak_standing import standing_of
from netft_site.base.enqueue import enqueue
from netft_site.base.files import sha256_of, sync_directory
from netft_site.base.refusals import Refused
from training.domain.formats import FORMATS
from training.models import Dataset, Export
from training.services.datasets import (
    checks,
    export_files,
    folders,
    gating,
    streaming,
)
from training.services.datasets.streaming import ExportRefused

CHUNK = 5_000
STALE_AFTER = timedelta(minutes=5)
TASK_NAME = "training.tasks.datasets.run_export_chunk"


def start(
    *,
    dataset: Dataset,
    format_name: str,
    split: str = streaming.ALL,
    user: Any = None,
    in_background: bool = True,
) -> Export:
    """Ask for a file; an export that exists, finished or under way, is returned.

    One that failed, whose file has gone, or that was checked under less than is known
    today begins again.

    Raises ExportRefused, see `streaming.check_request`.
    """
    streaming.check_request(dataset=dataset, format_name=format_name, split=split)
    with transaction.atomic():
        Dataset.objects.select_for_update().get(pk=dataset.pk)
        export, is_new = Export.objects.get_or_create(
            dataset=dataset,
            format=format_name,
            split=split,
            defaults={"created_by": user},
        )
        if not is_new and not _begins_again(export):
            return export
        _reset(export)
        if in_background:
            enqueue(TASK_NAME, export.pk)
    return export


def run_chunk(*, export_id: int, now: datetime) -> None:
    """Write one chunk and put the next one on the queue."""
    if advance(export_id=export_id, now=now):
        enqueue(TASK_NAME, export_id)


def run_to_end(
    *,
    export_id: int,
    clock: Callable[[], datetime],
    progress: Callable[[int, int, str], None] | None = None,
) -> Export:
    """Write every chunk here and now. Raises ExportRefused where it fails."""
    more = True
    while more:
        more = advance(export_id=export_id, now=clock())
        export = Export.objects.select_related("dataset__project").get(pk=export_id)
        if progress:
            progress(export.cursor, _total(export), "rows")
    if export.status == Export.Status.FAILED:
        raise ExportRefused("export_failed", export.failure)
    return export


def resume_stale(*, now: datetime) -> int:
    """Put unfinished exports without a sign of life back on the queue; how many."""
    stale = Export.objects.without_progress_since(now - STALE_AFTER)
    ids = list(stale.values_list("id", flat=True))
    for export_id in ids:
        enqueue(TASK_NAME, export_id)
    return len(ids)


def advance(*, export_id: int, now: datetime) -> bool:
    """Write the next chunk or finish; return whether there is more to do."""
    export = Export.objects.select_related("dataset__project").get(pk=export_id)
    if export.status not in (Export.Status.QUEUED, Export.Status.RUNNING):
        return False
    try:
        return _take_step(export, now)
    except Refused as refusal:
        _fail(export, refusal)
        return False


def _take_step(export: Export, now: datetime) -> bool:
    if export.status == Export.Status.QUEUED:
        streaming.verify_files(dataset=export.dataset, split=export.split)
    total = _total(export)
    if export.cursor < total:
        _append_chunk(export, now)
        return True
    _finish(export, total, now)
    return False


def _total(export: Export) -> int:
    return streaming.count_rows(
        dataset=export.dataset, split=export.split, format_name=export.format
    )


def _append_chunk(export: Export, now: datetime) -> None:
    """Append under the row's lock, so that no two workers write the file at once.

    The lines are checked before: that takes seconds, in which others may write.
    """
    standing = standing_of(export.dataset.project)
    checked = gating.checked_lines(
        dataset=export.dataset,
        format_name=export.format,
        split=export.split,
        after=export.cursor,
    )
    lines = list(islice(checked, CHUNK))
    with transaction.atomic():
        locked = Export.objects.select_for_update().get(pk=export.pk)
        if locked.cursor != export.cursor:
            return
        if locked.cursor == 0:
            checks.note(checked_path(export), standing)
        rows, size = _append(unfinished_path(export), locked.bytes_written, lines)
        Export.objects.filter(pk=export.pk).update(
            status=Export.Status.RUNNING,
            cursor=locked.cursor + rows,
            rows_written=locked.rows_written + rows,
            bytes_written=size,
            heartbeat_at=now,
        )


def _append(path: Path, size: int, lines: Iterable[bytes]) -> tuple[int, int]:
    """Append lines after `size` bytes; return rows and the new size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = 0
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    with os.fdopen(descriptor, "r+b") as stream:
        # What lies beyond was written by a worker that died before its commit.
        stream.truncate(size)
        stream.seek(size)
        for line in lines:
            stream.write(line)
            rows += 1
        stream.flush()
        os.fsync(stream.fileno())
        return rows, stream.tell()


def _finish(export: Export, total: int, now: datetime) -> None:
    """Give the complete file its name, after its manifest and its checksum."""
    unfinished, final = unfinished_path(export), final_path(export)
    with transaction.atomic():
        locked = Export.objects.select_for_update().get(pk=export.pk)
        if locked.status == Export.Status.DONE:
            return
        _reconcile(locked, total)
        whole = final
        if not final.exists():
            _append(unfinished, locked.bytes_written, ())
            whole = export_files.make_whole(export=locked, lines=unfinished)
        digest, size = sha256_of(whole), whole.stat().st_size
        export_files.write_beside(export=locked, final=final, digest=digest, size=size)
        whole.rename(final)
        unfinished.unlink(missing_ok=True)
        sync_directory(final.parent)
        Export.objects.filter(pk=export.pk).update(
            status=Export.Status.DONE,
            path=folders.relative(final),
            sha256=digest,
            bytes_written=size,
            finished_at=now,
            heartbeat_at=now,
        )


def _reconcile(export: Export, total: int) -> None:
    """What the format keeps of what was selected is what was written."""
    if export.rows_written != total:
        raise ExportRefused(
            "rows_do_not_add_up", f"{export.rows_written} rows written of {total}."
        )


def unfinished_path(export: Export) -> Path:
    """The file that grows while chunks are written."""
    final = final_path(export)
    return final.with_name(f".{final.name}.unfinished")


def final_path(export: Export) -> Path:
    """The file of a finished export."""
    dataset = export.dataset
    split = (export.split or "all").lower()
    ending = FORMATS[export.format].ending
    name = f"{dataset.name}.v{dataset.version}.{split}.{export.format}.{ending}"
    return folders.exports_folder(dataset) / name


def checked_path(export: Export) -> Path:
    """Where stands under what the file was checked."""
    final = final_path(export)
    return final.with_name(f"{final.name}.checked.json")


def _begins_again(export: Export) -> bool:
    if export.status == Export.Status.FAILED:
        return True
    if export.status != Export.Status.DONE:
        return False
    is_current = checks.is_current(export.dataset.project, checked_path(export))
    return not (is_current and final_path(export).is_file())


def _reset(export: Export) -> None:
    """Begin from nothing, so that no byte of an earlier attempt survives.

    `finished_at` stays: data recall lists every file that somebody may have got.
    """
    final = final_path(export)
    for leftover in (final, checked_path(export), *_hidden(export), *_beside(final)):
        leftover.unlink(missing_ok=True)
    Export.objects.filter(pk=export.pk).update(
        status=Export.Status.QUEUED,
        cursor=0,
        rows_written=0,
        bytes_written=0,
        path="",
        sha256="",
        failure="",
    )


def _fail(export: Export, refusal: Refused) -> None:
    Export.objects.filter(pk=export.pk).unfinished().update(
        status=Export.Status.FAILED, failure=refusal.message[:300]
    )
    for leftover in (*_hidden(export), *_beside(final_path(export))):
        leftover.unlink(missing_ok=True)


def _hidden(export: Export) -> tuple[Path, Path]:
    unfinished = unfinished_path(export)
    return unfinished, export_files.whole_path(unfinished)


def _beside(final: Path) -> tuple[Path, Path]:
    return export_files.manifest_path(final), export_files.checksum_path(final)
