"""Datasets, their examples, exports, and the split every record keeps for ever."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from annotation.models import Project, Record, Review, Reviewer
from training.querysets.datasets import (
    DatasetQuerySet,
    ExampleQuerySet,
    ExportQuerySet,
)


class Split(models.TextChoices):
    TRAIN = "TRAIN", "Train"
    DEV = "DEV", "Dev"
    CALIBRATION = "CALIBRATION", "Calibration"
    TEST = "TEST", "Test"


class SplitAssignment(models.Model):
    """The split of one record, given once and kept for every later version."""

    record = models.OneToOneField(
        Record, on_delete=models.PROTECT, related_name="split_assignment"
    )
    group_key = models.CharField(max_length=80, db_index=True)
    split = models.CharField(max_length=11, choices=Split)
    assigned_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"record {self.record_id} in {self.split}"


class Dataset(models.Model):
    """A named, versioned set of examples; once frozen it never changes."""

    class Status(models.TextChoices):
        DRAFT = "DRAFT", "Draft"
        BUILDING = "BUILDING", "Building"
        FROZEN = "FROZEN", "Frozen"
        FAILED = "FAILED", "Failed"

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="datasets"
    )
    name = models.SlugField(max_length=80)
    version = models.PositiveIntegerField(default=1)
    recipe = models.JSONField(default=dict)
    status = models.CharField(max_length=8, choices=Status, default=Status.DRAFT)
    failure = models.TextField(blank=True)
    cursor = models.PositiveBigIntegerField(default=0)
    manifest = models.JSONField(default=dict, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    path = models.CharField(max_length=500, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True
    )
    created_at = models.DateTimeField(auto_now_add=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    frozen_at = models.DateTimeField(null=True, blank=True)

    objects = DatasetQuerySet.as_manager()

    class Meta:
        ordering = ["project", "name", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name", "version"], name="dataset_unique_version"
            ),
            models.CheckConstraint(
                condition=~models.Q(status="FROZEN")
                | (~models.Q(sha256="") & models.Q(frozen_at__isnull=False)),
                name="dataset_frozen_has_hash",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, unless the stored row is frozen. Raises FrozenDataset."""
        Dataset.objects.filter(pk=self.pk).refuse_frozen()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete, unless frozen. Raises FrozenDataset."""
        Dataset.objects.filter(pk=self.pk).refuse_frozen()
        return super().delete(*args, **kwargs)

    @property
    def reference(self) -> str:
        """How commands and pages name it: project, name and version."""
        return f"{self.project.slug}/{self.name}@{self.version}"

    @property
    def is_frozen(self) -> bool:
        return self.status == self.Status.FROZEN

    @property
    def is_single_source(self) -> bool:
        """Whether its gold rests on one source; shown as a banner everywhere."""
        return bool(self.recipe.get("gold_rule") == "SINGLE_SOURCE")


class Example(models.Model):
    """One record in one dataset, with the label as it stood at the freeze."""

    dataset = models.ForeignKey(
        Dataset, on_delete=models.PROTECT, related_name="examples"
    )
    record = models.ForeignKey(
        Record,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="examples",
        help_text="Null for a general-purpose mix-in.",
    )
    review = models.ForeignKey(
        Review,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Null when the label is the verdict's.",
    )
    task_type = models.CharField(max_length=20, default="severity")
    template_version = models.CharField(max_length=20, default="1")
    split = models.CharField(max_length=11, choices=Split)
    copies = models.PositiveSmallIntegerField(default=1)
    label = models.CharField(max_length=40)
    grade = models.CharField(max_length=10, choices=Reviewer.GradeChoice, blank=True)
    gold_status = models.CharField(max_length=20, blank=True)
    snapshot = models.JSONField(
        default=dict, help_text="Label, method, grade, answer at the freeze."
    )
    text_sha256 = models.CharField(max_length=64)

    objects = ExampleQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "record", "review", "task_type"],
                name="example_unique",
            ),
            models.UniqueConstraint(
                fields=["dataset", "record", "task_type"],
                condition=models.Q(review__isnull=True, record__isnull=False),
                name="example_unique_verdict",
            ),
            models.CheckConstraint(
                condition=models.Q(copies__gte=1)
                & (models.Q(split="TRAIN") | models.Q(copies=1)),
                name="example_copies_only_in_train",
            ),
        ]
        indexes = [
            models.Index(fields=["dataset", "split", "id"], name="example_split")
        ]

    def __str__(self) -> str:
        return f"record {self.record_id} in dataset {self.dataset_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save a new example; a stored one of a frozen dataset never changes."""
        if self.pk:
            Example.objects.filter(pk=self.pk).refuse_frozen()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete, unless the dataset is frozen. Raises FrozenDataset."""
        Example.objects.filter(pk=self.pk).refuse_frozen()
        return super().delete(*args, **kwargs)


class Export(models.Model):
    """One written file of a frozen dataset in one format."""

    class Status(models.TextChoices):
        QUEUED = "QUEUED", "Queued"
        RUNNING = "RUNNING", "Running"
        DONE = "DONE", "Done"
        FAILED = "FAILED", "Failed"

    dataset = models.ForeignKey(
        Dataset, on_delete=models.PROTECT, related_name="exports"
    )
    format = models.CharField(max_length=20)
    split = models.CharField(max_length=11, choices=Split, blank=True)
    status = models.CharField(max_length=7, choices=Status, default=Status.QUEUED)
    cursor = models.PositiveBigIntegerField(default=0)
    rows_written = models.PositiveBigIntegerField(default=0)
    bytes_written = models.PositiveBigIntegerField(
        default=0, help_text="Size of the unfinished file at the cursor."
    )
    path = models.CharField(max_length=500, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    failure = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True
    )
    created_at = models.DateTimeField(auto_now_add=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "format", "split"], name="export_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dataset_id} as {self.format}"
