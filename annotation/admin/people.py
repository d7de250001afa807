"""Reviewers as a table: their grade, whether they label, whom they belong to."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from annotation.models import Membership, Reviewer


@admin.register(Reviewer)
class ReviewerAdmin(admin.ModelAdmin):
    list_display = ["name", "kind", "grade", "user", "is_active"]
    list_filter = ["kind", "grade", "is_active"]
    list_select_related = ["user"]
    search_fields = ["name", "user__username"]
    fields = ["name", "kind", "user", "grade", "is_active", "shortcuts_enabled"]
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reviewer]:
        return Reviewer.objects.visible_to(request.user).select_related("user")

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
    """Whether this person leads a project in which the reviewer works."""
    if request.user.is_superuser:
        return True
    mine = Membership.objects.filter(user=request.user.pk, role=Membership.Role.LEAD)
    if reviewer.user_id is None:
        return mine.exists()
    theirs = Membership.objects.filter(user=reviewer.user_id)
    return theirs.filter(project__in=mine.values("project")).exists()
