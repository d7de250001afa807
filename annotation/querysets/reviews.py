"""Filters over claims, reviews and verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Self

from django.db import models


class ClaimQuerySet(models.QuerySet):
    """Seats at records."""

    def live(self) -> Self:
        return self.filter(state__in=["OPEN", "DONE"])

    def live_or_of(self, reviewer: int) -> Self:
        """Live seats, and whatever seats one person has held."""
        return self.filter(
            models.Q(state__in=["OPEN", "DONE"]) | models.Q(reviewer=reviewer)
        )

    def expired(self, now: datetime) -> Self:
        return self.filter(state="OPEN", expires_at__lte=now)

    def expiring_after(self, moment: datetime) -> Self:
        return self.filter(expires_at__gt=moment)


class ReviewQuerySet(models.QuerySet):
    """Reviews that count for what."""

    def outside(self, projects: Iterable[int]) -> Self:
        """Reviews of records of any other project than these."""
        return self.exclude(record__project__in=projects)

    def current(self) -> Self:
        return self.filter(is_current=True)

    def submitted(self) -> Self:
        return self.filter(status="SUBMITTED")

    def answers(self) -> Self:
        """Standing answers: labels, skips and "not enough information"."""
        return self.current().filter(status__in=["SUBMITTED", "SKIPPED", "UNSURE"])

    def typed_by(self, reviewer: models.Model) -> Self:
        """Answers given from a seat, at the desk or through the API."""
        return self.filter(reviewer=reviewer, source__in=["DESK", "API"])

    def by_people(self) -> Self:
        return self.filter(reviewer__kind="HUMAN")

    def by_sources(self) -> Self:
        return self.filter(reviewer__kind="SOURCE")

    def independent_first_pass(self) -> Self:
        """The only reviews that count for agreement, consensus and ceiling."""
        return (
            self.current()
            .submitted()
            .by_people()
            .filter(purpose="FIRST", independent=True)
        )

    def settling(self) -> Self:
        """Labels that may settle a record: independent, or with a suggestion seen."""
        counting = models.Q(independent=True) | models.Q(suggested=True)
        return self.current().submitted().by_people().filter(counting, purpose="FIRST")

    def readable_by(
        self, reviewer: models.Model | None, labels_in: Iterable[int] | None
    ) -> Self:
        """All but what other people said of records that are not decided yet.

        Answers become readable once their record is first settled or contested. What a
        source said is hidden as well in ``labels_in``, the projects in which the reader
        labels; None means all.
        """
        hidden = models.Q(record__decided_at__isnull=True)
        if labels_in is not None:
            in_theirs = models.Q(record__project__in=labels_in)
            hidden &= in_theirs | models.Q(reviewer__kind="HUMAN")
        if reviewer is not None:
            hidden &= ~models.Q(reviewer=reviewer)
        return self.exclude(hidden)


class VerdictQuerySet(models.QuerySet):
    """Verdicts."""

    def current(self) -> Self:
        return self.filter(is_current=True)

    def adjudicated(self) -> Self:
        return self.current().filter(method="ADJUDICATED")
