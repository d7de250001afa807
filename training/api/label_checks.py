"""Doubted labels of a dataset over HTTP: have them judged, read the ranked list."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.contrib.auth.models import User
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.services import sending
from training.api.datasets import DatasetView
from training.api.versions import ListSerializer, read_asked
from training.models import LabelCheck
from training.services import doubts, label_checks


class LabelCheckView(DatasetView):
    """The search for wrong labels in one dataset."""

    permissions: ClassVar[dict[str, str]] = {
        "GET": "training.view_example",
        "POST": "training.add_dataset",
    }

    @extend_schema(
        operation_id="projects_datasets_label_check",
        parameters=[ListSerializer],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, project: str, reference: str) -> Response:
        """Say how far it is and list the doubted labels; needs view_verdict, too."""
        if not request.user.has_perm("annotation.view_verdict", self.project):
            self.permission_denied(request)
        asked = read_asked(ListSerializer, request)
        check = label_checks.latest(dataset=self.dataset(reference))
        if check is None or check.status != LabelCheck.Status.DONE:
            return Response(_state(check))
        listed = doubts.list_doubts(
            check=check,
            tells_gold=request.user.has_perm(sending.SEES_GOLD, self.project),
            skip=asked["skip"],
            size=asked["limit"],
        )
        return Response({**_state(check), "doubts": [one.as_dict() for one in listed]})

    @extend_schema(
        operation_id="projects_datasets_label_check_start",
        request=None,
        responses={202: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request, project: str, reference: str) -> Response:
        """Have the labels judged, or return the search that stands."""
        check = label_checks.start(
            dataset=self.dataset(reference), user=cast(User, request.user)
        )
        return Response(_state(check), status=202)


def _state(check: LabelCheck | None) -> dict[str, Any]:
    """How far a search is, and how its labels were judged."""
    if check is None:
        return {"status": "NONE"}
    return {
        "status": check.status,
        "progress": check.job.progress,
        "failure": check.failure,
        "facts": check.facts,
        "sha256": check.sha256,
    }
