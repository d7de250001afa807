"""What a check of the leak gate rests on, and what came since.

Two checks under the same standing find the same in the same text, so the second can be
left out; where only secrets or canaries were added, comparing with those is enough.
What a person excuses later only lets more pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from django.db.models import Count, Max, QuerySet

from annotation.domain.sanitize import RULESET
from annotation.models import Canary, KnownSecret, Project


@dataclass(frozen=True)
class Known:
    """Rows of a table that only grows: the newest one's number, and how many."""

    newest: int
    count: int


@dataclass(frozen=True)
class Standing:
    """What was known at one moment: versions of the sanitizer, secrets, canaries."""

    knowledge: int
    ruleset: str
    key: str
    secrets: Known
    canaries: Known

    @classmethod
    def read(cls, noted: Any) -> Self | None:
        """Read what `as_json` gave; None for anything else."""
        try:
            known = {name: Known(**noted[name]) for name in ("secrets", "canaries")}
            return cls(**{**noted, **known})
        except (KeyError, TypeError):
            return None

    def as_json(self) -> Mapping[str, Any]:
        """Plain values, for a file."""
        return asdict(self)

    def sanitized_as(self, other: Standing) -> bool:
        """Whether the sanitizer was the same, whatever secrets were known."""
        return (self.knowledge, self.ruleset, self.key) == (
            other.knowledge,
            other.ruleset,
            other.key,
        )


def standing_of(project: Project) -> Standing:
    """Return what a check of today rests on.

    Read it before the check: what is learned meanwhile then counts as newer.
    """
    return Standing(
        knowledge=Project.objects.knowledge_version_of(project),
        ruleset=RULESET,
        key=project.key_id,
        secrets=_known(KnownSecret.objects.filter(project=project)),
        canaries=_known(Canary.objects.filter(project=project)),
    )


def secrets_of(project: Project, since: Standing | None = None) -> list[str]:
    """The tokens of known secrets; with `since` those that may be newer."""
    rows = KnownSecret.objects.filter(project=project)
    found = _newer(rows, since.secrets) if since else rows
    return list(found.values_list("token", flat=True))


def canaries_of(project: Project, since: Standing | None = None) -> list[str]:
    """The hashes of canaries; with `since` those that may be newer."""
    rows = Canary.objects.filter(project=project)
    found = _newer(rows, since.canaries) if since else rows
    return list(found.values_list("value_hmac", flat=True))


def _known(rows: QuerySet[Any]) -> Known:
    seen = rows.aggregate(newest=Max("pk"), count=Count("pk"))
    return Known(seen["newest"] or 0, seen["count"])


def _newer(rows: QuerySet[Any], known: Known) -> QuerySet[Any]:
    """The rows above a number, or all of them.

    Numbers are given before a row is committed: one below may have come later, and
    then there are more than there were.
    """
    if rows.filter(pk__lte=known.newest).count() != known.count:
        return rows
    return rows.filter(pk__gt=known.newest)
