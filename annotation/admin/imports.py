"""Imports and saved mappings as tables, and the routes of the import's pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from annotation.admin import import_pages
from annotation.admin.owned import OwnedFacts, ProjectOwned
from annotation.admin.pages import row_number
from annotation.models import ColumnMapping, ImportBatch

_TONES = {
    "UPLOADED": "info",
    "RUNNING": "live",
    "DONE": "good",
    "REFUSED": "bad",
    "FAILED": "bad",
}


@admin.register(ImportBatch)
class ImportBatchAdmin(OwnedFacts):
    change_list_template = "annotation/records.html"
    list_display = [
        "file",
        "project",
        "state",
        "total_rows",
        "imported",
        "duplicate",
        "held",
        "rejected",
        "created_at",
    ]
    list_display_links = None
    list_filter = ["status", "source", ("project", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["project"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        upload = import_pages.UploadView.as_view()
        mapping = import_pages.MappingView.as_view()
        name = "annotation_importbatch"
        return [
            path("upload/", view(upload), name=f"{name}_upload"),
            path("<int:pk>/map/", view(mapping), name=f"{name}_map"),
            path(
                "<int:pk>/progress/",
                view(import_pages.progress_page),
                name=f"{name}_progress",
            ),
            path(
                "<int:pk>/progress.json",
                view(import_pages.progress_json),
                name=f"{name}_progress_json",
            ),
            path(
                "<int:pk>/rejects.csv",
                view(import_pages.rejects_file),
                name=f"{name}_rejects",
            ),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": "Imports", **(extra_context or {})}
        return super().changelist_view(request, context)

    def change_view(
        self, request: HttpRequest, object_id: str, *args: object, **kwargs: object
    ) -> HttpResponse:
        """An import has one page, the one that follows it."""
        number = row_number(object_id)
        if number is None:
            raise Http404
        return redirect("admin:annotation_importbatch_progress", number)

    @admin.display(description="File", ordering="file_name")
    def file(self, batch: ImportBatch) -> SafeString:
        url = reverse("admin:annotation_importbatch_progress", args=[batch.pk])
        return format_html('<a href="{}">{}</a>', url, batch)

    @admin.display(description="State", ordering="status")
    def state(self, batch: ImportBatch) -> SafeString:
        return format_html(
            '<span class="pill {}">{}</span>',
            _TONES[batch.status],
            batch.get_status_display(),
        )


@admin.register(ColumnMapping)
class ColumnMappingAdmin(ProjectOwned):
    list_display = ["name", "project", "fills"]
    list_filter = [("project", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["project"]
    fields = ["name", "project", "fills"]
    readonly_fields = ["project", "fills"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A mapping is made on a file, while it is imported."""
        return False

    def get_readonly_fields(
        self, request: HttpRequest, obj: Model | None = None
    ) -> list[str]:
        return ["project", "fills"]

    @admin.display(description="Fields and columns")
    def fills(self, mapping: ColumnMapping) -> str:
        columns = mapping.mapping.get("columns", {})
        return ", ".join(f"{name}: {', '.join(cols)}" for name, cols in columns.items())
