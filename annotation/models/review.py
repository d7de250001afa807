"""Claims, reviews and verdicts: from a seat at the desk to a settled label."""

from __future__ import annotations

from django.db import models

from annotation.models.people import Reviewer
from annotation.models.project import Guidelines
from annotation.models.record import Record
from annotation.querysets.reviews import (
    ClaimQuerySet,
    ReviewQuerySet,
    VerdictQuerySet,
)

LIVE_CLAIM = models.Q(state__in=["OPEN", "DONE"])


class Claim(models.Model):
    """A seat at one record, unique in the database, with an expiry."""

    class State(models.TextChoices):
        OPEN = "OPEN", "Open"
        DONE = "DONE", "Done"
        RELEASED = "RELEASED", "Released"

    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="claims")
    reviewer = models.ForeignKey(
        Reviewer, on_delete=models.PROTECT, related_name="claims"
    )
    slot = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    objects = ClaimQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["record", "slot"],
                condition=LIVE_CLAIM,
                name="claim_unique_slot",
            ),
            models.UniqueConstraint(
                fields=["record", "reviewer"],
                condition=LIVE_CLAIM,
                name="claim_unique_reviewer",
            ),
        ]
        indexes = [
            models.Index(fields=["reviewer", "state"], name="claim_reviewer_state"),
            models.Index(fields=["state", "expires_at"], name="claim_expiry"),
        ]

    def __str__(self) -> str:
        return f"seat {self.slot} at record {self.record_id}"


class Review(models.Model):
    """One answer by one reviewer; append-only, superseded rows stay."""

    class Purpose(models.TextChoices):
        FIRST = "FIRST", "First pass"
        REPEAT = "REPEAT", "Blind repeat"
        REREVIEW = "REREVIEW", "Second look"
        GOLD = "GOLD", "Gold question"

    class Status(models.TextChoices):
        SUBMITTED = "SUBMITTED", "Submitted"
        SKIPPED = "SKIPPED", "Skipped"
        UNSURE = "UNSURE", "Not enough information"
        WITHDRAWN = "WITHDRAWN", "Withdrawn"

    class Source(models.TextChoices):
        DESK = "DESK", "Label desk"
        ARGILLA = "ARGILLA", "Argilla"
        API = "API", "API"
        IMPORT = "IMPORT", "Import"

    class Sampling(models.TextChoices):
        RANDOM = "RANDOM", "Random"
        PRIORITY = "PRIORITY", "By priority"
        ALL = "ALL", "Everything"

    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey(
        Reviewer, on_delete=models.PROTECT, related_name="reviews"
    )
    grade = models.CharField(max_length=10, choices=Reviewer.GradeChoice)
    purpose = models.CharField(max_length=8, choices=Purpose, default=Purpose.FIRST)
    round = models.PositiveSmallIntegerField(default=1)
    severity = models.CharField(max_length=40, blank=True)
    root_cause = models.CharField(max_length=80, blank=True)
    response = models.TextField(blank=True, help_text="The ideal answer, sanitized.")
    confidence = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="1 guess to 5 certain"
    )
    status = models.CharField(max_length=9, choices=Status, default=Status.SUBMITTED)
    reason = models.CharField(max_length=500, blank=True)
    independent = models.BooleanField(
        default=True,
        help_text="Given before seeing anyone else's answer or a model's.",
    )
    visible = models.JSONField(default=list, blank=True)
    sampling = models.CharField(
        max_length=8, choices=Sampling, default=Sampling.PRIORITY
    )
    seconds_spent = models.PositiveIntegerField(null=True, blank=True)
    source = models.CharField(max_length=7, choices=Source, default=Source.DESK)
    guidelines = models.ForeignKey(
        Guidelines, on_delete=models.PROTECT, null=True, blank=True
    )
    is_current = models.BooleanField(default=True)
    submitted_at = models.DateTimeField()

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["record", "reviewer", "purpose", "round"],
                condition=models.Q(is_current=True),
                name="review_unique_current",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="SUBMITTED") | ~models.Q(severity=""),
                name="review_submitted_has_severity",
            ),
            models.CheckConstraint(
                condition=models.Q(confidence__isnull=True)
                | models.Q(confidence__gte=1, confidence__lte=5),
                name="review_confidence_one_to_five",
            ),
        ]
        indexes = [
            models.Index(fields=["reviewer", "is_current"], name="review_by_reviewer"),
        ]

    def __str__(self) -> str:
        return f"{self.reviewer_id} on record {self.record_id}"


class Verdict(models.Model):
    """The settled label of a record; append-only, the newest is current."""

    class Method(models.TextChoices):
        UNANIMOUS = "UNANIMOUS", "Unanimous"
        MAJORITY = "MAJORITY", "Majority"
        WEIGHTED = "WEIGHTED", "Weighted"
        DAWID_SKENE = "DAWID_SKENE", "Dawid-Skene"
        ADJUDICATED = "ADJUDICATED", "Adjudicated"
        SINGLE_SOURCE = "SINGLE_SOURCE", "Single source"

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

    def __str__(self) -> str:
        return f"verdict of record {self.record_id}"
