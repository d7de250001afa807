"""Filters over claims, reviews and verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser


class ClaimQuerySet(models.QuerySet):
    """Seats at records."""

    def live(self) -> Self:
        return self.filter(state__in=["OPEN", "DONE"])

    def expired(self, now: datetime) -> Self:
        return self.filter(state="OPEN", expires_at__lte=now)


class ReviewQuerySet(models.QuerySet):
    """Reviews that count for what."""

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Rows of projects the user is a member of; superusers see all."""
        if getattr(user, "is_superuser", False):
            return self
        return self.filter(record__project__memberships__user_id=user.pk).distinct()

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

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Rows of projects the user is a member of; superusers see all."""
        if getattr(user, "is_superuser", False):
            return self
        return self.filter(record__project__memberships__user_id=user.pk).distinct()

    def current(self) -> Self:
        return self.filter(is_current=True)

    def adjudicated(self) -> Self:
        return self.current().filter(method="ADJUDICATED")
