"""Filters over what a project has taught its sanitizer, and over leaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

from annotation.querysets.imports import VisibleThroughProject

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

    from annotation.models import Project


class KnowledgeQuerySet(VisibleThroughProject):
    """Names, missed values and rules: in force until they are withdrawn."""

    def of(self, project: Project) -> Self:
        """Those of one project."""
        return self.filter(project=project)

    def in_force(self) -> Self:
        """Those that were not withdrawn."""
        return self.filter(withdrawn_at__isnull=True)


class FalseAlarmQuerySet(models.QuerySet):
    """False alarms by where they stand."""

    def of(self, project: Project) -> Self:
        """Those of one project."""
        return self.filter(record__project=project)

    def approved(self) -> Self:
        """Those that the sanitizer must heed."""
        return self.filter(state="APPROVED")

    def waiting(self) -> Self:
        """Those that wait for a second person."""
        return self.filter(state="ASKED")

    def waiting_for(self, user: User | AnonymousUser) -> Self:
        """Those that this person may decide on: somebody else reported them."""
        return self.waiting().exclude(asked_by_id=user.pk or 0)

    def standing(self) -> Self:
        """Those that were not refused."""
        return self.exclude(state="REFUSED")


class LeakQuerySet(models.QuerySet):
    """Leaks by project, and by whether somebody has dealt with them."""

    def open(self) -> Self:
        """Those that nobody has dealt with."""
        return self.filter(settled_at__isnull=True)

    def of(self, project: Project) -> Self:
        """Those of one project."""
        return self.filter(record__project=project)
