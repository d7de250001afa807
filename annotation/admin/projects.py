"""Projects, their members and guidelines; new ones come from the wizard."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path

from annotation.admin import wizard
from annotation.admin.owned import NeverChanged, ProjectOwned
from annotation.models import Guidelines, Membership, Project


class ProjectForm(forms.ModelForm):
    """Root causes are written one a line."""

    causes = forms.CharField(
        label="Root causes",
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="One a line; reviewers choose among them.",
    )

    class Meta:
        model = Project
        fields = ("name", "reviews_wanted", "lease_minutes", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["causes"] = "\n".join(self.instance.root_causes)

    def clean_causes(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["causes"].splitlines()]
        causes = list(dict.fromkeys(line for line in lines if line))
        if any(len(cause) > 80 for cause in causes):
            raise forms.ValidationError("A root cause has at most 80 characters.")
        return causes

    def save(self, commit: bool = True) -> Project:
        self.instance.root_causes = self.cleaned_data["causes"]
        return super().save(commit)


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0
    verbose_name_plural = "people"

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name == "user":
            # The row is about the role; accounts have a page of their own.
            field.widget.can_add_related = False
            field.widget.can_change_related = False
            field.widget.can_view_related = False
        return field

    def has_view_permission(
        self, request: HttpRequest, obj: Project | None = None
    ) -> bool:
        return request.user.has_perm("annotation.view_membership", obj)

    def has_add_permission(
        self, request: HttpRequest, obj: Project | None = None
    ) -> bool:
        return request.user.has_perm("annotation.add_membership", obj)

    def has_change_permission(
        self, request: HttpRequest, obj: Project | None = None
    ) -> bool:
        return request.user.has_perm("annotation.change_membership", obj)

    def has_delete_permission(
        self, request: HttpRequest, obj: Project | None = None
    ) -> bool:
        return request.user.has_perm("annotation.delete_membership", obj)


@admin.register(Project)
class ProjectAdmin(ProjectOwned):
    form = ProjectForm
    change_list_template = "annotation/projects.html"
    list_display = ["name", "slug", "reviews_wanted", "is_synthetic", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name", "slug"]
    inlines = [MembershipInline]
    fields = [
        "name",
        "slug",
        "severity_levels",
        "causes",
        "reviews_wanted",
        "lease_minutes",
        "is_active",
        "key_id",
        "is_synthetic",
    ]
    readonly_fields = ["slug", "severity_levels", "key_id", "is_synthetic"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        return Project.objects.visible_to(request.user)

    def owner_of(self, obj: Any) -> Project:
        return obj

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        fields = list(self.fields or [])
        if not self.has_change_permission(request, obj):
            fields.remove("causes")
        return fields

    def has_delete_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        """A project is switched off, never deleted: its records point at it."""
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path(
                "wizard/",
                view(wizard.WizardView.as_view()),
                name="annotation_project_wizard",
            ),
            path(
                "wizard/<slug:slug>/ready/",
                view(wizard.ready_page),
                name="annotation_project_ready",
            ),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """There is one way to make a project."""
        return redirect("admin:annotation_project_wizard")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        context = {"show_save_and_add_another": False, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    @admin.display(description="Severity levels")
    def severity_levels(self, project: Project) -> str:
        return ", ".join(f"{level.label} ({level.key})" for level in project.scale)


@admin.register(Guidelines)
class GuidelinesAdmin(NeverChanged, ProjectOwned):
    """Versions of the labeling rules: a new text is a new version.

    Reviews name the version they saw, so a version never changes.
    """

    list_display = ["project", "version", "created_at"]
    list_filter = [("project", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["project"]
    fields = ["project", "markdown"]

    def save_model(
        self, request: HttpRequest, obj: Guidelines, form: Any, change: bool
    ) -> None:
        newest = Guidelines.objects.filter(project=obj.project).first()
        obj.version = newest.version + 1 if newest else 1
        super().save_model(request, obj, form, change)
