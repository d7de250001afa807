"""Acts on many records at once, each of which can be undone, and saved filters."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from annotation.models.project import Guidelines, Project
from annotation.models.record import Record
from annotation.querysets.bulk import BulkActQuerySet, SavedFilterQuerySet


class SavedFilter(models.Model):
    """A named filter over a project's records, one's own or the team's."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="saved_filters"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    name = models.CharField(max_length=80)
    query = models.JSONField(default=dict, help_text="Field to wanted value.")
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SavedFilterQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "owner", "name"], name="saved_filter_unique_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class BulkAct(models.Model):
    """One act on many records, by whom and why; it may be undone.

    It goes through the records in the order of their numbers, from ``cursor`` to
    ``until``; being undone, through its changes. ``count`` is how many were changed.
    """

    class Kind(models.TextChoices):
        EXCLUDE = "EXCLUDE", "Excluded"
        REQUEUE = "REQUEUE", "Requeued"
        OVERLAP = "OVERLAP", "Raised the overlap"
        REREVIEW = "REREVIEW", "Opened for re-review"
        SENIORS = "SENIORS", "Sent to the seniors"

    class Status(models.TextChoices):
        RUNNING = "RUNNING", "Running"
        DONE = "DONE", "Done"
        UNDOING = "UNDOING", "Being undone"
        UNDONE = "UNDONE", "Undone"

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="bulk_acts"
    )
    kind = models.CharField(max_length=8, choices=Kind)
    query = models.JSONField(default=dict, help_text="The filter that named them.")
    value = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Reviews wanted, where the overlap was raised."
    )
    guidelines = models.ForeignKey(
        Guidelines, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    sets_decisions_aside = models.BooleanField(
        default=False, help_text="Requeued what a senior had decided as well."
    )
    reason = models.CharField(max_length=200)
    status = models.CharField(max_length=8, choices=Status, default=Status.DONE)
    cursor = models.PositiveBigIntegerField(default=0)
    until = models.PositiveBigIntegerField(default=0)
    total = models.PositiveIntegerField(
        default=0, help_text="How many records it was confirmed for."
    )
    count = models.PositiveIntegerField(default=0)
    restored = models.PositiveIntegerField(default=0)
    left_alone = models.JSONField(
        default=dict, help_text="Why undoing left records alone, to how many."
    )
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    objects = BulkActQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["project", "-id"], name="bulk_act_newest")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.count} records"

    @property
    def is_at_work(self) -> bool:
        return self.status in (self.Status.RUNNING, self.Status.UNDOING)


class BulkChange(models.Model):
    """What an act changed at one record: the values before and after it."""

    act = models.ForeignKey(BulkAct, on_delete=models.CASCADE, related_name="changes")
    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="+")
    before = models.JSONField(help_text="Column to value before the act.")
    after = models.JSONField(help_text="Column to value after it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["act", "record"], name="bulk_change_unique_record"
            ),
        ]

    def __str__(self) -> str:
        return f"record {self.record_id} in act {self.act_id}"
