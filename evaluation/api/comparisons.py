"""Comparisons over HTTP: the figures of the comparison page as JSON."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.project_views import ProjectView
from evaluation.api.evaluations import find_model
from evaluation.services import lineup, reporting, standing
from training.services.datasets.resolving import resolve_dataset


class ComparisonView(ProjectView):
    """Models side by side on the test split of a dataset."""

    permissions: ClassVar[dict[str, str]] = {"GET": "evaluation.view_evaluation"}

    @extend_schema(
        operation_id="projects_comparison",
        parameters=[
            OpenApiParameter("dataset", required=True),
            OpenApiParameter(
                "model",
                many=True,
                description="default: the newest of each kind of baseline, and the "
                "newest tuned models",
            ),
        ],
        responses=dict[str, Any],
    )
    def get(self, request: Request, project: str) -> Response:
        """Return every figure of the comparison with its interval."""
        dataset = resolve_dataset(
            request.query_params.get("dataset", ""), project=self.project
        )
        models = [find_model(self, name) for name in request.GET.getlist("model")]
        if not models:
            models = lineup.usual_choice(standing.scored_models(dataset=dataset))
        comparison = reporting.compare(models=models, dataset=dataset)
        return Response(comparison.as_dict())
