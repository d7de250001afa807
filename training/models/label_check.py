"""Searches for wrong labels in frozen datasets."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from training.models.dataset import Dataset
from training.models.job import Job
from training.querysets.label_checks import LabelCheckQuerySet


class LabelCheck(models.Model):
    """One search for wrong labels in a frozen dataset, by one job.

    Its list of doubts lies in the file at ``path``; the dataset never changes by it.
    """

    class Status(models.TextChoices):
        RUNNING = "RUNNING", "Running"
        DONE = "DONE", "Done"
        FAILED = "FAILED", "Failed"

    dataset = models.ForeignKey(
        Dataset, on_delete=models.PROTECT, related_name="label_checks"
    )
    job = models.OneToOneField(
        Job, on_delete=models.PROTECT, related_name="label_check"
    )
    status = models.CharField(max_length=7, choices=Status, default=Status.RUNNING)
    failure = models.CharField(max_length=500, blank=True)
    facts = models.JSONField(
        default=dict, blank=True, help_text="How it was judged, and what it came to."
    )
    path = models.CharField(max_length=500, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True
    )
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = LabelCheckQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset"],
                condition=models.Q(status__in=["RUNNING", "DONE"]),
                name="label_check_one_stands",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="DONE")
                | (~models.Q(path="") & models.Q(finished_at__isnull=False)),
                name="label_check_done_has_file",
            ),
        ]

    def __str__(self) -> str:
        return f"label check of dataset {self.dataset_id}"
