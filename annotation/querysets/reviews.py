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

    def expired(self, now: datetime) -> Self:
        return self.filter(state="OPEN", expires_at__lte=now)


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

    def from_desk_of(self, reviewer: models.Model) -> Self:
        return self.filter(reviewer=reviewer, source="DESK")

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


class VerdictQuerySet(models.QuerySet):
    """Verdicts."""

    def current(self) -> Self:
        return self.filter(is_current=True)

    def adjudicated(self) -> Self:
        return self.current().filter(method="ADJUDICATED")
