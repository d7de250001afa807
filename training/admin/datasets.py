"""Datasets as a table to read, and the way to their pages and to the builder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from annotation.admin.owned import OwnedFacts
from annotation.admin.pages import row_number
from training.admin import (
    ablation,
    data_recall,
    dataset_builder,
    dataset_page,
    label_doubts,
    quality_page,
    rendered_page,
    resemblances,
    version_pages,
)
from training.models import Dataset

_NAME = "training_dataset"
_VIEWS: dict[str, tuple[str, Callable[..., HttpResponseBase]]] = {
    "choose": ("builder/", dataset_builder.choose_project),
    "builder": ("builder/<slug:slug>/", dataset_builder.BuilderView.as_view()),
    "recalls": ("recall/", data_recall.choose_project),
    "recall": ("recall/<slug:slug>/", data_recall.data_recall_page),
    "settle": ("recall/<slug:slug>/settle/", data_recall.settle),
    "compares": ("compare/", version_pages.choose_project),
    "compare": ("compare/<slug:slug>/", version_pages.compare_page),
    "page": ("<int:dataset_id>/page/", dataset_page.dataset_page),
    "stale": ("<int:dataset_id>/stale/", version_pages.stale_page),
    "progress": ("<int:dataset_id>/progress/", dataset_page.progress),
    "quality": ("<int:dataset_id>/quality/", quality_page.quality_page),
    "tokens": ("<int:dataset_id>/tokens/", quality_page.count_tokens),
    "check": ("<int:dataset_id>/label-check/", label_doubts.start_check),
    "checked": ("<int:dataset_id>/label-check/watch/", label_doubts.watch),
    "unchecked": ("<int:dataset_id>/label-check/stop/", label_doubts.stop),
    "send": ("<int:dataset_id>/send/", label_doubts.send),
    "plain": ("<int:dataset_id>/plain/", ablation.build_plain),
    "export": ("<int:dataset_id>/export/", dataset_page.start_export),
    "file": ("<int:dataset_id>/files/<str:split>/", dataset_page.download_split),
    "exported": ("exports/<int:export_id>/", dataset_page.download_export),
    "resembling": ("<int:dataset_id>/resemblances.csv", resemblances.download),
    "rendered": ("<int:dataset_id>/rendered/", rendered_page.rendered_page),
    "beside": ("exports/<int:export_id>/<str:part>/", dataset_page.download_export),
}
_TONES = {"DRAFT": "info", "BUILDING": "live", "FROZEN": "good", "FAILED": "bad"}


@admin.register(Dataset)
class DatasetAdmin(OwnedFacts):
    change_list_template = "training/datasets.html"
    list_display = ["dataset", "state", "project", "train", "test", "gold", "made"]
    list_display_links = None
    list_filter = ["status", ("project", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["project", "created_by"]
    search_fields = ["name", "sha256"]
    ordering = ["-id"]

    @admin.display(description="Dataset", ordering="name")
    def dataset(self, dataset: Dataset) -> str:
        page = reverse("admin:training_dataset_page", args=[dataset.pk])
        return format_html('<a href="{}">{}</a>', page, dataset)

    @admin.display(description="State", ordering="status")
    def state(self, dataset: Dataset) -> str:
        tone, words = _TONES[dataset.status], dataset.get_status_display()
        return format_html('<span class="pill {}">{}</span>', tone, words)

    @admin.display(description="Train rows")
    def train(self, dataset: Dataset) -> str:
        return _count(dataset, "TRAIN", "rows")

    @admin.display(description="Test tickets")
    def test(self, dataset: Dataset) -> str:
        return _count(dataset, "TEST", "examples")

    @admin.display(description="Labels")
    def gold(self, dataset: Dataset) -> str:
        return "single source" if dataset.is_single_source else "reviewed"

    @admin.display(description="Made", ordering="created_at")
    def made(self, dataset: Dataset) -> str:
        who = f" by {dataset.created_by}" if dataset.created_by else ""
        return f"{dataset.created_at:%Y-%m-%d %H:%M}{who}"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A dataset has one page."""
        number = row_number(object_id)
        if number is None:
            raise Http404
        return redirect("admin:training_dataset_page", number)

    def get_urls(self) -> list[URLPattern]:
        return [
            *(
                path(route, self.admin_site.admin_view(view), name=f"{_NAME}_{name}")
                for name, (route, view) in _VIEWS.items()
            ),
            *super().get_urls(),
        ]


def _count(dataset: Dataset, split: str, what: str) -> str:
    counted = dataset.manifest.get("splits", {}).get(split, {})
    return f"{counted[what]:,}" if what in counted else "-"
