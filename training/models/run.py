"""Training runs and the model versions they leave behind."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from annotation.models import Project
from training.domain.job_kinds import GENERATIVE
from training.models.base_model import BaseModel
from training.models.dataset import Dataset
from training.models.job import Job
from training.querysets.runs import ModelVersionQuerySet, TrainingRunQuerySet


class TrainingRun(models.Model):
    """One training of one base on one dataset; baselines are runs too."""

    class Objective(models.TextChoices):
        BASELINE = "BASELINE", "Baseline"
        CLASSIFY = "CLASSIFY", "Classification"
        SFT = "SFT", "Answers (SFT)"
        DPO = "DPO", "Better answers (DPO)"

    class Tuning(models.TextChoices):
        NONE = "NONE", "None"
        LORA = "LORA", "LoRA"
        QLORA = "QLORA", "QLoRA"
        FULL = "FULL", "all weights"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="runs")
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="runs")
    base_model = models.ForeignKey(
        BaseModel, on_delete=models.PROTECT, related_name="runs"
    )
    objective = models.CharField(max_length=8, choices=Objective)
    tuning = models.CharField(max_length=5, choices=Tuning, default=Tuning.NONE)
    method = models.CharField(
        max_length=20, blank=True, help_text="Which baseline, for baselines."
    )
    hyperparameters = models.JSONField(default=dict, blank=True)
    seed = models.PositiveIntegerField(default=0)
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="run")
    fingerprint = models.CharField(max_length=64, db_index=True)
    overfitting = models.CharField(max_length=200, blank=True)
    preflight = models.JSONField(
        default=dict, blank=True, help_text="The report that let the run start."
    )
    preflight_sha256 = models.CharField(max_length=64, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TrainingRunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(objective="BASELINE", tuning="NONE")
                & ~models.Q(method="")
                | ~models.Q(objective="BASELINE"),
                name="trainingrun_baseline_names_method",
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk}"

    @property
    def writes(self) -> bool:
        """Whether it trains a model to write, not to judge."""
        return self.objective in GENERATIVE


class ModelVersion(models.Model):
    """What is evaluated, compared and rolled out."""

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="models"
    )
    name = models.SlugField(max_length=120)
    base_model = models.ForeignKey(BaseModel, on_delete=models.PROTECT)
    run = models.OneToOneField(
        TrainingRun,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="model_version",
        help_text="Null only for an untuned model.",
    )
    artifact_path = models.CharField(max_length=500, blank=True)
    artifact_sha256 = models.CharField(max_length=64, blank=True)
    template_sha256 = models.CharField(max_length=64, blank=True)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"], name="modelversion_unique_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name
