"""Filters over reviews for figures about people; they chain."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import connections, models
from django.db.models import Count, F, OuterRef, Q, Subquery

if TYPE_CHECKING:
    from annotation.models import Project, Reviewer

DECIDED = ("SETTLED", "CONTESTED")


class QualityReviews(models.QuerySet):
    """Reviews as figures about people need them."""

    def of(self, project: Project) -> Self:
        return self.filter(record__project=project)

    def of_lately(self, project: Project) -> Self:
        """As ``of``, where the newest few are wanted: begin at the times.

        A sum hides the project from SQLite, which would walk all its records;
        PostgreSQL finds the way itself, and loses it where something is hidden.
        """
        if connections[self.db].vendor != "sqlite":
            return self.of(project)
        owned = self.alias(owner=F("record__project_id") + models.Value(0))
        return owned.filter(owner=project.pk)

    def given_by(self, reviewer: Reviewer) -> Self:
        return self.filter(reviewer=reviewer)

    def labels(self) -> Self:
        """Standing labels of people, whatever they were asked for."""
        return self.filter(is_current=True, status="SUBMITTED", reviewer__kind="HUMAN")

    def until(self, moment: datetime | None) -> Self:
        """Those given before a moment; None means all."""
        return self if moment is None else self.filter(submitted_at__lt=moment)

    def newest(self, most: int) -> Self:
        return self.order_by("-submitted_at", "-pk")[:most]

    def comparable(self) -> Self:
        """Independent first answers in the standing round of a decided record.

        A record that is still open stays out: its answers are nobody's to see.
        """
        return self.labels().filter(
            purpose="FIRST",
            independent=True,
            round=F("record__round"),
            record__state__in=DECIDED,
        )

    def at(self, records: Iterable[int] | models.QuerySet) -> Self:
        return self.filter(record__in=records)

    def timed(self) -> Self:
        return self.labels().filter(seconds_spent__isnull=False)

    def quicker_than(self, seconds: float) -> Self:
        return self.filter(seconds_spent__lt=seconds)

    def gold_counts(self) -> dict[int, tuple[int, int]]:
        """By reviewer: how many gold records were answered right, and how many at all.

        Retired gold records count no more.
        """
        rows = self.labels().filter(purpose="GOLD", record__gold__is_active=True)
        right = Count("pk", filter=Q(severity=F("record__gold__severity")))
        counted = (
            rows.order_by().values("reviewer").annotate(n=Count("pk"), right=right)
        )
        return {row["reviewer"]: (row["right"], row["n"]) for row in counted}

    def repeats(self) -> Self:
        """Blind repeats with ``first_severity`` and ``first_at`` of the first."""
        before = (
            self._all()
            .labels()
            .filter(
                purpose="FIRST",
                record=OuterRef("record"),
                reviewer=OuterRef("reviewer"),
                submitted_at__lt=OuterRef("submitted_at"),
            )
            .order_by("-submitted_at")
        )
        return (
            self.labels()
            .filter(purpose="REPEAT")
            .annotate(
                first_severity=Subquery(before.values("severity")[:1]),
                first_at=Subquery(before.values("submitted_at")[:1]),
            )
            .filter(first_at__isnull=False)
        )

    def _all(self) -> Any:
        return type(self)(self.model)


class Decisions(models.QuerySet):
    """Verdicts that a senior took."""

    def adjudicated_in(self, project: Project) -> Self:
        return self.filter(
            is_current=True, method="ADJUDICATED", record__project=project
        )
