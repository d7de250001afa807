"""What the label desk keeps beside answers: drafts, gold, suggestions, shift notes."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from annotation.models.people import Reviewer
from annotation.models.project import Project
from annotation.models.record import Record
from annotation.models.review import Claim


class Draft(models.Model):
    """What somebody has typed at a record and not sent yet; sealed under the key.

    It stays theirs at every seat of the purpose and round of ``claim``. ``version``
    grows by one with every save, so that two tabs cannot overwrite each other unseen.
    """

    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="drafts")
    reviewer = models.ForeignKey(
        Reviewer, on_delete=models.CASCADE, related_name="drafts"
    )
    claim = models.OneToOneField(Claim, on_delete=models.CASCADE, related_name="draft")
    sealed = models.BinaryField(editable=False)
    key_id = models.CharField(max_length=32)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"draft {self.version} at record {self.record_id}"


class Gold(models.Model):
    """A record whose right answer is known; slipped in to see how reviewers do."""

    record = models.OneToOneField(Record, on_delete=models.CASCADE, related_name="gold")
    severity = models.CharField(max_length=40)
    root_cause = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=500, help_text="Why this is the right answer.")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "gold record"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"gold: {self.record}"


class Suggestion(models.Model):
    """A model's word on a record; shown only where the project shows suggestions."""

    record = models.ForeignKey(
        Record, on_delete=models.CASCADE, related_name="suggestions"
    )
    source = models.CharField(max_length=120, help_text="The model and its version.")
    severity = models.CharField(max_length=40)
    probabilities = models.JSONField(
        default=dict, blank=True, help_text="Level to probability."
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["record", "source"], name="suggestion_unique_source"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} on record {self.record_id}"


class ShiftNote(models.Model):
    """What somebody who stops tells those who go on; sanitized text."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="shift_notes"
    )
    reviewer = models.ForeignKey(
        Reviewer, on_delete=models.PROTECT, related_name="shift_notes"
    )
    note = models.CharField(max_length=500)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["project", "-at"], name="shift_note_newest")]

    def __str__(self) -> str:
        return f"note of {self.reviewer_id}"


class SeenVerdict(models.Model):
    """A reviewer was shown a record's verdict, as that of one like their own ticket.

    Should the record open again in the same round, their answer is not independent.
    """

    record = models.ForeignKey(
        Record, on_delete=models.CASCADE, related_name="seen_verdicts"
    )
    reviewer = models.ForeignKey(
        Reviewer, on_delete=models.PROTECT, related_name="seen_verdicts"
    )
    round = models.PositiveSmallIntegerField(default=1)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["record", "reviewer", "round"], name="seen_verdict_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reviewer_id} saw the verdict of record {self.record_id}"
