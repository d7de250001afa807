"""Run an import chunk by chunk, from its cursor, however often it is interrupted.

A chunk's records, counts and cursor are one transaction: a kill loses at most the work
on one chunk and never counts it twice. Rows are sanitized before the transaction
opens, so other writers do not wait for it. Two runners of one import do no harm: the
second one's chunk does not fit the cursor and is dropped.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F

from annotation.domain.importing.mapping import ColumnMap
from annotation.domain.importing.refusals import Reject, RowRejected
from annotation.domain.importing.tickets import Ticket, ticket_of
from annotation.models import ImportBatch, Project
from annotation.services import sanitizing
from annotation.services.importing import rejects
from annotation.services.importing.outcomes import RowOutcome, RowStatus, tally
from annotation.services.importing.staging import Frame, rows_of, staged_frames
from annotation.services.importing.storing import (
    Destination,
    set_known_aside,
    store,
)
from annotation.services.knowledge import knowledge_of
from annotation.services.preparing import (
    Prepare,
    Prepared,
    Preparer,
    at_once,
    helpers,
)
from annotation.services.spool import SpoolRefused
from netft_site.base.collecting import calm_collection
from netft_site.base.enqueue import enqueue

MARK_TASK = "annotation.tasks.importing.mark_near_duplicates"

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class _Chunk:
    """Rows of one frame on their way: already decided, or being prepared."""

    from_row: int
    rows: int
    decided: list[RowOutcome]
    prepared: Future[list[Prepared]]


def run_chunk(*, batch_id: int, now: datetime) -> ImportBatch:
    """Do the next chunk of an import, if it is running, and return where it stands."""
    batch = _load(batch_id)
    if batch.status != ImportBatch.Status.RUNNING:
        return batch
    prepare = at_once(sanitizing.preparer_for(batch.project))
    try:
        chunk = next(_chunks(batch, prepare, ahead=1), None)
    except SpoolRefused as refusal:
        return _fail(batch, refusal.message, now)
    if chunk is None:
        return finish(batch_id=batch_id, now=now)
    _commit(batch_id, chunk, now)
    return _load(batch_id)


def run_to_end(
    *,
    batch_id: int,
    clock: Callable[[], datetime],
    progress: Progress | None = None,
    helper_count: int = 0,
) -> ImportBatch:
    """Run an import until it is done; `helper_count` processes share the sanitizing.

    Raises:
        SpoolRefused: the staged file is gone or damaged; the import is FAILED.
    """
    batch = _load(batch_id)
    with calm_collection(), _prepare(batch, helper_count) as prepare:
        while batch.status == ImportBatch.Status.RUNNING:
            try:
                _run_from_cursor(batch, prepare, helper_count, clock, progress)
            except SpoolRefused as refusal:
                _fail(batch, refusal.message, clock())
                raise
            batch = _load(batch_id)
            if batch.cursor >= (batch.total_rows or 0):
                batch = finish(batch_id=batch_id, now=clock())
    return batch


@transaction.atomic
def finish(*, batch_id: int, now: datetime) -> ImportBatch:
    """Close an import whose rows are all dealt with, and drop its file."""
    batch = ImportBatch.objects.select_for_update().get(pk=batch_id)
    if batch.status != ImportBatch.Status.RUNNING:
        return batch
    path = rejects.join_parts(batch_id)
    batch.rejects_path = str(path) if path else ""
    batch.status = ImportBatch.Status.DONE
    batch.finished_at = batch.heartbeat_at = now
    spool, batch.spool_path = batch.spool_path, ""
    batch.save()
    transaction.on_commit(lambda: Path(spool).unlink(missing_ok=True))
    if batch.imported and batch.source != ImportBatch.Source.COMMAND:
        enqueue(MARK_TASK, batch.project_id)
    return batch


def _run_from_cursor(
    batch: ImportBatch,
    prepare: Prepare,
    helper_count: int,
    clock: Callable[[], datetime],
    progress: Progress | None,
) -> None:
    """Commit chunks until the end, or until another runner has moved the cursor."""
    for chunk in _chunks(batch, prepare, ahead=2 * helper_count + 1):
        if not _commit(batch.pk, chunk, clock()):
            return
        if progress:
            progress(chunk.from_row + chunk.rows, batch.total_rows or 0)


def _chunks(batch: ImportBatch, prepare: Prepare, ahead: int) -> Iterator[_Chunk]:
    """Yield chunks in order while up to `ahead` of them are being prepared."""
    mapping = ColumnMap.from_json(batch.mapping)
    preparer = sanitizing.preparer_for(batch.project)
    waiting: deque[_Chunk] = deque()
    for frame in staged_frames(Path(batch.spool_path), batch.cursor):
        waiting.append(_begin(batch, frame, mapping, preparer, prepare))
        if len(waiting) >= ahead:
            yield waiting.popleft()
    yield from waiting


def _begin(
    batch: ImportBatch,
    frame: Frame,
    mapping: ColumnMap,
    preparer: Preparer,
    prepare: Prepare,
) -> _Chunk:
    """Read a frame's rows, set known ones aside, start preparing the rest."""
    tickets: list[Ticket] = []
    decided: list[RowOutcome] = []
    for row in rows_of(frame):
        try:
            tickets.append(ticket_of(row, mapping))
        except RowRejected as error:
            decided.append(
                RowOutcome(
                    row.number,
                    RowStatus.REJECTED,
                    column=error.field,
                    reason=error.reason,
                )
            )
    fresh, known = set_known_aside(batch.project, tickets, preparer)
    return _Chunk(frame.before, frame.rows, decided + known, prepare(fresh))


def _commit(batch_id: int, chunk: _Chunk, now: datetime) -> bool:
    """Store a chunk; False where the cursor is no longer at its first row."""
    prepared = chunk.prepared.result()
    with transaction.atomic():
        batch = ImportBatch.objects.select_for_update().get(pk=batch_id)
        if batch.status != ImportBatch.Status.RUNNING or batch.cursor != chunk.from_row:
            return False
        project = Project.objects.select_for_update().get(pk=batch.project_id)
        destination = Destination(project, batch.record_kind, batch.origin, batch, now)
        outcomes = chunk.decided + store(destination, prepared)
        rejects.write_part(batch_id, chunk.from_row, _rejects(outcomes))
        counts = tally(outcomes)
        ImportBatch.objects.filter(pk=batch_id).update(
            cursor=F("cursor") + chunk.rows,
            heartbeat_at=now,
            **{name: F(name) + count for name, count in counts.items()},
        )
    return True


def _rejects(outcomes: Sequence[RowOutcome]) -> list[Reject]:
    found = [
        Reject(one.number, one.column, one.reason)
        for one in outcomes
        if one.status is RowStatus.REJECTED
    ]
    return sorted(found, key=lambda reject: reject.row)


def _prepare(batch: ImportBatch, helper_count: int) -> AbstractContextManager[Prepare]:
    key_id = batch.project.key_id
    if helper_count:
        sanitizing.check_key(batch.project)
        key = settings.PSEUDONYM_KEYS[key_id]
        knowledge = knowledge_of(batch.project)
        return helpers(key, key_id, batch.project_id, knowledge, helper_count)
    return nullcontext(at_once(sanitizing.preparer_for(batch.project)))


def _load(batch_id: int) -> ImportBatch:
    return ImportBatch.objects.select_related("project").get(pk=batch_id)


def _fail(batch: ImportBatch, why: str, now: datetime) -> ImportBatch:
    ImportBatch.objects.running().filter(pk=batch.pk).update(
        status=ImportBatch.Status.FAILED, refusal=why, finished_at=now
    )
    return _load(batch.pk)
