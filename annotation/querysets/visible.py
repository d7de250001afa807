"""What a person may see: the rows of the projects they are a member of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser


class VisibleThroughProject(models.QuerySet):
    """Rows that belong to a project and are seen by its members."""

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Rows of projects the user is a member of; superusers see all."""
        if getattr(user, "is_superuser", False):
            return self
        return self.filter(project__memberships__user_id=user.pk)
