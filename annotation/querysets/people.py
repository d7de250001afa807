"""Filters over reviewers and API tokens."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Self, cast

from django.db import models

if TYPE_CHECKING:
    from annotation.models import Project, Reviewer


class ReviewerQuerySet(models.QuerySet):
    """Reviewers, people apart from sources."""

    def active(self) -> Self:
        return self.filter(is_active=True)

    def people(self) -> Self:
        return self.filter(kind="HUMAN")

    def sources(self) -> Self:
        return self.filter(kind="SOURCE")

    def seniors(self) -> Self:
        """People whose word may settle a contested record."""
        return self.people().filter(grade__in=["SENIOR", "PRINCIPAL"])

    def known_in(self, project: Project) -> Self:
        """People with a role in a project, and those whose answers it holds."""
        own = models.OuterRef("pk")
        answers = self._related("reviews").filter(reviewer=own, record__project=project)
        role = models.Q(user__in=project.memberships.values("user"))
        return self.people().filter(role | models.Exists(answers))

    def with_role_in(self, projects: Iterable[int]) -> Self:
        """People who have a role in one of these projects."""
        return self.filter(user__memberships__project__in=projects).distinct()

    def sources_or_with_role_in(self, projects: Iterable[int]) -> Self:
        """Sources, which all projects share, and the people of these projects."""
        people = models.Q(user__memberships__project__in=projects)
        return self.filter(models.Q(kind="SOURCE") | people).distinct()

    def _related(self, name: str) -> models.QuerySet:
        related = self.model._meta.get_field(name).related_model
        assert isinstance(related, type)  # noqa: S101
        return related._default_manager.all()

    def ids_by_name(self) -> dict[str, int]:
        """Map every name a file may use for a reviewer, case-folded, to their id.

        A name that two share is nobody's.
        """
        found: dict[str, set[int]] = {}
        for row in self.select_related("user").order_by():
            reviewer = cast("Reviewer", row)
            user = reviewer.user
            names = [reviewer.name]
            if user:
                names += [user.username, user.email, user.get_full_name()]
            for name in names:
                found.setdefault(name.casefold(), set()).add(reviewer.pk)
        found.pop("", None)
        return {name: ids.pop() for name, ids in found.items() if len(ids) == 1}

    def names_in_use(self) -> set[str]:
        """Names that are taken, case-folded."""
        return {name.casefold() for name in self.values_list("name", flat=True)}


class InactiveSeats(models.QuerySet):
    """Claims of people who no longer label."""

    def of_the_inactive(self) -> Self:
        gone = models.Q(reviewer__is_active=False)
        return self.filter(gone | models.Q(reviewer__user__is_active=False))


class ApiTokenQuerySet(models.QuerySet):
    """API tokens."""

    def usable(self, now: datetime) -> Self:
        return self.filter(
            revoked_at__isnull=True, expires_at__gt=now, user__is_active=True
        )
