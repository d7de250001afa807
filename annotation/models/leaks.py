"""What people and newer rules did with a record's text: decisions and leaks found."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from annotation.models.record import Record
from annotation.querysets.knowledge import LeakQuerySet


class SanitizingEvent(models.Model):
    """One act on a record's sanitizing, by whom and why; never changed."""

    class Kind(models.TextChoices):
        FLAGGED = "FLAGGED", "Flagged while labeling"
        CONFIRMED = "CONFIRMED", "Confirmed as clean"
        RELEASED = "RELEASED", "Released from hold"
        MISSED = "MISSED", "Reported a missed value"
        ALARM_ASKED = "ALARM_ASKED", "Reported a false alarm"
        ALARM_APPROVED = "ALARM_APPROVED", "Approved a false alarm"
        ALARM_REFUSED = "ALARM_REFUSED", "Refused a false alarm"
        REVEALED = "REVEALED", "Read the raw text"
        RESANITIZED = "RESANITIZED", "Sanitized again"

    record = models.ForeignKey(
        Record, on_delete=models.PROTECT, related_name="sanitizing_events"
    )
    kind = models.CharField(max_length=14, choices=Kind)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    reason = models.CharField(max_length=200, blank=True)
    queued_because = models.CharField(
        max_length=120,
        blank=True,
        help_text="Why a record was queued when it was flagged.",
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.record}"


class Leak(models.Model):
    """A value that stood in sanitized text until something newer found it."""

    class Cause(models.TextChoices):
        RULESET = "RULESET", "A newer ruleset"
        MISSED = "MISSED", "A value reported as missed"
        RULE = "RULE", "A rule of the project"
        DICTIONARY = "DICTIONARY", "A name of the dictionary"

    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="leaks")
    cause = models.CharField(max_length=10, choices=Cause)
    span_type = models.CharField(max_length=16)
    rule = models.CharField(max_length=80)
    token = models.CharField(max_length=120, help_text="What stands there now.")
    ruleset_before = models.CharField(max_length=40)
    ruleset_after = models.CharField(max_length=40)
    found_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(
        null=True, blank=True, help_text="When somebody had dealt with it."
    )
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    settled_because = models.CharField(max_length=200, blank=True)

    objects = LeakQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(settled_at__isnull=True)
                | (models.Q(settled_by__isnull=False) & ~models.Q(settled_because="")),
                name="leak_settled_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.span_type} in {self.record}"
