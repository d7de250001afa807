"""Reviewers: the engineers who label, and sources such as an ITSM field."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from annotation.domain.scale import Grade
from annotation.querysets.people import ReviewerQuerySet


class Reviewer(models.Model):
    """Somebody, or something, whose severity labels are stored.

    People are deactivated, never deleted: their reviews protect them.
    """

    class Kind(models.TextChoices):
        HUMAN = "HUMAN", "Person"
        SOURCE = "SOURCE", "Source system"

    class GradeChoice(models.TextChoices):
        JUNIOR = Grade.JUNIOR.value, "Junior"
        ENGINEER = Grade.ENGINEER.value, "Engineer"
        SENIOR = Grade.SENIOR.value, "Senior"
        PRINCIPAL = Grade.PRINCIPAL.value, "Principal"

    kind = models.CharField(max_length=8, choices=Kind, default=Kind.HUMAN)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reviewer",
    )
    name = models.CharField(max_length=150, unique=True)
    grade = models.CharField(
        max_length=10, choices=GradeChoice, default=GradeChoice.ENGINEER
    )
    is_active = models.BooleanField(default=True)
    shortcuts_enabled = models.BooleanField(
        default=True, help_text="Single-key shortcuts on the label desk."
    )
    saves_at_once = models.BooleanField(
        default=False, help_text="A level's key saves the answer and moves on."
    )
    argilla_user_id = models.UUIDField(null=True, blank=True, unique=True)

    objects = ReviewerQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="HUMAN", user__isnull=False)
                | models.Q(kind="SOURCE", user__isnull=True),
                name="reviewer_person_has_user_source_has_none",
            ),
        ]

    def __str__(self) -> str:
        return self.name
