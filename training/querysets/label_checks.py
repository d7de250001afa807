"""Filters over searches for wrong labels."""

from __future__ import annotations

from typing import Self

from django.db import models


class LabelCheckQuerySet(models.QuerySet):
    """Label checks by where they stand."""

    def standing(self) -> Self:
        """Those that are at work or done; of a dataset there is one at most."""
        return self.filter(status__in=["RUNNING", "DONE"])

    def with_finished_job(self) -> Self:
        """Those at work whose job is over: to be taken in."""
        over = ["SUCCEEDED", "FAILED", "ERRORED", "CANCELLED"]
        running = self.filter(status="RUNNING", job__state__in=over)
        return running.select_related("job", "dataset__project").order_by("id")
