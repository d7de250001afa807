"""A project's price book, its scenarios, and the thresholds of its decision.

A price is written once and at most withdrawn: a figure of last month must be explained
by the price of last month. Quantities are JSON that the domain reads strictly.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.db import models

from annotation.models import Project
from netft_site.base.refusals import Refused
from training.domain.economics import Unit
from training.querysets.economics import PriceQuerySet, ScenarioQuerySet

_UNITS = [
    (Unit.INPUT.value, "1M tokens of prompt"),
    (Unit.CACHED_INPUT.value, "1M cached tokens of prompt"),
    (Unit.OUTPUT.value, "1M tokens of answer"),
    (Unit.TRAINING.value, "1M tokens of training"),
    (Unit.GPU_HOUR.value, "GPU hour"),
    (Unit.PERSON_HOUR.value, "hour of a person"),
]


class PriceIsFixed(Refused):
    """A price is never edited or deleted; it is withdrawn and written anew."""

    def __init__(self) -> None:
        super().__init__(
            "price_is_fixed", "A price is not changed: withdraw it and add another."
        )


class Price(models.Model):
    """One price from one source, in force from a day until a later one follows.

    After `expires_on` it counts as stale: still used, and flagged wherever it is.
    """

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="prices"
    )
    provider = models.CharField(
        max_length=80, help_text="Who is paid: a provider, your own rack, a team."
    )
    model = models.CharField(
        "model or work",
        max_length=80,
        help_text="A model, a machine, or whose hour it is.",
    )
    unit = models.CharField("price of one", max_length=12, choices=_UNITS)
    amount = models.DecimalField(max_digits=16, decimal_places=6)
    currency = models.CharField(max_length=3)
    source = models.CharField(
        max_length=500, help_text="A web address, or the name of a document."
    )
    valid_from = models.DateField()
    expires_on = models.DateField(
        "check again by", help_text="From the day after it is flagged as stale."
    )
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = PriceQuerySet.as_manager()

    class Meta:
        verbose_name = "price"
        verbose_name_plural = "price book"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount__gte=0), name="price_is_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(expires_on__gte=models.F("valid_from")),
                name="price_expires_after_it_begins",
            ),
            models.UniqueConstraint(
                fields=["project", "provider", "model", "unit", "valid_from"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="price_unique_in_force",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.model}, {self.get_unit_display()}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save a new price, or its withdrawal alone. Raises PriceIsFixed."""
        fields = kwargs.get("update_fields")
        if self.pk and (fields is None or set(fields) != {"withdrawn_at"}):
            raise PriceIsFixed
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Raises PriceIsFixed."""
        raise PriceIsFixed

    def is_stale(self, today: date) -> bool:
        """Whether the price should have been checked before today."""
        return self.expires_on < today


class Scenario(models.Model):
    """One way to answer a project's requests, saved under a name."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="scenarios"
    )
    name = models.CharField(max_length=80)
    inputs = models.JSONField(default=dict)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    changed_at = models.DateTimeField(auto_now=True)

    objects = ScenarioQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"], name="scenario_unique_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ProjectEconomics(models.Model):
    """What all scenarios of a project share, and where its rules begin to speak.

    `requests` and `thresholds` are JSON; an empty one is what the domain takes for it.
    """

    project = models.OneToOneField(
        Project, on_delete=models.CASCADE, related_name="economics"
    )
    currency = models.CharField(max_length=3)
    requests = models.JSONField(help_text="Requests a month, as a range.")
    horizon_months = models.PositiveSmallIntegerField(default=12)
    seed = models.PositiveIntegerField(default=0)
    draws = models.PositiveIntegerField(default=1000)
    thresholds = models.JSONField(default=dict, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "economics of a project"
        verbose_name_plural = "economics of projects"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(draws__gte=1, draws__lte=5000),
                name="economics_draws_in_bounds",
            ),
        ]
        permissions = [("set_thresholds", "Can set where the rules begin to speak")]

    def __str__(self) -> str:
        return f"economics of {self.project_id}"
