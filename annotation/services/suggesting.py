"""A model's suggestions: filled from downstream, shown where a project wants them.

A seat notes that a suggestion was shown when it is taken, so that the answer can never
pass for an independent one afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from annotation.models import Claim, Project, Record, Suggestion
from netft_site.base.refusals import Refused

AT_ONCE = 1000


class SuggestionRefused(Refused):
    """Suggestions that do not fit the project."""


@dataclass(frozen=True)
class Suggested:
    """A model's word on one record: a level, and a probability for each level."""

    external_id: str
    severity: str
    probabilities: Mapping[str, float] = field(default_factory=dict)


@transaction.atomic
def suggest(
    *, project: Project, source: str, rows: Sequence[Suggested], now: datetime
) -> int:
    """Store a model's suggestions over its earlier ones; return how many.

    Raises:
        SuggestionRefused: ``bad_count``, ``unknown_level``, ``bad_probability`` or
            ``unknown_record``; nothing is stored then.
    """
    if not 1 <= len(rows) <= AT_ONCE:
        raise SuggestionRefused("bad_count", f"Send between 1 and {AT_ONCE:,}.")
    scale = project.scale
    if any(level not in scale for row in rows for level in _levels(row)):
        raise SuggestionRefused("unknown_level", "The project has no such level.")
    if any(not 0 <= p <= 1 for row in rows for p in row.probabilities.values()):
        raise SuggestionRefused("bad_probability", "Probabilities go from 0 to 1.")
    wanted = {row.external_id: row for row in rows}
    ids = Record.objects.of(project).ids_by_external_id(wanted)
    if missing := len(wanted) - len(ids):
        raise SuggestionRefused(
            "unknown_record", f"{missing} of the records are not in the project."
        )
    Suggestion.objects.bulk_create(
        [
            Suggestion(
                record_id=ids[name],
                source=source,
                severity=row.severity,
                probabilities=dict(row.probabilities),
                created_at=now,
            )
            for name, row in wanted.items()
        ],
        update_conflicts=True,
        unique_fields=["record", "source"],
        update_fields=["severity", "probabilities", "created_at"],
    )
    return len(wanted)


def suggestion_for(claim: Claim) -> Suggestion | None:
    """Return the newest suggestion on a seat's record, if the project shows them."""
    if not claim.project.shows_suggestions:
        return None
    return Suggestion.objects.filter(record=claim.record_id).first()


def _levels(row: Suggested) -> list[str]:
    return [row.severity, *row.probabilities]
