"""From a file to an import that is ready to run.

Receiving stages the file and notes it; starting settles which column is which field.
Either refuses with a reason and leaves nothing behind but, for an upload, its page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.models import User
from django.db import transaction

from annotation.domain.importing.byte_source import ByteSource
from annotation.domain.importing.fields import (
    PRESETS,
    SYNONYMS,
    TEXT_FIELDS,
    Candidates,
    is_record_field,
)
from annotation.domain.importing.mapping import ColumnMap, settle_mapping
from annotation.domain.importing.refusals import FileRefused
from annotation.domain.importing.table import format_of
from annotation.domain.sanitize import Sanitizer
from annotation.models import ImportBatch, Project
from annotation.services import sanitizing
from annotation.services.importing.staging import Staged, columns_of, stage
from annotation.services.vault import keyring_of
from netft_site.base.enqueue import enqueue
from netft_site.base.refusals import Refused

RUN_TASK = "annotation.tasks.importing.run_import"
_COLUMN_CHARS = 80
_COLUMNS_SHOWN = 40


class ImportRefused(Refused):
    """A file, or a way to read it, that is not imported."""


def receive(
    *,
    project: Project,
    stream: ByteSource,
    file_name: str,
    source: str,
    kind: str = "TICKET",
    origin: str = "REAL",
    user: User | None = None,
) -> ImportBatch:
    """Read a file once, whole, and keep it encrypted until its import is done.

    Raises:
        ImportRefused: the file cannot be read; nothing is kept.
        VaultRefused: the project's key is not in this process's environment.
    """
    keyring_of(project.key_id)
    sanitizer = sanitizing.sanitizer_for(project)
    try:
        file_format = format_of(file_name)
        staged = stage(stream, file_format)
    except FileRefused as refusal:
        raise told(refusal, sanitizer) from refusal
    return ImportBatch.objects.create(
        project=project,
        source=source,
        record_kind=kind,
        origin=origin,
        file_name=_safe_name(file_name, sanitizer),
        file_format=file_format,
        created_by=user,
        **_facts(staged),
    )


@transaction.atomic
def start(
    *,
    batch: ImportBatch,
    now: datetime,
    asked: Mapping[str, Sequence[str]] | None = None,
    preset: str = "",
    zone: str = "UTC",
    order: str = "",
    only_asked: bool = False,
    in_background: bool = True,
) -> ImportBatch:
    """Settle the mapping and set the import going; starting twice changes nothing.

    Raises:
        ImportRefused: a column is missing, looks like data, or the preset is unknown.
    """
    batch = ImportBatch.objects.select_for_update().get(pk=batch.pk)
    if batch.status != ImportBatch.Status.UPLOADED:
        return batch
    mapping = settle(
        batch=batch,
        asked=asked,
        preset=preset,
        zone=zone,
        order=order,
        only_asked=only_asked,
    )
    batch.mapping = mapping.as_json()
    batch.status = ImportBatch.Status.RUNNING
    batch.heartbeat_at = now
    batch.save(update_fields=["mapping", "status", "heartbeat_at"])
    if in_background:
        enqueue(RUN_TASK, batch.pk)
    return batch


def unfinished_twin(*, batch: ImportBatch) -> ImportBatch | None:
    """Return an interrupted import of the same bytes, read in the same way."""
    same = ImportBatch.objects.same_work_as(batch).order_by("-cursor")
    return next((one for one in same if Path(one.spool_path).is_file()), None)


def resume_stalled(*, since: datetime) -> int:
    """Queue running imports whose last sign of life is older; count them."""
    stalled = ImportBatch.objects.stalled(since).exclude(
        source=ImportBatch.Source.COMMAND
    )
    ids = list(stalled.values_list("pk", flat=True))
    for batch_id in ids:
        enqueue(RUN_TASK, batch_id)
    return len(ids)


def settle(
    *,
    batch: ImportBatch,
    asked: Mapping[str, Sequence[str]] | None = None,
    preset: str = "",
    zone: str = "UTC",
    order: str = "",
    only_asked: bool = False,
) -> ColumnMap:
    """Return the mapping that an import with these wishes would have.

    With `only_asked` no column is recognised by its name.

    Raises:
        ImportRefused: as `start`.
    """
    if preset and preset not in PRESETS:
        raise ImportRefused("unknown_preset", f"Presets are: {', '.join(PRESETS)}.")
    _check_zone(zone)
    _check_fields(asked or {})
    candidates = {} if only_asked else PRESETS[preset] if preset else SYNONYMS
    columns = settle_columns(batch, asked or {}, candidates, [TEXT_FIELDS])
    return ColumnMap(columns, zone, order)


def settle_columns(
    batch: ImportBatch,
    asked: Mapping[str, Sequence[str]],
    candidates: Candidates,
    required: Iterable[Sequence[str]],
) -> dict[str, tuple[str, ...]]:
    """Choose columns of a received file; see `settle_mapping`.

    Raises:
        ImportRefused: missing_column, or unsafe_column where a chosen name looks like
            data: it would be stored with the mapping.
    """
    sanitizer = sanitizing.sanitizer_for(batch.project)
    try:
        chosen = settle_mapping(
            columns_of(Path(batch.spool_path)), asked, candidates, required
        )
    except FileRefused as refusal:
        raise told(refusal, sanitizer) from refusal
    for name, columns in chosen.items():
        if not all(is_plain_column(column, sanitizer) for column in columns):
            raise ImportRefused(
                "unsafe_column",
                f"The column for {name} looks like data. Does the file have a header?",
            )
    return chosen


def is_plain_column(name: str, sanitizer: Sanitizer) -> bool:
    """Say whether a column name may be shown and stored."""
    return len(name) <= _COLUMN_CHARS and sanitizer.looks_clean(name)


def shown_columns(columns: Iterable[str], sanitizer: Sanitizer) -> list[str]:
    """Return column names as they may be shown; data in a header is not."""
    return [
        name if is_plain_column(name, sanitizer) else f"(column {place})"
        for place, name in enumerate(columns, start=1)
    ]


def told(refusal: FileRefused, sanitizer: Sanitizer) -> ImportRefused:
    """Turn a file's refusal into one for people, its columns made safe to show."""
    message = refusal.message
    if refusal.columns:
        shown = shown_columns(refusal.columns[:_COLUMNS_SHOWN], sanitizer)
        message += f" Columns found: {', '.join(shown)}."
    return ImportRefused(refusal.code, message)


def discard(*, batch: ImportBatch) -> None:
    """Remove an import that has done nothing yet, with its file."""
    if batch.cursor == 0 and not batch.is_finished:
        Path(batch.spool_path).unlink(missing_ok=True)
        batch.delete()


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ImportRefused("unknown_zone", "No such time zone.") from error


def _check_fields(asked: Iterable[str]) -> None:
    for name in asked:
        if not is_record_field(name):
            raise ImportRefused("unknown_field", f"No field is called {name[:40]}.")


def _safe_name(file_name: str, sanitizer: Sanitizer) -> str:
    """Names of files tell customers and hosts too."""
    name = Path(file_name).name[-200:]
    found = sanitizer.sanitize(name)
    return f"file{Path(name).suffix[:10]}" if found.held else found.text[:255]


def _facts(staged: Staged) -> dict[str, object]:
    return {
        "sha256": staged.sha256,
        "size_bytes": staged.size_bytes,
        "spool_path": str(staged.path),
        "total_rows": staged.total_rows,
    }
