"""Model versions over HTTP."""

from __future__ import annotations

from typing import ClassVar

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.project_views import ProjectView
from training.models import ModelVersion


class ModelVersionSerializer(serializers.ModelSerializer):
    """A model version and where it comes from."""

    base_model = serializers.CharField(source="base_model.name")
    dataset = serializers.CharField(
        source="run.dataset.reference", allow_null=True, default=None
    )
    run = serializers.IntegerField(source="run_id", allow_null=True)

    class Meta:
        model = ModelVersion
        fields = [
            "name",
            "base_model",
            "dataset",
            "run",
            "artifact_sha256",
            "created_at",
        ]


class ModelPages(CursorPagination):
    """The newest model first."""

    page_size = 50
    ordering = "-id"


class ModelList(ProjectView):
    """Model versions of a project."""

    permissions: ClassVar[dict[str, str]] = {"GET": "training.view_modelversion"}

    @extend_schema(
        operation_id="projects_models_list",
        parameters=[OpenApiParameter("cursor", description="from next or previous")],
        responses=ModelVersionSerializer(many=True),
    )
    def get(self, request: Request, project: str) -> Response:
        """List model versions, the newest first, fifty a page."""
        pages = ModelPages()
        found = ModelVersion.objects.with_facts().filter(project=self.project)
        rows = pages.paginate_queryset(found, request, view=self)
        shown = ModelVersionSerializer(rows, many=True)
        return pages.get_paginated_response(shown.data)


class ModelDetail(ProjectView):
    """One model version."""

    permissions: ClassVar[dict[str, str]] = {"GET": "training.view_modelversion"}

    @extend_schema(
        operation_id="projects_models_retrieve", responses=ModelVersionSerializer
    )
    def get(self, request: Request, project: str, name: str) -> Response:
        """Return one model version by its name."""
        found = ModelVersion.objects.with_facts().filter(
            project=self.project, name=name
        )
        model = found.first()
        if model is None:
            raise Http404
        return Response(ModelVersionSerializer(model).data)
