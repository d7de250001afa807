"""What stock tables need at a hundred thousand rows: a capped count and light filters.

The stock filters ask the whole table which values it has, and the stock search joins
every row to its record before it looks at one. Here the choices come from the projects
that a person may see, and a search finds the few records and people first.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.core.paginator import Paginator
from django.db.models import Field, Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from annotation.admin.owned import projects_allowing
from annotation.models import Record, Reviewer

COUNTED = 5_000
_RECORDS_SEARCHED = 500


class CappedPaginator(Paginator):
    """Counts, and leafs through, at most `COUNTED` rows; filters reach the rest."""

    @cached_property
    def count(self) -> int:
        return min(self._seen, COUNTED)

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than are counted."""
        return self._seen > COUNTED

    @cached_property
    def _seen(self) -> int:
        rows = self.object_list
        if isinstance(rows, QuerySet):
            return rows.order_by()[: COUNTED + 1].count()
        return len(rows)


class OwnProjectsFilter(admin.RelatedFieldListFilter):
    """The projects in which a person may see rows; other teams' names stay unknown."""

    def field_choices(
        self, field: Field[Any, Any], request: HttpRequest, model_admin: ModelAdmin
    ) -> list[Any]:
        opts = model_admin.opts
        permission = f"{opts.app_label}.view_{opts.model_name}"
        projects = projects_allowing(request, permission).order_by("name")
        return [(project.pk, project.name) for project in projects]


class LevelFilter(admin.SimpleListFilter):
    """The levels of the projects in which a person may see rows."""

    title = "severity"
    parameter_name = "severity"

    def lookups(
        self, request: HttpRequest, model_admin: ModelAdmin
    ) -> list[tuple[str, str]]:
        opts = model_admin.opts
        permission = f"{opts.app_label}.view_{opts.model_name}"
        found: dict[str, str] = {}
        for project in projects_allowing(request, permission):
            for level in project.scale:
                found.setdefault(level.key, level.label)
        return list(found.items())

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> QuerySet[Any] | None:
        return queryset.filter(severity=self.value()) if self.value() else None


class FoundByRecord(admin.ModelAdmin):
    """A table of rows that belong to records, found by the beginning of an id.

    Where ``finds_reviewers``, words of a reviewer's name find their rows, too.
    """

    paginator = CappedPaginator
    ordering = ("-pk",)
    search_fields = ("record__external_id__startswith",)
    finds_reviewers = False

    def walks_all(self, request: HttpRequest) -> bool:
        return "q" not in request.GET

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        words = search_term.strip()
        if not words:
            return queryset, False
        permission = f"{self.opts.app_label}.view_{self.opts.model_name}"
        records = Record.objects.filter(
            project__in=projects_allowing(request, permission),
            external_id__startswith=words,
        ).order_by()
        ids = list(records.values_list("pk", flat=True)[:_RECORDS_SEARCHED])
        found = Q(record__in=ids)
        if self.finds_reviewers:
            people = Reviewer.objects.filter(name__icontains=words)
            found |= Q(reviewer__in=list(people.values_list("pk", flat=True)))
        return queryset.filter(found), False
