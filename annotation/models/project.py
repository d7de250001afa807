"""Projects, their members and their labeling guidelines."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from annotation.domain.scale import DEFAULT_SCALE, Scale
from annotation.querysets.projects import ProjectQuerySet


def default_levels() -> list[dict[str, str]]:
    """Return the four default severity levels, most severe first."""
    return DEFAULT_SCALE.rows()


class Project(models.Model):
    """One team's tickets with their own severity levels, people and models."""

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
        default=30, help_text="How long an untouched label-desk seat is kept."
    )
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
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def scale(self) -> Scale:
        """The project's severity scale as a domain object."""
        return Scale.from_rows(self.levels)


class Membership(models.Model):
    """A person's role in a project; no membership, no access."""

    class Role(models.TextChoices):
        LEAD = "LEAD", "Operations lead"
        LABELER = "LABELER", "Labeling engineer"
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


class Guidelines(models.Model):
    """A version of the labeling rules; a review stores the version it saw."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="guidelines"
    )
    version = models.PositiveIntegerField(default=1)
    markdown = models.TextField()
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
