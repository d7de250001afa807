"""Filters for giving open records the priority that their category deserves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from django.db import models

if TYPE_CHECKING:
    from annotation.models import Project


class PrioritisedQuerySet(models.QuerySet):
    """Records by the reason for which they are queued."""

    def labeled_by_category(
        self, project: Project, categories: Iterable[str]
    ) -> dict[str, int]:
        """How many settled records each of these categories has."""
        rows = self.filter(
            project=project, state="SETTLED", category__in=list(categories)
        )
        counted = rows.order_by().values_list("category").annotate(models.Count("pk"))
        return dict(counted)

    def outranked(
        self, project: Project, category: str, *, priority: int, because: str
    ) -> Self:
        """Open records of a category that this priority changes, and should.

        Those queued for this very reason at another priority, and those with a lower
        one; never those that another reason puts as high or higher.
        """
        ours = models.Q(queued_because=because) & ~models.Q(priority=priority)
        lower = models.Q(priority__lt=priority) & ~models.Q(queued_because=because)
        return self.filter(
            ours | lower, project=project, category=category, state="OPEN"
        ).order_by()
