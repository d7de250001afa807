"""Filters over training runs and model versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

from training.querysets.jobs import ACTIVE

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    from annotation.models import Project
    from training.models import BaseModel


class TrainingRunQuerySet(models.QuerySet):
    """Training runs."""

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        if getattr(user, "is_superuser", False):
            return self
        return self.filter(project__memberships__user_id=user.pk).distinct()

    def same_as(self, project: Project, fingerprint: str) -> Self:
        """Runs of the project that would give the same result, the newest first."""
        return self.filter(project=project, fingerprint=fingerprint).order_by("-id")

    def standing(self) -> Self:
        """Runs that have succeeded or are still under way."""
        return self.filter(job__state__in=["QUEUED", *ACTIVE, "SUCCEEDED"])

    def without_model(self) -> Self:
        """Runs that have succeeded and wait for their model version."""
        return (
            self.filter(job__state="SUCCEEDED", model_version__isnull=True)
            .select_related("job", "project", "dataset", "base_model")
            .order_by("id")
        )

    def succeeded_on(self, base_model: BaseModel) -> Self:
        """Runs of a base that ended well, the newest first."""
        found = self.filter(base_model=base_model, job__state="SUCCEEDED")
        return found.select_related("job").order_by("-id")

    def with_facts(self) -> Self:
        """Runs with everything that lists and pages show of them."""
        return self.select_related(
            "project",
            "dataset__project",
            "base_model",
            "job",
            "created_by",
            "model_version",
        )


class ModelVersionQuerySet(models.QuerySet):
    """Model versions."""

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        if getattr(user, "is_superuser", False):
            return self
        return self.filter(project__memberships__user_id=user.pk).distinct()

    def referred_to_by(self, reference: str) -> Self:
        """Candidates for ``[project/]name``."""
        slug, _, name = reference.rpartition("/")
        found = self.filter(name=name)
        return found.filter(project__slug=slug) if slug else found

    def with_facts(self) -> Self:
        """Model versions with everything that reports say of them."""
        return self.select_related(
            "project", "base_model", "run__dataset__project", "run__base_model"
        )
