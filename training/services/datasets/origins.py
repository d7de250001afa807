"""What stood behind an example when it was written: verdict, reviews, sanitizing.

Kept in the example's snapshot, so that its lineage is what was, not what is today. The
frozen files do not hold it. What cannot be told for sure is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from annotation.models import Review, Verdict
from annotation.services.vouching import StoredText
from training.services.datasets.plans import Entry


def read_origins(
    entries: Sequence[Entry], records: Mapping[int, StoredText]
) -> dict[str, dict[str, Any]]:
    """Snapshot keys by the id of the row.

    ``verdict``: the id of the verdict, unless another one has taken its place since the
    plan. ``label_reviews``: the standing first labels as ``{"id", "guidelines"}``, with
    the version of the guidelines that each was given under. ``sanitizing``: ruleset,
    knowledge and key of the text. `records` were read together with their sanitizing.
    """
    verdicts = _verdicts(records)
    reviews = _reviews(records)
    return {
        entry.row: {
            **_verdict(entry, verdicts.get(entry.record_id)),
            "label_reviews": reviews[entry.record_id],
            **_sanitizing(records.get(entry.record_id)),
        }
        for entry in entries
    }


def _verdicts(records: Mapping[int, StoredText]) -> dict[int, Verdict]:
    current = Verdict.objects.current().filter(record__in=list(records))
    found = current.only("id", "record_id", "severity", "method", "grade")
    return {verdict.record_id: verdict for verdict in found}


def _verdict(entry: Entry, verdict: Verdict | None) -> dict[str, int]:
    planned = (entry.label, entry.method, entry.grade)
    if verdict is None or planned != (verdict.severity, verdict.method, verdict.grade):
        return {}
    return {"verdict": verdict.pk}


def _reviews(
    records: Mapping[int, StoredText],
) -> dict[int, list[dict[str, int | None]]]:
    rows = Review.objects.current().submitted().filter(purpose=Review.Purpose.FIRST)
    rows = rows.filter(record__in=list(records)).order_by("id")
    found: dict[int, list[dict[str, int | None]]] = defaultdict(list)
    for record, review, guidelines in rows.values_list(
        "record_id", "id", "guidelines__version"
    ):
        found[record].append({"id": review, "guidelines": guidelines})
    return found


def _sanitizing(record: StoredText | None) -> dict[str, dict[str, Any]]:
    if record is None or not record.made_under:
        return {}
    return {"sanitizing": record.made_under}
