"""Routes of the evaluation API under /api/v1/."""

from __future__ import annotations

from django.urls import path

from evaluation.api import (
    comparisons,
    evaluations,
    lineages,
    run_comparisons,
    worth_it,
)

_PROJECT = "projects/<slug:project>"

urlpatterns = [
    path(
        f"{_PROJECT}/evaluations/",
        evaluations.EvaluationList.as_view(),
        name="api-evaluations",
    ),
    path(
        f"{_PROJECT}/evaluations/<int:evaluation>/",
        evaluations.EvaluationDetail.as_view(),
        name="api-evaluation",
    ),
    path(
        f"{_PROJECT}/comparison/",
        comparisons.ComparisonView.as_view(),
        name="api-comparison",
    ),
    path(
        f"{_PROJECT}/comparison/runs/",
        run_comparisons.RunComparisonView.as_view(),
        name="api-run-comparison",
    ),
    path(
        f"{_PROJECT}/records/<int:record>/lineage/",
        lineages.LineageView.as_view(),
        name="api-record-lineage",
    ),
    path(
        f"{_PROJECT}/worth-it/",
        worth_it.WorthItView.as_view(),
        name="api-worth-it",
    ),
]
