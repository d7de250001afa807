"""Aggregates over records, answers and seats for the progress of a project."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import connections, models
from django.db.models import Case, Count, F, Min, Q, Sum, Value, When

if TYPE_CHECKING:
    from annotation.models import Project

COUNTS = Q(purpose="FIRST") & (Q(independent=True) | Q(suggested=True))
"""Labels that count towards what a record wants."""


class ProgressRecords(models.QuerySet):
    """Records by how far they are."""

    def by_state(self, project: Project) -> dict[str, tuple[int, int]]:
        """By state: how many records there are, and how many answers they want."""
        rows = self.filter(project=project).order_by().values("state")
        counted = rows.annotate(n=Count("pk"), wanted=Sum("reviews_wanted"))
        return {row["state"]: (row["n"], row["wanted"]) for row in counted}

    def oldest_open(self, project: Project) -> Any:
        return self.filter(project=project, state="OPEN").order_by("pk").first()

    def first_created(self, project: Project) -> datetime | None:
        """When the first record came; ids are given in that order, times not indexed.

        The smallest id of a project is read off an index, where the smallest time
        would need every record.
        """
        owned = self.filter(project=project).order_by().values("project")
        first = models.Subquery(owned.annotate(first=Min("pk")).values("first"))
        return self.filter(pk=first).values_list("created_at", flat=True).first()

    def contested_since(self, project: Project) -> datetime | None:
        rows = self.filter(project=project, state="CONTESTED")
        return rows.aggregate(at=Min("decided_at"))["at"]


class ProgressReviews(models.QuerySet):
    """Answers by day and person."""

    def labels(self, sources: models.QuerySet) -> Self:
        """Standing labels of people, whatever they were asked for.

        ``sources`` are the few reviewers who are no people: leaving them out costs
        nothing, where joining all reviewers made SQLite begin at the wrong table.
        """
        return (
            self.filter(is_current=True, status="SUBMITTED")
            .exclude(reviewer__in=sources)
            .order_by()
        )

    def of(self, project: Project) -> Self:
        return self.filter(record__project=project)

    def of_lately(self, project: Project) -> Self:
        """As ``of``, where the newest few are wanted: begin at the times.

        A sum hides the project from SQLite, which would walk all its records;
        PostgreSQL finds the way itself, and loses it where something is hidden.
        """
        if connections[self.db].vendor != "sqlite":
            return self.of(project)
        owned = self.alias(owner=F("record__project_id") + Value(0))
        return owned.filter(owner=project.pk)

    def given_to_open(self) -> int:
        """Labels that count, at records that are still open."""
        return self.filter(
            COUNTS, record__state="OPEN", round=F("record__round")
        ).count()

    def before(self, moment: datetime) -> Self:
        return self.filter(submitted_at__lt=moment)

    def by_day(self, starts: Sequence[datetime]) -> list[dict[str, Any]]:
        """By reviewer and day: answers, those that count, and active seconds.

        ``starts`` are the beginnings of the days, oldest first; ``day`` is a place
        among them. Comparing with written moments is quick on every database and right
        where a day has 23 hours.
        """
        rows = self.filter(submitted_at__gte=starts[0]).annotate(
            day=_place(starts, 0, len(starts)),
            # A sum keeps SQLite from walking all reviews in the order of reviewers.
            who=F("reviewer_id") + Value(0),
        )
        return list(
            rows.values("who", "day").annotate(
                n=Count("pk"),
                counting=Count("pk", filter=COUNTS),
                seconds=Sum("seconds_spent"),
            )
        )


def _place(starts: Sequence[datetime], low: int, high: int) -> Case | Value:
    """Find the last start before an answer by halving: few comparisons a row."""
    if high - low == 1:
        return Value(low)
    middle = (low + high) // 2
    return Case(
        When(submitted_at__gte=starts[middle], then=_place(starts, middle, high)),
        default=_place(starts, low, middle),
        output_field=models.IntegerField(),
    )


class ProgressSeats(models.QuerySet):
    """Seats that somebody holds now."""

    def held(self, project: Project, now: datetime) -> dict[int, int]:
        """By reviewer: how many open seats they hold."""
        rows = self.filter(project=project, state="OPEN", expires_at__gt=now)
        counted = rows.order_by().values_list("reviewer").annotate(Count("pk"))
        return dict(counted)
