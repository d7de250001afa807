"""Filters over saved filters and bulk acts."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models

from annotation.querysets.visible import VisibleThroughProject

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

    from annotation.models import Project


class SavedFilterQuerySet(VisibleThroughProject):
    """Saved filters: one's own, and what colleagues share."""

    def of(self, project: Project) -> Self:
        """Those of one project."""
        return self.filter(project=project)

    def usable_by(self, user: User | AnonymousUser) -> Self:
        """A person's own, and those that others share; by name."""
        own = models.Q(owner_id=user.pk or 0)
        found = self.filter(own | models.Q(is_shared=True))
        return found.select_related("owner", "project").order_by("name", "pk")

    def owned_by(self, user: User | AnonymousUser) -> Self:
        return self.filter(owner_id=user.pk or 0)


class BulkActQuerySet(VisibleThroughProject):
    """Acts on many records, by where they stand."""

    def of(self, project: Project) -> Self:
        """Those of one project, the newest first."""
        return self.filter(project=project).order_by("-pk")

    def at_work(self) -> Self:
        """Those that are being carried out or undone."""
        return self.filter(status__in=["RUNNING", "UNDOING"])

    def stalled(self, since: datetime) -> Self:
        """Those that nobody has moved since then."""
        return self.at_work().filter(heartbeat_at__lt=since)
