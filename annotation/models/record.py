"""Records: sanitized tickets, logs and configs, with what sanitizing found."""

from __future__ import annotations

import secrets

from django.db import models

from annotation.models.imports import ImportBatch
from annotation.models.people import Reviewer
from annotation.models.project import Project
from annotation.querysets.imports import SanitizationQuerySet
from annotation.querysets.records import RecordQuerySet


def draw_lot() -> int:
    """Return a random 31-bit number: a record's place in the random order."""
    return secrets.randbits(31)


class Record(models.Model):
    """One piece of sanitized text that is labeled, trained on or evaluated.

    ``body`` is what was known when the ticket was opened; ``thread`` and
    ``resolution`` came later and are never shown to a labeler or a model as input.
    A HELD record has empty text: its raw form waits, encrypted, in Sanitization.
    """

    class Kind(models.TextChoices):
        TICKET = "TICKET", "Ticket"
        LOG = "LOG", "Log"
        CONFIG = "CONFIG", "Config"
        SHOW_OUTPUT = "SHOW_OUTPUT", "Show output"
        QA = "QA", "Question and answer"
        DOCUMENT = "DOCUMENT", "Document"

    class Origin(models.TextChoices):
        REAL = "REAL", "Real"
        SYNTHETIC = "SYNTHETIC", "Synthetic"
        GENERAL = "GENERAL", "General purpose"

    class State(models.TextChoices):
        HELD = "HELD", "Held by the sanitizer"
        OPEN = "OPEN", "Open for review"
        CONTESTED = "CONTESTED", "Contested"
        SETTLED = "SETTLED", "Settled"
        EXCLUDED = "EXCLUDED", "Excluded"
        REFERENCE = "REFERENCE", "Kept to learn from"

    class ResolutionMark(models.TextChoices):
        CONFIRMED = "CONFIRMED", "Right, as somebody confirmed"
        WRONG = "WRONG", "Wrong"
        MISSING = "MISSING", "Says nothing"

    OUT_OF_REACH = (State.HELD, State.EXCLUDED, State.REFERENCE)
    """States in which nobody labels a record."""

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="records"
    )
    batch = models.ForeignKey(
        ImportBatch,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="records",
    )
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.TICKET)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.REAL)
    external_id = models.CharField(max_length=120)
    title = models.CharField(max_length=500, blank=True)
    body = models.TextField(blank=True)
    thread = models.JSONField(default=list, blank=True)
    resolution = models.TextField(blank=True)
    resolution_mark = models.CharField(
        max_length=9,
        choices=ResolutionMark,
        blank=True,
        help_text="What a person said of the resolution; no wrong one is taught.",
    )
    category = models.CharField(max_length=80, blank=True)
    vendor = models.CharField(max_length=80, blank=True)
    device_type = models.CharField(max_length=80, blank=True)
    site = models.CharField(max_length=120, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    incident_key = models.CharField(max_length=120, blank=True)
    fingerprint = models.CharField(
        max_length=64,
        blank=True,
        help_text="sha256 of the normalised sanitized text; equal for exact copies.",
    )
    near_duplicate_of = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    reviews_wanted = models.PositiveSmallIntegerField(default=2)
    priority = models.IntegerField(default=0)
    queued_because = models.CharField(max_length=120, blank=True, default="oldest")
    lot = models.PositiveIntegerField(
        default=draw_lot,
        editable=False,
        help_text="Place in the random order that the random share is served in.",
    )
    round = models.PositiveSmallIntegerField(
        default=1, help_text="Grows when new guidelines ask for new answers."
    )
    decided_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When its answers first became readable: settled or contested.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RecordQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        permissions = [("export_record", "Can download many records at once")]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "external_id"], name="record_unique_external_id"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="HELD")
                | models.Q(title="", body="", resolution=""),
                name="record_held_has_no_text",
            ),
        ]
        indexes = [
            models.Index(
                fields=["project", "state", "-priority", "id"], name="record_queue"
            ),
            models.Index(fields=["project", "fingerprint"], name="record_fingerprint"),
            models.Index(fields=["project", "opened_at"], name="record_opened"),
            models.Index(fields=["project", "state", "lot"], name="record_random"),
            models.Index(
                fields=["project", "category", "state", "-priority", "id"],
                name="record_category",
            ),
            models.Index(
                fields=["project", "vendor", "state", "-priority", "id"],
                name="record_vendor",
            ),
        ]

    def __str__(self) -> str:
        return self.external_id

    @classmethod
    def first_state(cls, kind: str, origin: str) -> str:
        """Where a record begins whose text is safe.

        Documents, questions with answers and general texts are no events that have a
        severity: nobody is asked to judge them.
        """
        unjudged = kind in (cls.Kind.QA, cls.Kind.DOCUMENT)
        if unjudged or origin == cls.Origin.GENERAL:
            return cls.State.REFERENCE
        return cls.State.OPEN

    @property
    def text(self) -> str:
        """Title and body: what a labeler sees and a model reads."""
        return f"{self.title}\n\n{self.body}".strip()


class Sanitization(models.Model):
    """What the sanitizer did to one record, and the encrypted raw text."""

    class State(models.TextChoices):
        CLEAN = "CLEAN", "Clean"
        HELD = "HELD", "Held"
        APPROVED = "APPROVED", "Approved by a person"

    record = models.OneToOneField(
        Record, on_delete=models.CASCADE, related_name="sanitization"
    )
    ruleset = models.CharField(max_length=40)
    knowledge = models.PositiveIntegerField(
        default=0, help_text="The project's knowledge version that was applied."
    )
    key_id = models.CharField(max_length=32)
    spans = models.JSONField(
        default=dict, help_text="Field to list of [start, end, type, rule]."
    )
    tripwires = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.CLEAN)
    reason = models.CharField(max_length=120, blank=True)
    raw_ciphertext = models.BinaryField(null=True, blank=True, editable=False)
    raw_hmac = models.CharField(max_length=64, db_index=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    objects = SanitizationQuerySet.as_manager()

    class Meta:
        permissions = [("reveal_sanitization", "Can read the raw text of a record")]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="HELD") | models.Q(expires_at__isnull=True),
                name="sanitization_held_never_expires",
            ),
        ]
        indexes = [
            # Few, and each waits for a person or was looked at by one.
            models.Index(
                fields=["state", "record"],
                condition=~models.Q(state="CLEAN"),
                name="sanitization_not_clean",
            ),
        ]

    def __str__(self) -> str:
        return f"sanitization of record {self.record_id}"


class Involvement(models.Model):
    """A reviewer who worked the ticket; they do not label it blind."""

    record = models.ForeignKey(
        Record, on_delete=models.CASCADE, related_name="involvements"
    )
    reviewer = models.ForeignKey(
        Reviewer, on_delete=models.PROTECT, related_name="involvements"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["record", "reviewer"], name="involvement_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reviewer} worked {self.record}"
