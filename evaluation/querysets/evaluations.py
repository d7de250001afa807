"""Filters over evaluations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser


class EvaluationQuerySet(models.QuerySet):
    """Evaluations by status."""

    def done(self) -> Self:
        return self.filter(status="DONE")

    def running(self) -> Self:
        return self.filter(status="RUNNING")

    def standing(self) -> Self:
        """Evaluations that are done or under way."""
        return self.exclude(status="FAILED")

    def with_finished_job(self) -> Self:
        """Running evaluations whose child process is over, one way or the other."""
        over = ["SUCCEEDED", "FAILED", "ERRORED", "CANCELLED"]
        return (
            self.running()
            .filter(job__state__in=over)
            .select_related("job", "dataset__project", "model_version")
            .order_by("id")
        )

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        if getattr(user, "is_superuser", False):
            return self
        return self.filter(dataset__project__memberships__user_id=user.pk).distinct()


class PredictionQuerySet(models.QuerySet):
    """Predictions of an evaluation."""

    def wrong(self) -> Self:
        return self.exclude(severity=models.F("gold"))
