"""Jobs: work with torch, done by a child process and supervised from here."""

from __future__ import annotations

from django.db import models

from training.querysets.jobs import ACTIVE, JobQuerySet


class Job(models.Model):
    """The truth about one piece of work in a child process.

    A job is claimed by compare-and-set with a new fencing token for every attempt;
    the child talks through files in ``run_dir``.
    """

    class Kind(models.TextChoices):
        TRAIN = "TRAIN", "Train"
        PREDICT = "PREDICT", "Predict"
        QUALITY = "QUALITY", "Judge labels"

    class State(models.TextChoices):
        QUEUED = "QUEUED", "Queued"
        STARTING = "STARTING", "Starting"
        RUNNING = "RUNNING", "Running"
        CANCELLING = "CANCELLING", "Cancelling"
        SUCCEEDED = "SUCCEEDED", "Succeeded"
        FAILED = "FAILED", "Failed"
        ERRORED = "ERRORED", "Errored"
        CANCELLED = "CANCELLED", "Cancelled"
        ORPHANED = "ORPHANED", "Orphaned"

    class ExitClass(models.TextChoices):
        OK = "OK", "Done"
        CUDA_OOM = "CUDA_OOM", "Out of GPU memory"
        HOST_OOM = "HOST_OOM", "Out of memory"
        DATA = "DATA", "Refused by a check of the data"
        CODE = "CODE", "Error in the program"
        CANCELLED = "CANCELLED", "Cancelled"
        LOST = "LOST", "Lost"

    kind = models.CharField(max_length=8, choices=Kind)
    spec = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveBigIntegerField(default=0)
    host = models.CharField(max_length=255, blank=True)
    boot_id = models.CharField(max_length=64, blank=True)
    pid = models.PositiveIntegerField(null=True, blank=True)
    process_started_at = models.CharField(
        max_length=40, blank=True, help_text="Start ticks of the pid, against reuse."
    )
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    device = models.CharField(max_length=40, blank=True)
    exit_class = models.CharField(max_length=9, choices=ExitClass, blank=True)
    message = models.CharField(max_length=500, blank=True)
    run_dir = models.CharField(max_length=500, blank=True)
    events_offset = models.PositiveBigIntegerField(default=0)
    progress = models.FloatField(default=0)
    stage = models.CharField(max_length=80, blank=True)
    result = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(
                    state__in=["SUCCEEDED", "FAILED", "ERRORED", "CANCELLED"]
                )
                | (models.Q(finished_at__isnull=False) & ~models.Q(exit_class="")),
                name="job_finished_says_how",
            ),
            models.CheckConstraint(
                condition=models.Q(progress__gte=0, progress__lte=1),
                name="job_progress_is_a_share",
            ),
            models.UniqueConstraint(
                fields=["host", "device"],
                condition=models.Q(state__in=ACTIVE) & ~models.Q(device=""),
                name="job_one_on_a_device",
            ),
        ]
        indexes = [models.Index(fields=["state", "id"], name="job_state")]

    def __str__(self) -> str:
        return f"{self.kind.lower()} job {self.pk}"

    @property
    def is_finished(self) -> bool:
        return self.state in (
            self.State.SUCCEEDED,
            self.State.FAILED,
            self.State.ERRORED,
            self.State.CANCELLED,
        )


class Metric(models.Model):
    """One number that a child reported; reading it twice stores it once."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="metrics")
    attempt = models.PositiveSmallIntegerField()
    seq = models.PositiveBigIntegerField()
    step = models.PositiveIntegerField()
    name = models.CharField(max_length=60)
    value = models.FloatField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["attempt", "seq"]
        constraints = [
            models.UniqueConstraint(
                fields=["job", "attempt", "seq", "name"], name="metric_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} at step {self.step}"
