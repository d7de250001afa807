"""The decision whether to fine-tune over HTTP, and scenarios that are not stored."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.project_views import ProjectView
from evaluation.services.advising import advise, as_shape, compared_shape
from training.services.economics.comparing import work_out
from training.services.economics.refusals import EconomicsRefused
from training.services.economics.scenarios import (
    MOST_SCENARIOS,
    read_scenario,
    shared_of,
)

_SEE_MODELS = "evaluation.view_evaluation"


class ScenariosSerializer(serializers.Serializer):
    """Scenarios by name, as the console stores them."""

    scenarios = serializers.DictField(child=serializers.DictField(), allow_empty=False)


class WorthItView(ProjectView):
    """Should this project fine-tune? POST works scenarios out and stores nothing."""

    permissions: ClassVar[dict[str, str]] = {
        "GET": "training.view_scenario",
        "POST": "training.view_scenario",
    }

    @extend_schema(operation_id="projects_worth_it", responses=dict[str, Any])
    def get(self, request: Request, project: str) -> Response:
        """Return the answer, every rule with its figure, and the scenarios."""
        self._check(request)
        return Response(as_shape(advise(project=self.project, now=timezone.now())))

    @extend_schema(
        operation_id="projects_worth_it_work_out",
        request=ScenariosSerializer,
        responses=dict[str, Any],
    )
    def post(self, request: Request, project: str) -> Response:
        """Return the scenarios sent, side by side, at today's prices."""
        self._check(request)
        wanted = ScenariosSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        sent = wanted.validated_data["scenarios"]
        if len(sent) > MOST_SCENARIOS:
            raise EconomicsRefused(
                "too_many", f"At most {MOST_SCENARIOS} scenarios at a time."
            )
        shared = shared_of(self.project)
        if shared is None:
            raise EconomicsRefused(
                "nothing_shared", "Write down the currency and the requests first."
            )
        found = work_out(
            project=self.project,
            shared=shared,
            scenarios={name: read_scenario(inputs) for name, inputs in sent.items()},
            day=timezone.localdate(),
        )
        return Response(compared_shape(found))

    def _check(self, request: Request) -> None:
        if not request.user.has_perm(_SEE_MODELS, self.project):
            raise PermissionDenied
