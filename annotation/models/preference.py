"""Pairs of answers of which one was preferred: what a model may learn to prefer."""

from __future__ import annotations

from django.db import models

from annotation.models.record import Record


class Preference(models.Model):
    """Two answers to one record, and which of them is the better one.

    Filled from ratings and A/B choices; ``provenance`` says of whom and how, so that a
    pair can be weighed later. The texts are sanitized. Append-only: the newest pair of
    a record is the one that a dataset takes.
    """

    record = models.ForeignKey(
        Record, on_delete=models.PROTECT, related_name="preferences"
    )
    prompt = models.TextField(
        blank=True, help_text="What was asked about the record, if anything."
    )
    chosen = models.TextField()
    rejected = models.TextField()
    source = models.CharField(
        max_length=120, help_text="Who preferred it: a study, a form, a tool."
    )
    provenance = models.JSONField(
        default=dict, blank=True, help_text="How it came about: raters, agreement."
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(chosen="") & ~models.Q(rejected=""),
                name="preference_has_two_answers",
            ),
            models.CheckConstraint(
                condition=~models.Q(chosen=models.F("rejected")),
                name="preference_answers_differ",
            ),
        ]

    def __str__(self) -> str:
        return f"preference on record {self.record_id}"
