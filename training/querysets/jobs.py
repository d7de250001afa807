"""Filters over jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

if TYPE_CHECKING:
    from training.models import Job

ACTIVE = ("STARTING", "RUNNING", "CANCELLING", "ORPHANED")


class JobQuerySet(models.QuerySet):
    """Jobs by what the supervisor must do about them."""

    def queued(self) -> Self:
        return self.filter(state="QUEUED").order_by("id")

    def active(self) -> Self:
        """Jobs that have, or should have, a child process."""
        return self.filter(state__in=ACTIVE).order_by("id")

    def still_as(self, job: Job) -> Self:
        """The row, if nobody has moved it since ``job`` was read.

        An update through this is a compare-and-set: it changes one row or none.
        """
        return self.filter(pk=job.pk, state=job.state, fence=job.fence)

    def at(self, host: str) -> Self:
        """Jobs whose process was started on that machine."""
        return self.filter(host=host)

    def read_up_to(self, offset: int) -> Self:
        """Jobs whose events have been read exactly so far."""
        return self.filter(events_offset=offset)
