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

from annotation.models import Record, Review
from netft_site.base.files import write_atomic
from training.domain.formats import TEMPLATE_VERSION, Row, encode_rows, rows_of
from training.domain.manifest import TASK
from training.models import Dataset, Example
from training.services.datasets import folders, leakage, planning
from training.services.datasets.origins import read_origins
from training.services.datasets.refusals import BuildRefused

CHUNK = 2000


def write_chunk(*, dataset: Dataset, now: datetime) -> None:
    """Write the parts of the next chunk, then its rows and the cursor together.

    Nothing changes when somebody else has written the chunk meanwhile. Raises
    BuildRefused (``record_changed``).
    """
    start = dataset.cursor
    entries = planning.read_entries(dataset, start, CHUNK)
    records = _read_records(entries)
    rows = _read_rows(entries, records)
    origins = read_origins(entries, records)
    for split, content in _encode(dataset, entries, rows).items():
        write_atomic(folders.part_path(dataset, start, split), content)
    texts = [rows[entry.record_id].text for entry in entries]
    leakage.keep_signatures(dataset, start, texts)
    with transaction.atomic():
        locked = Dataset.objects.select_for_update().get(pk=dataset.pk)
        is_ours = locked.status == Dataset.Status.BUILDING and locked.cursor == start
        if not is_ours:
            return
        Example.objects.bulk_create(
            [
                _example(dataset, e, rows[e.record_id], origins[e.record_id])
                for e in entries
            ]
        )
        Dataset.objects.filter(pk=dataset.pk).update(
            cursor=start + len(entries), heartbeat_at=now, manifest={}
        )


def _read_records(entries: list[planning.Entry]) -> dict[int, Record]:
    """The records of one chunk, each with what its text was sanitized under.

    Both come in one query: a record that is sanitized again meanwhile would otherwise
    be said to stand under rules that its text has never met.
    """
    found = Record.objects.labelable().filter(id__in=[e.record_id for e in entries])
    told = ("ruleset", "knowledge", "key_id")
    return {
        record.pk: record
        for record in found.select_related("sanitization").only(
            "id", "title", "body", *(f"sanitization__{name}" for name in told)
        )
    }


def _read_rows(
    entries: list[planning.Entry], records: Mapping[int, Record]
) -> dict[int, Row]:
    """The rows of one chunk with their texts and answers, by record id."""
    answers = dict(
        Review.objects.filter(
            id__in=[e.review_id for e in entries if e.review_id]
        ).values_list("id", "response")
    )
    rows = {}
    for entry in entries:
        record = records.get(entry.record_id)
        text = record.text if record else ""
        if not text:
            raise BuildRefused(
                "record_changed",
                f"Record {entry.key} lost its text or was excluded while the dataset "
                "was built. Build again.",
            )
        answer = answers.get(entry.review_id, "") if entry.review_id else ""
        rows[entry.record_id] = _row(entry, text, answer)
    return rows


def _row(entry: planning.Entry, text: str, answer: str) -> Row:
    return Row(
        id=entry.key,
        text=text,
        label=entry.label,
        split=entry.split,
        category=entry.category,
        opened_at=entry.opened_at,
        group=entry.group,
        method=entry.method,
        grade=entry.grade,
        gold=entry.gold,
        reviews=entry.reviews,
        root_cause=entry.root_cause,
        answer=answer,
    )


def _encode(
    dataset: Dataset, entries: list[planning.Entry], rows: dict[int, Row]
) -> dict[str, bytes]:
    """The frozen lines of one chunk by split, copies included."""
    scale = dataset.project.scale
    lines: dict[str, list[bytes]] = defaultdict(list)
    for entry in entries:
        copies = list(rows_of(rows[entry.record_id], entry.rows))
        lines[entry.split].append(encode_rows(copies, "classification", scale))
    return {split: b"".join(parts) for split, parts in lines.items()}


def _example(
    dataset: Dataset, entry: planning.Entry, row: Row, origin: Mapping[str, Any]
) -> Example:
    return Example(
        dataset=dataset,
        record_id=entry.record_id,
        task_type=TASK,
        template_version=TEMPLATE_VERSION,
        split=entry.split,
        copies=entry.rows,
        label=entry.label,
        grade=entry.grade,
        gold_status=entry.gold,
        snapshot={
            "key": entry.key,
            "method": entry.method,
            "reviews": entry.reviews,
            "root_cause": entry.root_cause,
            "category": entry.category,
            "group": entry.group,
            "answer_review": entry.review_id,
            **origin,
        },
        text_sha256=hashlib.sha256(row.text.encode()).hexdigest(),
    )
