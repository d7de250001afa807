"""Evaluations and the predictions they rest on."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from annotation.models import Record
from evaluation.querysets.evaluations import EvaluationQuerySet, PredictionQuerySet
from training.models import Dataset, Job, ModelVersion


class Evaluation(models.Model):
    """One model version on one split of one frozen dataset."""

    class Status(models.TextChoices):
        RUNNING = "RUNNING", "Running"
        DONE = "DONE", "Done"
        FAILED = "FAILED", "Failed"

    model_version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, related_name="evaluations"
    )
    dataset = models.ForeignKey(
        Dataset, on_delete=models.PROTECT, related_name="evaluations"
    )
    split = models.CharField(max_length=11, default="TEST")
    gold_sha256 = models.CharField(
        max_length=64, help_text="Hash of the record ids and gold labels scored."
    )
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="evaluation")
    status = models.CharField(max_length=7, choices=Status, default=Status.RUNNING)
    failure = models.CharField(max_length=300, blank=True)
    report = models.JSONField(
        default=dict, blank=True, help_text="Frozen; every figure has its interval."
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True
    )
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = EvaluationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["model_version", "dataset", "split", "gold_sha256"],
                condition=~models.Q(status="FAILED"),
                name="evaluation_unique",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="DONE")
                | models.Q(finished_at__isnull=False),
                name="evaluation_done_has_finish",
            ),
        ]

    def __str__(self) -> str:
        return f"evaluation {self.pk}"


class Prediction(models.Model):
    """One answer of one model to one item of the split."""

    evaluation = models.ForeignKey(
        Evaluation, on_delete=models.CASCADE, related_name="predictions"
    )
    record = models.ForeignKey(
        Record,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="predictions",
    )
    item_key = models.CharField(max_length=120)
    sample = models.PositiveSmallIntegerField(default=0)
    gold = models.CharField(max_length=40)
    severity = models.CharField(max_length=40)
    probabilities = models.JSONField(default=dict)
    latency_ms = models.FloatField(null=True, blank=True)

    objects = PredictionQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["evaluation", "item_key", "sample"], name="prediction_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"prediction of {self.item_key}"
