"""Routes of search, saved filters, exports of records and bulk acts."""

from __future__ import annotations

from django.urls import URLPattern, path

from annotation.api import bulk_acts, finding

_PROJECT = "projects/<slug:project>/"
_FILTERS = f"{_PROJECT}saved-filters/"
_ACTS = f"{_PROJECT}bulk-acts/"

urlpatterns: list[URLPattern] = [
    path(
        f"{_PROJECT}records/search/",
        finding.SearchView.as_view(),
        name="api-records-search",
    ),
    path(
        f"{_PROJECT}records/export/",
        finding.ExportView.as_view(),
        name="api-records-export",
    ),
    path(_FILTERS, finding.SavedFilterListView.as_view(), name="api-saved-filters"),
    path(
        f"{_FILTERS}<int:number>/",
        finding.SavedFilterView.as_view(),
        name="api-saved-filter",
    ),
    path(_ACTS, bulk_acts.BulkActListView.as_view(), name="api-bulk-acts"),
    path(
        f"{_ACTS}preview/",
        bulk_acts.BulkPreviewView.as_view(),
        name="api-bulk-preview",
    ),
    path(
        f"{_ACTS}seniors/",
        bulk_acts.SeniorsView.as_view(),
        name="api-bulk-seniors",
    ),
    path(
        f"{_ACTS}<int:number>/",
        bulk_acts.BulkActView.as_view(),
        name="api-bulk-act",
    ),
    path(
        f"{_ACTS}<int:number>/undo/",
        bulk_acts.BulkUndoView.as_view(),
        name="api-bulk-undo",
    ),
]
