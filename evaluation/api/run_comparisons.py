"""Runs side by side over HTTP: what the page of the same name shows, as JSON."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.project_views import ProjectView
from evaluation.services import run_figures
from netft_site.base.refusals import Refused
from training.services import comparing_runs

_DIGITS = 18
"""More than these no row's number has."""


class RunComparisonView(ProjectView):
    """Runs of a project side by side."""

    permissions: ClassVar[dict[str, str]] = {"GET": "evaluation.view_evaluation"}

    @extend_schema(
        operation_id="projects_runs_comparison",
        parameters=[
            OpenApiParameter(
                "run",
                type=int,
                many=True,
                description="numbers of runs, at most six; default: the newest four",
            ),
        ],
        responses=dict[str, Any],
    )
    def get(self, request: Request, project: str) -> Response:
        """Return curves, facts, what differs, and the figures on the test split."""
        asked = request.GET.getlist("run")
        if not all(text.isdecimal() and len(text) <= _DIGITS for text in asked):
            raise Refused("run_unknown", "A run is named by its number.")
        numbers = [int(n) for n in asked] or comparing_runs.usual_choice(
            project=self.project
        )
        found = comparing_runs.compare_runs(project=self.project, numbers=numbers)
        worth = run_figures.figures_of(runs=[side.run for side in found.sides])
        return Response({**found.as_dict(), "worth": worth.as_dict()})
