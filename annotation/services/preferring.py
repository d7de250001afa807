"""Judged pairs of answers, sent by whoever let people choose.

The answers may come from a model and from people: every text passes the sanitizer
before it is stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from annotation.models import Preference, Project, Record
from annotation.services.typed_text import made_safe
from netft_site.base.refusals import Refused

AT_ONCE = 200


class PreferenceRefused(Refused):
    """Pairs that do not fit the project."""


@dataclass(frozen=True)
class Pair:
    """Two answers on one record, the better one first."""

    external_id: str
    chosen: str
    rejected: str
    prompt: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)


def prefer(
    *, project: Project, source: str, pairs: Sequence[Pair], now: datetime
) -> int:
    """Store judged pairs; return how many. All or none.

    Raises:
        PreferenceRefused: ``bad_count``, ``unknown_record``, ``same_answer``, or
            ``held_text`` where a text cannot be made safe.
    """
    if not 1 <= len(pairs) <= AT_ONCE:
        raise PreferenceRefused("bad_count", f"Send between 1 and {AT_ONCE} pairs.")
    names = {pair.external_id for pair in pairs}
    ids = Record.objects.of(project).ids_by_external_id(names)
    if missing := len(names) - len(ids):
        raise PreferenceRefused(
            "unknown_record", f"{missing} of the records are not in the project."
        )
    rows = [_row(project, ids[pair.external_id], pair, source, now) for pair in pairs]
    with transaction.atomic():
        Preference.objects.bulk_create(rows)
    return len(rows)


def _row(
    project: Project, record_id: int, pair: Pair, source: str, now: datetime
) -> Preference:
    prompt, chosen, rejected = (
        _safe(project, text) for text in (pair.prompt, pair.chosen, pair.rejected)
    )
    if not chosen or not rejected or chosen == rejected:
        raise PreferenceRefused(
            "same_answer", f"{pair.external_id}: send two answers that differ."
        )
    return Preference(
        record_id=record_id,
        prompt=prompt,
        chosen=chosen,
        rejected=rejected,
        source=source,
        provenance=dict(pair.provenance),
        created_at=now,
    )


def _safe(project: Project, text: str) -> str:
    safe = made_safe(project, text)
    if safe is None:
        raise PreferenceRefused(
            "held_text", "A text holds something that looks like a secret."
        )
    return safe
