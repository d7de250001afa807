"""Evaluations as a table to read, and the way to the comparison page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path

from evaluation.admin import comparison
from evaluation.models import Evaluation
from evaluation.templatetags import figures


@admin.register(Evaluation)
class EvaluationAdmin(admin.ModelAdmin):
    list_display = [
        "model_version",
        "dataset",
        "split",
        "status",
        "accuracy",
        "finished_at",
    ]
    list_filter = ["status", "split"]
    list_select_related = ["model_version", "dataset"]
    search_fields = ["model_version__name", "dataset__name"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Evaluation]:
        return Evaluation.objects.visible_to(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="Accuracy")
    def accuracy(self, evaluation: Evaluation) -> str:
        figure = evaluation.report.get("accuracy")
        if not figure:
            return "–"
        return f"{figures.percent(figure['value'])} {figures.interval(figure)}"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        page = comparison.ComparisonView.as_view()
        return [
            path(
                "comparison/",
                view(comparison.choose_project),
                name="evaluation_comparison",
            ),
            path(
                "comparison/<slug:slug>/",
                view(page),
                name="evaluation_comparison_page",
            ),
            *super().get_urls(),
        ]
