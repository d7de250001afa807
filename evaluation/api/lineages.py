"""A record's lineage over HTTP: what stood before its label, where the label went."""

from __future__ import annotations

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.project_views import ProjectView
from annotation.models import Record
from evaluation.services import lineage
from evaluation.services.lineage_shape import shape_of

_SEE_RUNS = "training.view_trainingrun"
_SEE_EVALUATIONS = "evaluation.view_evaluation"


class LineageView(ProjectView):
    """The lineage of one record."""

    permissions: ClassVar[dict[str, str]] = {"GET": lineage.NEEDED[0]}

    @extend_schema(operation_id="records_lineage", responses=dict[str, Any])
    def get(self, request: Request, project: str, record: int) -> Response:
        """Return verdicts, examples, runs, models and evaluations of a record.

        Runs and evaluations are null for those who may not see them.
        """
        if not lineage.may_trace(request.user, self.project):
            raise PermissionDenied
        records = Record.objects.of(self.project).select_related("project")
        found = get_object_or_404(records, pk=record)
        shape = shape_of(
            lineage.trace(record=found),
            runs=request.user.has_perm(_SEE_RUNS, self.project),
            evaluations=request.user.has_perm(_SEE_EVALUATIONS, self.project),
        )
        return Response(shape)
