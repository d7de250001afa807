"""Verdicts: the settled label of a record, and who or what settled it."""

from __future__ import annotations

from django.db import models

from annotation.models.people import Reviewer
from annotation.models.record import Record
from annotation.querysets.reviews import VerdictQuerySet


class Verdict(models.Model):
    """The settled label of a record; append-only, the newest is current."""

    class Method(models.TextChoices):
        UNANIMOUS = "UNANIMOUS", "Unanimous"
        MAJORITY = "MAJORITY", "Majority"
        WEIGHTED = "WEIGHTED", "Weighted"
        DAWID_SKENE = "DAWID_SKENE", "Dawid-Skene"
        ADJUDICATED = "ADJUDICATED", "Adjudicated"
        SINGLE_SOURCE = "SINGLE_SOURCE", "Single source"

    class Disagreement(models.TextChoices):
        AMBIGUOUS = "AMBIGUOUS", "The ticket is ambiguous"
        GUIDELINE_GAP = "GUIDELINE_GAP", "The guidelines leave it open"
        SLIP = "SLIP", "A reviewer slipped"

    record = models.ForeignKey(
        Record, on_delete=models.PROTECT, related_name="verdicts"
    )
    severity = models.CharField(max_length=40)
    root_cause = models.CharField(max_length=80, blank=True)
    method = models.CharField(max_length=13, choices=Method)
    posterior = models.JSONField(default=dict, blank=True)
    grade = models.CharField(
        max_length=10,
        choices=Reviewer.GradeChoice,
        help_text="Highest grade among those who agree with it.",
    )
    reviews_count = models.PositiveSmallIntegerField(
        default=0, help_text="Independent reviews it rests on."
    )
    reason = models.CharField(max_length=500, blank=True)
    disagreement = models.CharField(
        max_length=13,
        choices=Disagreement,
        blank=True,
        help_text="Why the reviewers disagreed, as the adjudicator saw it.",
    )
    adjudicated_by = models.ForeignKey(
        Reviewer, on_delete=models.PROTECT, null=True, blank=True
    )
    is_current = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = VerdictQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["record"],
                condition=models.Q(is_current=True),
                name="verdict_unique_current",
            ),
            models.CheckConstraint(
                condition=(
                    models.Q(method="ADJUDICATED", adjudicated_by__isnull=False)
                    | (
                        ~models.Q(method="ADJUDICATED")
                        & models.Q(adjudicated_by__isnull=True)
                    )
                ),
                name="verdict_adjudicated_names_adjudicator",
            ),
        ]
        # Of current rows alone: what has stepped back is history that no list asks for.
        indexes = [
            models.Index(
                fields=["severity", "method", "record"],
                condition=models.Q(is_current=True),
                name="verdict_current_level",
            ),
            models.Index(
                fields=["record"],
                condition=models.Q(is_current=True, method="ADJUDICATED"),
                name="verdict_adjudicated",
            ),
        ]

    def __str__(self) -> str:
        return f"verdict of record {self.record_id}"
