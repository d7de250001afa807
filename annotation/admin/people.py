"""Reviewers as a table: their grade, whether they label, whom they belong to."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils import timezone

from annotation.admin import quality
from annotation.models import Reviewer
from annotation.services import people
from annotation.services.access import projects_granting

_FIELDS = ("name", "kind", "user", "grade", "is_active", "shortcuts_enabled")


@admin.register(Reviewer)
class ReviewerAdmin(admin.ModelAdmin):
    list_display = ["name", "kind", "grade", "user", "is_active"]
    list_filter = ["kind", "grade", "is_active"]
    list_select_related = ["user"]
    search_fields = ["name", "user__username"]
    list_per_page = 50

    def get_urls(self) -> list[URLPattern]:
        return [*quality.urls(self.admin_site.admin_view), *super().get_urls()]

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
        if obj is None:
            return []
        # The stock form would link an account that this person may not open.
        opens = request.user.has_perm("auth.view_user")
        return ["kind", "user" if opens else "account"]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        if "account" not in self.get_readonly_fields(request, obj):
            return list(_FIELDS)
        return ["account" if name == "user" else name for name in _FIELDS]

    @admin.display(description="user")
    def account(self, obj: Reviewer) -> str:
        return str(obj.user or "-")

    def save_model(
        self, request: HttpRequest, obj: Reviewer, form: ModelForm, change: bool
    ) -> None:
        """Save the other fields; being active is a matter for the service."""
        turned = change and "is_active" in form.changed_data
        if not turned:
            super().save_model(request, obj, form, change)
            return
        wanted, obj.is_active = obj.is_active, not obj.is_active
        super().save_model(request, obj, form, change)
        _turn(request, obj, active=wanted)

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


def _turn(request: HttpRequest, reviewer: Reviewer, *, active: bool) -> None:
    by, now = cast(User, request.user), timezone.now()
    if active:
        people.reactivate(reviewer=reviewer, by=by, now=now)
        messages.info(request, f"{reviewer} can label again.")
        return
    try:
        returned = people.deactivate(reviewer=reviewer, by=by, now=now)
    except people.PersonRefused as refusal:
        messages.error(request, refusal.message)
        return
    seats = "1 seat was" if returned == 1 else f"{returned} seats were"
    messages.info(
        request, f"{seats} returned; reviews and drafts of {reviewer} are kept."
    )


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
