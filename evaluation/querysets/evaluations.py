"""Filters over evaluations."""

from __future__ import annotations

from typing import Self

from django.db import models


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


class PredictionQuerySet(models.QuerySet):
    """Predictions of an evaluation."""

    def wrong(self) -> Self:
        return self.exclude(severity=models.F("gold"))
