"""Projects, their members and their labeling guidelines."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from annotation.domain.scale import DEFAULT_SCALE, Scale
from annotation.querysets.projects import ProjectQuerySet


def default_levels() -> list[dict[str, str]]:
    """Return the four default severity levels, most severe first."""
    return DEFAULT_SCALE.rows()


class LaterFacts(models.TextChoices):
    """Whether the desk shows what became known after a ticket was opened."""

    NEVER = "NEVER", "Never shown"
    OFFERED = "OFFERED", "Offered once the severity stands"
    ALWAYS = "ALWAYS", "Always shown once the severity stands"


class Project(models.Model):
    """One team's tickets with their own severity levels, people and models."""

    LaterFacts = LaterFacts

    slug = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=120)
    levels = models.JSONField(
        default=default_levels,
        help_text="Ordered severity levels, most severe first: key, label, meaning.",
    )
    root_causes = models.JSONField(
        default=list, blank=True, help_text="Nominal list of root-cause codes."
    )
    reviews_wanted = models.PositiveSmallIntegerField(
        default=2, help_text="Independent reviews wanted for each record."
    )
    production_mix = models.JSONField(
        default=dict, blank=True, help_text="Category to share of live traffic."
    )
    key_id = models.CharField(
        max_length=32, help_text="Which secret key the project's pseudonyms use."
    )
    key_check = models.CharField(
        max_length=16,
        blank=True,
        editable=False,
        help_text="A public value of the key, by which another one is noticed.",
    )
    knowledge_version = models.PositiveIntegerField(
        default=0,
        editable=False,
        help_text="Grows with every change to what the sanitizer knows.",
    )
    lease_minutes = models.PositiveSmallIntegerField(
        default=10, help_text="How long an untouched label-desk seat is kept."
    )
    later_facts = models.CharField(
        max_length=7,
        choices=LaterFacts,
        default=LaterFacts.OFFERED,
        help_text="Whether the desk shows the thread and the resolution when it asks "
        "for the root cause and the ideal answer.",
    )
    random_share = models.FloatField(
        default=0.1,
        help_text="Share of seats served in random order, for unbiased agreement.",
    )
    gold_share = models.FloatField(
        default=0.05, help_text="Share of seats given at gold records."
    )
    repeat_share = models.FloatField(
        default=0.03, help_text="Share of seats given at one's own earlier records."
    )
    repeat_after_days = models.PositiveSmallIntegerField(
        default=14, help_text="Days before a record may come back to its reviewer."
    )
    shows_suggestions = models.BooleanField(
        default=False,
        help_text="Show a model's suggestion; such answers are not independent.",
    )
    shows_similar = models.BooleanField(
        default=True, help_text="Show similar settled records after an answer."
    )
    paused_because = models.CharField(
        max_length=200, blank=True, help_text="Why nobody is served at present."
    )
    paused_at = models.DateTimeField(null=True, blank=True)
    is_synthetic = models.BooleanField(
        default=False, help_text="Shows on every page that the data is invented."
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reviews_wanted__gte=1),
                name="project_reviews_wanted_at_least_one",
            ),
            models.CheckConstraint(
                condition=models.Q(lease_minutes__gte=1),
                name="project_lease_at_least_one_minute",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    random_share__gte=0,
                    random_share__lte=1,
                    gold_share__gte=0,
                    gold_share__lte=0.5,
                    repeat_share__gte=0,
                    repeat_share__lte=0.5,
                ),
                name="project_shares_are_shares",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def scale(self) -> Scale:
        """The project's severity scale as a domain object."""
        return Scale.from_rows(self.levels)


class Membership(models.Model):
    """A person's role in a project; no membership, no access.

    What a role may do are the permissions of the Django group of the same name.
    """

    class Role(models.TextChoices):
        LEAD = "LEAD", "Lead"
        SENIOR = "SENIOR", "Senior"
        REVIEWER = "REVIEWER", "Reviewer"
        ML = "ML", "ML engineer"
        INTEGRATION = "INTEGRATION", "Integration"
        READER = "READER", "Reader"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=12, choices=Role)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "project"], name="membership_unique_user_project"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.project} ({self.role})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save it, and note the role as one that was held."""
        super().save(*args, **kwargs)
        HeldRole.objects.get_or_create(
            user=self.user, project=self.project, role=self.role
        )


class HeldRole(models.Model):
    """A role that somebody has, or had, in a project; it outlives the membership.

    What could be read with it counts against the independence of later answers.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="held_roles"
    )
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="held_roles"
    )
    role = models.CharField(max_length=12, choices=Membership.Role)
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "project", "role"], name="held_role_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.project} ({self.role})"


class Guidelines(models.Model):
    """A version of the labeling rules; a review stores the version it saw."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="guidelines"
    )
    version = models.PositiveIntegerField(default=1)
    markdown = models.TextField()
    summary = models.CharField(
        max_length=300, blank=True, help_text="What changed, for those who label."
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "guidelines"
        ordering = ["project", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "version"], name="guidelines_unique_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project} v{self.version}"
