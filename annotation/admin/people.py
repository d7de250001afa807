"""Reviewers as a table: their grade, whether they label, whom they belong to."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from annotation.models import Reviewer
from annotation.services.access import projects_granting


@admin.register(Reviewer)
class ReviewerAdmin(admin.ModelAdmin):
    list_display = ["name", "kind", "grade", "user", "is_active"]
    list_filter = ["kind", "grade", "is_active"]
    list_select_related = ["user"]
    search_fields = ["name", "user__username"]
    fields = ["name", "kind", "user", "grade", "is_active", "shortcuts_enabled"]
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reviewer]:
        rows = Reviewer.objects.select_related("user")
        if request.user.is_superuser:
            return rows
        allowed = projects_granting(request.user, "annotation.view_reviewer")
        return rows.sources_or_with_role_in(allowed)

    def get_readonly_fields(
        self, request: HttpRequest, obj: Model | None = None
    ) -> list[str]:
        """Reviews rest on who it was: that never changes."""
        return ["kind", "user"] if obj else []

    def has_change_permission(
        self, request: HttpRequest, obj: Reviewer | None = None
    ) -> bool:
        if not super().has_change_permission(request, obj):
            return False
        return obj is None or _leads(request, obj)

    def has_delete_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        """People are deactivated: their reviews stay theirs."""
        return False


def _leads(request: HttpRequest, reviewer: Reviewer) -> bool:
    """Whether this person leads a project in which the reviewer works.

    A source belongs to nobody: it is theirs when it has labeled in their projects and
    in no other.
    """
    if request.user.is_superuser:
        return True
    led = projects_granting(request.user, "annotation.change_reviewer")
    if reviewer.kind == Reviewer.Kind.SOURCE:
        labels = reviewer.reviews.all()
        return labels.exists() and not labels.outside(led).exists()
    return Reviewer.objects.with_role_in(led).filter(pk=reviewer.pk).exists()
