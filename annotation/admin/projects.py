"""Projects and their members; new ones come from the wizard."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from annotation.admin import wizard
from annotation.admin.owned import ProjectOwned
from annotation.admin.pages import row_number
from annotation.models import Membership, Project

DESK = (
    "lease_minutes",
    "later_facts",
    "random_share",
    "gold_share",
    "repeat_share",
    "repeat_after_days",
    "shows_suggestions",
    "shows_similar",
)
"""Settings of the label desk."""

_SHARES = {"random_share": 1.0, "gold_share": 0.5, "repeat_share": 0.5}
"""The most that a share of the seats may be."""


class ProjectForm(forms.ModelForm):
    """Root causes are written one a line; shares of seats are fractions."""

    causes = forms.CharField(
        label="Root causes",
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="One a line; reviewers choose among them.",
    )

    class Meta:
        model = Project
        fields = ("name", "reviews_wanted", *DESK, "is_active")
        labels: ClassVar[dict[str, str]] = {
            "later_facts": "Updates and resolution",
            "shows_suggestions": "Show suggestions",
            "shows_similar": "Show similar tickets",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["causes"] = "\n".join(self.instance.root_causes)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name, most in _SHARES.items():
            share = cleaned.get(name)
            if share is not None and not 0 <= share <= most:
                self.add_error(name, f"A fraction from 0 to {most:g}.")
        shares = [cleaned.get(name) for name in _SHARES]
        if None not in shares and sum(map(float, shares)) > 1:  # type: ignore[arg-type]
            self.add_error(
                "random_share", "The three shares together are more than all seats."
            )
        for name in ("lease_minutes", "reviews_wanted"):
            if cleaned.get(name) == 0:
                self.add_error(name, "At least 1.")
        return cleaned

    def clean_causes(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["causes"].splitlines()]
        causes = list(dict.fromkeys(line for line in lines if line))
        if any(len(cause) > 80 for cause in causes):
            raise forms.ValidationError("A root cause has at most 80 characters.")
        return causes

    def save(self, commit: bool = True) -> Project:
        self.instance.root_causes = self.cleaned_data["causes"]
        return super().save(commit)


_WAYS = (
    ("Progress", "admin:annotation_progress", ("view_review", "add_review")),
    ("Team quality", "admin:annotation_team_quality", ("view_review",)),
    ("Guidelines", "admin:annotation_guidelines_of", ("view_guidelines",)),
    ("Choose gold records", "admin:annotation_gold_choose", ("add_gold",)),
)


def ways_of(request: HttpRequest, project: Project) -> list[tuple[str, str]]:
    """Return the labels and addresses of a project's pages that a person may open."""
    if not project.is_active:
        return []
    return [
        (label, reverse(page, args=[project.slug]))
        for label, page, rights in _WAYS
        if any(request.user.has_perm(f"annotation.{one}", project) for one in rights)
    ]


class MembershipFormSet(forms.BaseInlineFormSet):
    """Members as rows of a table, whose fields have no labels beside them."""

    def add_fields(self, form: forms.ModelForm, index: int | None) -> None:
        super().add_fields(form, index)
        for name, words in (("user", "Person"), ("role", "Role"), ("DELETE", "Remove")):
            if name in form.fields:
                widget = form.fields[name].widget
                # The admin wraps the choice of a related row.
                shown = cast("forms.Widget", getattr(widget, "widget", widget))
                shown.attrs["aria-label"] = words


class MembershipInline(admin.TabularInline):
    model = Membership
    formset = MembershipFormSet
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
    change_form_template = "annotation/project.html"
    list_display = ["name", "slug", "reviews_wanted", "is_synthetic", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name", "slug"]
    inlines = [MembershipInline]
    facts = (
        "name",
        "slug",
        "severity_levels",
        "causes",
        "reviews_wanted",
        "is_active",
        "key_id",
        "is_synthetic",
    )
    readonly_fields = ["slug", "severity_levels", "key_id", "is_synthetic"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        return Project.objects.visible_to(request.user)

    def owner_of(self, obj: Any) -> Project:
        return obj

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        changes = self.has_change_permission(request, obj)
        facts = [name for name in self.facts if changes or name != "causes"]
        desk = {
            "fields": DESK,
            "description": "Which tickets reviewers are served, and what they see. "
            "Shares are fractions of all seats: 0.1 is one in ten.",
        }
        return [(None, {"fields": facts}), ("Label desk", desk)]

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
        number = row_number(object_id)
        project = Project.objects.filter(pk=number or 0).first()
        context = {
            "show_save_and_add_another": False,
            "ways": ways_of(request, project) if project else [],
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, context)

    @admin.display(description="Severity levels")
    def severity_levels(self, project: Project) -> str:
        return ", ".join(f"{level.label} ({level.key})" for level in project.scale)
