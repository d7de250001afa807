"""Routes of the annotation API under /api/v1/."""

from __future__ import annotations

from django.urls import URLPattern, path

from annotation.api import records

urlpatterns: list[URLPattern] = [
    path(
        "projects/<slug:project>/records/",
        records.RecordListView.as_view(),
        name="api-records",
    ),
    path(
        "projects/<slug:project>/records/<int:record>/",
        records.RecordView.as_view(),
        name="api-record",
    ),
]
