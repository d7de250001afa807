"""What a project has taught its sanitizer. No plaintext: names are sealed, values are
known by a keyed hash.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from annotation.models.project import Project
from annotation.models.record import Record
from annotation.querysets.knowledge import (
    FalseAlarmQuerySet,
    KnowledgeQuerySet,
)

_SECRETS = ("cred", "snmp", "token", "pem")


class Term(models.Model):
    """A name that is replaced wherever it stands: a customer, a person, a device."""

    class Kind(models.TextChoices):
        CUSTOMER = "customers", "Customer"
        ALIAS = "customer_aliases", "Customer's short name"
        PERSON = "people", "Person"
        USER = "users", "Account"
        HOSTNAME = "hostnames", "Host name"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="terms")
    kind = models.CharField(max_length=16, choices=Kind)
    ciphertext = models.BinaryField(editable=False)
    value_hmac = models.CharField(max_length=32, editable=False)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = KnowledgeQuerySet.as_manager()

    class Meta:
        verbose_name = "name"
        verbose_name_plural = "dictionary of names"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "kind", "value_hmac"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="term_unique_in_force",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class MissedValue(models.Model):
    """A secret that somebody found in sanitized text; removed wherever it stands."""

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="missed_values"
    )
    record = models.ForeignKey(
        Record, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    span_type = models.CharField(max_length=16)
    value_hmac = models.CharField(max_length=32, editable=False)
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = KnowledgeQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "value_hmac"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="missed_value_unique_in_force",
            ),
        ]

    def __str__(self) -> str:
        return f"missed {self.span_type} {self.pk}"


class FalseAlarm(models.Model):
    """A replacement that was none, in its line; a credential needs a second person."""

    class State(models.TextChoices):
        ASKED = "ASKED", "Waits for a second person"
        APPROVED = "APPROVED", "Approved"
        REFUSED = "REFUSED", "Refused"

    record = models.ForeignKey(
        Record, on_delete=models.PROTECT, related_name="false_alarms"
    )
    span_type = models.CharField(max_length=16)
    rule = models.CharField(max_length=80)
    token = models.CharField(max_length=120)
    alarm_hmac = models.CharField(max_length=32, editable=False)
    reason = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State, default=State.ASKED)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = FalseAlarmQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["record", "alarm_hmac"],
                condition=~models.Q(state="REFUSED"),
                name="false_alarm_unique",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="APPROVED")
                | ~models.Q(span_type__in=_SECRETS)
                | (
                    models.Q(decided_by__isnull=False)
                    & ~models.Q(decided_by=models.F("asked_by"))
                ),
                name="false_alarm_secret_needs_two",
            ),
        ]

    def __str__(self) -> str:
        return f"false alarm {self.pk} on {self.record}"


class SanitizingRule(models.Model):
    """A rule that an administrator wrote, in RE2's syntax, with its examples.

    Saved only by `own_rules.save_rule`, which runs the examples, the recall ratchet and
    the time limit; `measured` keeps what it measured.
    """

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="sanitizing_rules"
    )
    name = models.CharField(max_length=60)
    span_type = models.CharField(max_length=16)
    pattern = models.CharField(max_length=500)
    must = models.JSONField(default=list, help_text="Invented lines that must match.")
    must_not = models.JSONField(default=list, help_text="Lines that must not match.")
    measured = models.JSONField(default=dict, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = KnowledgeQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="sanitizing_rule_unique_name",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class KnownSecret(models.Model):
    """The pseudonym of a secret that was found once: an export that still carries the
    secret itself is refused.
    """

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="known_secrets"
    )
    token = models.CharField(max_length=24)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "token"], name="known_secret_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.token


class Canary(models.Model):
    """A fake secret that was planted to see whether it comes out again."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="canaries"
    )
    span_type = models.CharField(max_length=16)
    vendor = models.CharField(max_length=40)
    value_hmac = models.CharField(max_length=32)
    planted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "canaries"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "value_hmac"], name="canary_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"canary {self.pk} ({self.span_type}, {self.vendor})"
