"""The registry of base models that a team may start from."""

from __future__ import annotations

from django.db import models

from training.querysets.base_models import BaseModelQuerySet


class BaseModel(models.Model):
    """A base to train or compare: the embedded encoder, a local folder, a classic.

    Weights are safetensors verified by sha256; remote code is never run.
    """

    class Architecture(models.TextChoices):
        ENCODER = "ENCODER", "Encoder"
        CAUSAL = "CAUSAL", "Causal language model"
        CLASSICAL = "CLASSICAL", "Classical baseline"

    class Source(models.TextChoices):
        EMBEDDED = "EMBEDDED", "Embedded package"
        LOCAL = "LOCAL", "Local folder"
        HUB = "HUB", "Hub id"
        BUILTIN = "BUILTIN", "Built in"

    name = models.SlugField(max_length=80, unique=True)
    architecture = models.CharField(max_length=9, choices=Architecture)
    source = models.CharField(max_length=8, choices=Source)
    location = models.CharField(
        max_length=300, blank=True, help_text="Package, folder or hub id."
    )
    revision = models.CharField(max_length=80, blank=True)
    weights_sha256 = models.CharField(max_length=64, blank=True)
    licence = models.CharField(max_length=80, blank=True)
    licence_approved_by = models.CharField(max_length=150, blank=True)
    licence_approved_at = models.DateTimeField(null=True, blank=True)
    licence_note = models.CharField(
        max_length=500, blank=True, help_text="What the licence permits, in words."
    )
    parameters = models.PositiveBigIntegerField(default=0)
    context_length = models.PositiveIntegerField(default=0)
    template_sha256 = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BaseModelQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        permissions = [("approve_licence", "Can approve the licence of a base model")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(architecture="CLASSICAL")
                | ~models.Q(weights_sha256=""),
                name="basemodel_weights_are_pinned",
            ),
            models.CheckConstraint(
                condition=models.Q(licence_approved_by="")
                | ~models.Q(licence_note="")
                & models.Q(licence_approved_at__isnull=False),
                name="basemodel_approval_says_what",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_approved(self) -> bool:
        """Whether a run may start from it, as far as its licence goes."""
        # What comes with the program has been read once for everybody, see NOTICE.
        own = self.source in (self.Source.EMBEDDED, self.Source.BUILTIN)
        return own or bool(self.licence_approved_by)
