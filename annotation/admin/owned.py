"""The base of tables whose rows belong to a project.

A row is seen, changed or deleted by those whose role in that very project allows it;
the stock admin asks only whether some role somewhere does.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import connections
from django.db.models import F, ForeignKey, Model, QuerySet, Value
from django.forms import ModelChoiceField
from django.http import HttpRequest

from annotation.models import Project
from annotation.querysets.projects import ProjectQuerySet
from annotation.services.access import projects_granting


def projects_allowing(request: HttpRequest, permission: str) -> ProjectQuerySet:
    """Return the projects in which this person holds a permission."""
    if request.user.is_superuser:
        return Project.objects.all()
    return Project.objects.filter(pk__in=projects_granting(request.user, permission))


class NeverChanged(admin.ModelAdmin):
    """A table whose rows stay as they were written."""

    def has_change_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False


class FactsOnly(NeverChanged):
    """A table that services write and people only read."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class ProjectOwned(admin.ModelAdmin):
    """A table whose rows lead to a project, narrowed to what a person's roles allow."""

    show_full_result_count = False
    list_per_page = 50
    # From a row to its project, as Django writes it.
    owner_path = "project"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        if request.user.is_superuser:
            return rows
        allowed = projects_granting(request.user, self._named("view"))
        if self.walks_all(request) and connections[rows.db].vendor == "sqlite":
            # SQLite would fetch and sort a whole project to show its newest fifty
            # rows; a sum hides the project from it, and it begins at the newest.
            owner = F(f"{self.owner_path}_id") + Value(0)
            return rows.alias(owner_number=owner).filter(owner_number__in=allowed)
        return rows.filter(**{f"{self.owner_path}__in": allowed})

    def walks_all(self, request: HttpRequest) -> bool:
        """Whether most of the newest rows are among those that a list asks for."""
        return False

    def has_view_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return self._may(request, "view", obj) or self._may(request, "change", obj)

    def has_change_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return self._may(request, "change", obj)

    def has_delete_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return self._may(request, "delete", obj)

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField | None:
        if db_field.name == "project":
            kwargs["queryset"] = projects_allowing(request, self._named("add"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def _may(self, request: HttpRequest, verb: str, obj: Model | None) -> bool:
        owner = None if obj is None else self.owner_of(obj)
        return request.user.has_perm(self._named(verb), owner)

    def owner_of(self, obj: Any) -> Project:
        """The project a row belongs to."""
        for name in self.owner_path.split("__"):
            obj = getattr(obj, name)
        return obj

    def _named(self, verb: str) -> str:
        return f"{self.opts.app_label}.{verb}_{self.opts.model_name}"


class OwnedFacts(FactsOnly, ProjectOwned):
    """A table of a project's facts: written by services, read by people."""

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """The project is a column only for those who see several."""
        if "project" not in self.list_display:
            return list(self.list_display)
        several = projects_allowing(request, self._named("view")).count() > 1
        return [name for name in self.list_display if several or name != "project"]
