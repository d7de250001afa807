"""Mark near copies among a project's records, so that no split tears them apart.

Comparing needs a signature of every text. Signatures are kept in a file beside the
database and made in chunks; losing the file costs time, nothing else. Marking twice
changes nothing, and a copy always points at the first record of its group.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Count
from numpy.typing import NDArray

from annotation.domain.duplicates import (
    PERMUTATIONS,
    clusters,
    near_duplicates,
    signatures,
)
from annotation.models import Record
from annotation.querysets.records import RecordQuerySet
from netft_site.base.files import write_atomic

SIGN_CHUNK = 10_000


@dataclass(frozen=True)
class _Kept:
    """Record ids, rising, and their signatures."""

    ids: NDArray[np.int64]
    rows: NDArray[np.uint32]


def sign_chunk(*, project_id: int) -> int:
    """Sign up to 10,000 records that have no signature; return how many are left."""
    kept = _load(project_id)
    signed = set(kept.ids.tolist())
    waiting = [pk for pk in _with_text(project_id).values_list("pk", flat=True)
               if pk not in signed]  # fmt: skip
    chunk = waiting[:SIGN_CHUNK]
    if chunk:
        texts = _texts(Record.objects.filter(pk__in=chunk).order_by("pk"))
        ids = np.concatenate([kept.ids, np.array(chunk, dtype=np.int64)])
        rows = np.concatenate([kept.rows, signatures(texts)])
        order = np.argsort(ids)
        _save(project_id, _Kept(ids[order], rows[order]))
    return len(waiting) - len(chunk)


def mark(*, project_id: int) -> int:
    """Mark near copies among the signed records; return how many marks changed."""
    kept = _load(project_id)
    records = _with_text(project_id).filter(pk__lte=int(kept.ids.max(initial=0)))
    stored = dict(records.values_list("pk", "near_duplicate_of_id"))
    known = np.isin(kept.ids, np.fromiter(stored, dtype=np.int64, count=len(stored)))
    ids, rows = kept.ids[known].tolist(), kept.rows[known]
    signed = set(ids)
    pairs = near_duplicates(
        [text for pk, text in _numbered(records) if pk in signed], known=rows
    )
    firsts = clusters(len(ids), pairs)
    wanted = {
        pk: ids[first] if ids[first] != pk else None
        for pk, first in zip(ids, firsts, strict=True)
    }
    changed = [pk for pk, first in wanted.items() if stored[pk] != first]
    with transaction.atomic():
        Record.objects.bulk_update(
            [Record(pk=pk, near_duplicate_of_id=wanted[pk]) for pk in changed],
            ["near_duplicate_of"],
            batch_size=400,
        )
    return len(changed)


def mark_near_duplicates(*, project_id: int) -> int:
    """Sign what is new and mark, in one go; return how many marks changed."""
    while sign_chunk(project_id=project_id):
        """The rest of the records."""
    return mark(project_id=project_id)


def projects_to_mark() -> list[int]:
    """Return the projects that hold records without a signature."""
    counted = Record.objects.with_text().values_list("project_id")
    return [
        project_id
        for project_id, count in counted.annotate(n=Count("pk")).order_by()
        if count > len(_load(project_id).ids)
    ]


def _with_text(project_id: int) -> RecordQuerySet:
    return Record.objects.with_text().filter(project=project_id).order_by("pk")


def _texts(records: RecordQuerySet) -> list[str]:
    return [text for _, text in _numbered(records)]


def _numbered(records: RecordQuerySet) -> list[tuple[int, str]]:
    rows = records.values_list("pk", "title", "body").iterator(chunk_size=2000)
    return [(pk, f"{title}\n\n{body}".strip()) for pk, title, body in rows]


def _load(project_id: int) -> _Kept:
    path = _path(project_id)
    if not path.is_file():
        empty = np.zeros((0, PERMUTATIONS), dtype=np.uint32)
        return _Kept(np.zeros(0, dtype=np.int64), empty)
    with np.load(path, allow_pickle=False) as stored:
        return _Kept(stored["ids"], stored["rows"])


def _save(project_id: int, kept: _Kept) -> None:
    content = io.BytesIO()
    np.savez(content, ids=kept.ids, rows=kept.rows)
    write_atomic(_path(project_id), content.getvalue(), mode=0o600)


def _path(project_id: int) -> Path:
    directory = Path(settings.DATA_DIR) / "signatures"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory / f"project-{project_id}.npz"
