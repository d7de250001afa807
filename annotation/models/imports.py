"""Import batches and saved column mappings."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from annotation.models.project import Project
from annotation.querysets.imports import ImportBatchQuerySet, VisibleThroughProject


class ColumnMapping(models.Model):
    """A saved way to read one source's files: our field to their column."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="mappings"
    )
    name = models.CharField(max_length=80)
    mapping = models.JSONField(default=dict)

    objects = VisibleThroughProject.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"], name="columnmapping_unique_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ImportBatch(models.Model):
    """One import of one file or API call, with its cursor and its counts."""

    class Source(models.TextChoices):
        UPLOAD = "UPLOAD", "Upload"
        COMMAND = "COMMAND", "Command line"
        API = "API", "API"

    class Status(models.TextChoices):
        UPLOADED = "UPLOADED", "Uploaded"
        RUNNING = "RUNNING", "Running"
        DONE = "DONE", "Done"
        REFUSED = "REFUSED", "Refused"
        FAILED = "FAILED", "Failed"

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="batches"
    )
    source = models.CharField(max_length=8, choices=Source)
    record_kind = models.CharField(max_length=12, default="TICKET")
    origin = models.CharField(max_length=10, default="REAL")
    file_name = models.CharField(max_length=255, blank=True)
    file_format = models.CharField(max_length=8, blank=True)
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    size_bytes = models.PositiveBigIntegerField(default=0)
    spool_path = models.CharField(
        max_length=500, blank=True, help_text="Encrypted upload, removed when done."
    )
    mapping = models.JSONField(default=dict)
    status = models.CharField(max_length=8, choices=Status, default=Status.UPLOADED)
    refusal = models.CharField(max_length=500, blank=True)
    cursor = models.PositiveBigIntegerField(
        default=0, help_text="Rows of the file already dealt with."
    )
    total_rows = models.PositiveBigIntegerField(null=True, blank=True)
    imported = models.PositiveBigIntegerField(default=0)
    duplicate = models.PositiveBigIntegerField(default=0)
    held = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    rejects_path = models.CharField(max_length=500, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True
    )
    created_at = models.DateTimeField(auto_now_add=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "import batches"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(status="DONE")
                | models.Q(finished_at__isnull=False),
                name="importbatch_done_has_finish",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name or f"import {self.pk}"

    @property
    def is_finished(self) -> bool:
        return self.status in (
            self.Status.DONE,
            self.Status.REFUSED,
            self.Status.FAILED,
        )
