"""Addresses of "Find records" and of the acts that begin there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from annotation.admin import find_records
from annotation.admin.bulk_pages import BulkView


def find_urls(guarded: Callable[..., Any]) -> list[URLPattern]:
    """Return the addresses, each behind the admin's sign-in."""
    find = guarded(find_records.FindView.as_view())
    save = guarded(find_records.SaveView.as_view())
    saved = guarded(find_records.SavedView.as_view())
    act = guarded(BulkView.as_view())
    at = "search/<slug:slug>/"
    return [
        path("search/", guarded(find_records.choose_project), name="annotation_find"),
        path(at, find, name="annotation_find_records"),
        path(f"{at}save/", save, name="annotation_filter_save"),
        path(f"{at}saved/<int:number>/", saved, name="annotation_filter"),
        path(
            f"{at}export/",
            guarded(find_records.export),
            name="annotation_records_export",
        ),
        path(f"{at}act/", act, name="annotation_bulk"),
    ]
