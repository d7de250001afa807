"""Turn a stretch of the plan into examples: lines on disk and rows in the database.

The lines are those of the frozen files, copies included. Writing a stretch twice
writes the same.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from annotation.services.leak_standing import standing_of
from annotation.services.vouching import read_texts
from netft_site.base.bulk_insert import insert_many
from netft_site.base.files import write_atomic
from training.domain.formats import Row, encode_rows, rows_of
from training.domain.recipe import Recipe
from training.domain.recipe_tasks import TooLong
from training.domain.tasks import VERSIONS
from training.models import Dataset, Example
from training.services.datasets import (
    folders,
    lengths,
    materials,
    plans,
    vetting,
)
from training.services.datasets.origins import read_origins

CHUNK = 2000


def write_chunk(*, dataset: Dataset, now: datetime) -> None:
    """Write the parts of the next chunk, then its rows and the cursor together.

    Nothing changes when somebody else has written the chunk meanwhile. Raises
    BuildRefused (``record_changed``, ``too_long``).
    """
    start = dataset.cursor
    entries = plans.read_entries(dataset, start, CHUNK)
    standing = standing_of(dataset.project)
    stored = read_texts({entry.record_id for entry in entries}, standing)
    rows = _fitted(dataset, materials.read_rows(entries, stored))
    origins = read_origins(entries, stored)
    for split, content in _encode(dataset, entries, rows).items():
        write_atomic(folders.part_path(dataset, start, split), content)
    with transaction.atomic():
        locked = Dataset.objects.select_for_update().get(pk=dataset.pk)
        is_ours = locked.status == Dataset.Status.BUILDING and locked.cursor == start
        if not is_ours:
            return
        insert_many(
            Example,
            [
                _example(dataset, entry, rows[entry.row], origins[entry.row])
                for entry in entries
            ],
        )
        Dataset.objects.filter(pk=dataset.pk).update(
            cursor=start + len(entries), heartbeat_at=now, manifest={}
        )


def _fitted(dataset: Dataset, rows: dict[str, Row]) -> dict[str, Row]:
    """The rows, shortened where the recipe wants that."""
    recipe = Recipe.parse(dataset.recipe)
    if recipe.length.policy is not TooLong.TRUNCATE:
        return rows
    measure = lengths.measure_of(recipe)
    if measure is None:
        return rows
    return {
        name: lengths.cut_to_limit(row, measure, dataset.project)
        for name, row in rows.items()
    }


def _encode(
    dataset: Dataset, entries: list[plans.Entry], rows: Mapping[str, Row]
) -> dict[str, bytes]:
    """The frozen lines of one chunk by split, copies included."""
    scale = dataset.project.scale
    lines: dict[str, list[bytes]] = defaultdict(list)
    for entry in entries:
        copies = list(rows_of(rows[entry.row], entry.rows))
        lines[entry.split].append(encode_rows(copies, "classification", scale))
    return {split: b"".join(parts) for split, parts in lines.items()}


def _example(
    dataset: Dataset, entry: plans.Entry, row: Row, origin: Mapping[str, Any]
) -> dict[str, Any]:
    has_said = bool(row.answer or row.rejected or row.fields)
    return {
        "dataset_id": dataset.pk,
        "record_id": entry.record_id,
        "review_id": entry.label_id,
        "task_type": entry.task,
        "template_version": VERSIONS[entry.task],
        "split": entry.split,
        "copies": entry.rows,
        "label": entry.label,
        "grade": entry.grade,
        "gold_status": entry.gold,
        "snapshot": {
            "key": entry.key,
            "method": entry.method,
            "reviews": entry.reviews,
            "root_cause": entry.root_cause,
            "category": entry.category,
            "group": entry.group,
            "answer_review": entry.answer_id,
            "pair": entry.pair_id,
            "said": vetting.digest_of(vetting.texts_of(row)[1:]) if has_said else "",
            **origin,
        },
        "text_sha256": hashlib.sha256(row.text.encode()).hexdigest(),
    }
