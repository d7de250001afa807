"""Filters over projects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    from annotation.models import Project


class ProjectQuerySet(models.QuerySet):
    """Projects, as one door for every list a user may see."""

    def active(self) -> Self:
        return self.filter(is_active=True)

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Projects the user is a member of; superusers see all."""
        if getattr(user, "is_superuser", False):
            return self
        return self.filter(memberships__user_id=user.pk).distinct()

    def with_role(self, user: AbstractBaseUser | AnonymousUser, *roles: str) -> Self:
        """Projects where the user holds one of ``roles``; superusers hold all."""
        if getattr(user, "is_superuser", False):
            return self
        return self.filter(
            memberships__user_id=user.pk, memberships__role__in=roles
        ).distinct()

    def knowledge_version_of(self, project: Project) -> int:
        """The stored version of what a project's sanitizer knows."""
        return self.sanitizing_of(project)[0]

    def sanitizing_of(self, project: Project) -> tuple[int, str]:
        """The version of what a project's sanitizer knows, and its key's check."""
        found = self.filter(pk=project.pk)
        version, check = found.values_list("knowledge_version", "key_check").get()
        return int(version), str(check)
