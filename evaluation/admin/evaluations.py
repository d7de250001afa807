"""Evaluations as a table to read, and the way to the comparison page."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, path

from annotation.admin.owned import OwnedFacts
from evaluation.admin import comparison, lineage, run_comparison, worth_it
from evaluation.models import Evaluation
from evaluation.templatetags import figures


@admin.register(Evaluation)
class EvaluationAdmin(OwnedFacts):
    owner_path = "dataset__project"
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
            path(
                "runs/",
                view(run_comparison.choose_project),
                name="evaluation_run_comparison",
            ),
            path(
                "runs/<slug:slug>/",
                view(run_comparison.run_comparison),
                name="evaluation_run_comparison_page",
            ),
            path(
                "lineage/<slug:slug>/<int:record_id>/",
                view(lineage.lineage_page),
                name="evaluation_lineage",
            ),
            *worth_it.urls(view),
            *super().get_urls(),
        ]
