"""Claims and reviews: from a seat at the desk to an answer."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from annotation.models.people import Reviewer
from annotation.models.project import Guidelines, Project
from annotation.models.record import Record
from annotation.querysets.reviews import ClaimQuerySet, ReviewQuerySet

LIVE_CLAIM = models.Q(state__in=["OPEN", "DONE"])


class Purpose(models.TextChoices):
    """Why a record was put before a reviewer."""

    FIRST = "FIRST", "First pass"
    REPEAT = "REPEAT", "Blind repeat"
    REREVIEW = "REREVIEW", "Second look"
    GOLD = "GOLD", "Gold question"


class Sampling(models.TextChoices):
    """How a record came to be served."""

    RANDOM = "RANDOM", "Random"
    PRIORITY = "PRIORITY", "By priority"
    ALL = "ALL", "Everything"


class Claim(models.Model):
    """A seat at one record, unique in the database, with an expiry.

    A first answer takes one of the record's slots; gold questions and repeats take
    none. ``severity`` is set once the reviewer has committed to it in order to see
    what became known later (``revealed_at``).
    """

    class State(models.TextChoices):
        OPEN = "OPEN", "Open"
        DONE = "DONE", "Done"
        RELEASED = "RELEASED", "Released"

    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="claims")
    reviewer = models.ForeignKey(
        Reviewer, on_delete=models.PROTECT, related_name="claims"
    )
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="claims"
    )
    slot = models.PositiveSmallIntegerField(null=True, blank=True)
    purpose = models.CharField(max_length=8, choices=Purpose, default=Purpose.FIRST)
    round = models.PositiveSmallIntegerField(default=1)
    sampling = models.CharField(
        max_length=8, choices=Sampling, default=Sampling.PRIORITY
    )
    because = models.CharField(max_length=120, blank=True, default="oldest")
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    severity = models.CharField(max_length=40, blank=True)
    revealed_at = models.DateTimeField(null=True, blank=True)
    suggested = models.BooleanField(
        default=False, help_text="A model's suggestion was shown."
    )
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
                fields=["record", "reviewer", "purpose", "round"],
                condition=LIVE_CLAIM,
                name="claim_unique_reviewer",
            ),
            models.UniqueConstraint(
                fields=["reviewer", "project"],
                condition=models.Q(state="OPEN"),
                name="claim_one_open_seat",
            ),
            models.CheckConstraint(
                condition=~models.Q(purpose="FIRST") | models.Q(slot__isnull=False),
                name="claim_first_has_slot",
            ),
        ]
        indexes = [
            models.Index(fields=["reviewer", "state"], name="claim_reviewer_state"),
            models.Index(fields=["state", "expires_at"], name="claim_expiry"),
        ]

    def __str__(self) -> str:
        return f"seat {self.slot} at record {self.record_id}"

    @property
    def is_live(self) -> bool:
        """Whether it uses up its slot: open, or answered."""
        return self.state in (self.State.OPEN, self.State.DONE)

    @property
    def is_test(self) -> bool:
        """Whether its answer tells about the reviewer and settles nothing."""
        return self.purpose in (Purpose.GOLD, Purpose.REPEAT)

    @property
    def is_open(self) -> bool:
        """Whether it is held, though its lease may have run out."""
        return self.state == self.State.OPEN

    @property
    def is_done(self) -> bool:
        """Whether the answer from this seat is in."""
        return self.state == self.State.DONE

    def is_over(self, now: datetime) -> bool:
        """Whether the seat is open and its lease ran out."""
        return self.is_open and self.expires_at <= now


class Review(models.Model):
    """One answer by one reviewer; append-only, superseded rows stay."""

    Purpose = Purpose
    Sampling = Sampling

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

    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="reviews")
    # Found by the index below: one of the reviewer alone tempts PostgreSQL to read all
    # that somebody has answered where one look at a record would do.
    reviewer = models.ForeignKey(
        Reviewer, on_delete=models.PROTECT, related_name="reviews", db_index=False
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
    suggested = models.BooleanField(
        default=False,
        help_text="Given with a model's suggestion in view; never independent.",
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
                condition=~models.Q(suggested=True, independent=True),
                name="review_suggested_not_independent",
            ),
            models.CheckConstraint(
                condition=models.Q(confidence__isnull=True)
                | models.Q(confidence__gte=1, confidence__lte=5),
                name="review_confidence_one_to_five",
            ),
        ]
        indexes = [
            models.Index(fields=["reviewer", "record"], name="review_by_reviewer"),
            models.Index(fields=["submitted_at"], name="review_by_time"),
            # Who has answered a record, and how many: read without the rows themselves.
            models.Index(
                fields=["record", "reviewer"],
                condition=models.Q(
                    is_current=True, status="SUBMITTED", purpose="FIRST"
                ),
                name="review_first_answers",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reviewer_id} on record {self.record_id}"

    def answers(self, reviewer_id: int, purpose: str, round_: int) -> bool:
        """Whether it is this person's word, for one purpose and round."""
        mine = (self.reviewer_id, self.purpose, self.round)
        return mine == (reviewer_id, purpose, round_)

    @property
    def settles(self) -> bool:
        """Whether it is a label that may settle its record; see `settling`."""
        return (
            self.is_current
            and self.status == self.Status.SUBMITTED
            and self.purpose == Purpose.FIRST
            and self.reviewer.kind == Reviewer.Kind.HUMAN
            and (self.independent or self.suggested)
        )
