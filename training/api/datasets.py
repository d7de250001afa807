"""Datasets over HTTP: preview a recipe, build, read, and stream the lines."""

from __future__ import annotations

from dataclasses import asdict
from typing import ClassVar, cast

from django.contrib.auth.models import User
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.project_views import ProjectView
from training.domain.formats import FORMATS
from training.domain.recipe import Split
from training.models import Dataset, Export
from training.services.datasets import (
    building,
    exporting,
    previewing,
    withheld,
)
from training.services.datasets.resolving import DatasetUnknown, resolve_dataset


class DatasetSerializer(serializers.ModelSerializer):
    """A dataset as a row of a list."""

    project = serializers.CharField(source="project.slug")
    status = serializers.CharField()

    class Meta:
        model = Dataset
        fields = [
            "project",
            "name",
            "version",
            "status",
            "failure",
            "sha256",
            "is_single_source",
            "created_at",
            "frozen_at",
        ]


class DatasetDetailSerializer(DatasetSerializer):
    """A dataset with its recipe, its manifest, and records out of use since."""

    withheld = serializers.SerializerMethodField()

    class Meta(DatasetSerializer.Meta):
        fields = [*DatasetSerializer.Meta.fields, "recipe", "manifest", "withheld"]

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_withheld(self, dataset: Dataset) -> dict[str, int]:
        return asdict(withheld.count(dataset=dataset))


class BuildRequestSerializer(serializers.Serializer):
    """The name of the dataset and its recipe; an empty recipe is the defaults."""

    name = serializers.CharField()
    recipe = serializers.DictField(default=dict)


class RecipeSerializer(serializers.Serializer):
    """A recipe to look at."""

    recipe = serializers.DictField(default=dict)


class ExportSerializer(serializers.ModelSerializer):
    """A written file."""

    status = serializers.CharField()

    class Meta:
        model = Export
        fields = [
            "id",
            "format",
            "split",
            "status",
            "rows_written",
            "sha256",
            "failure",
        ]


class ExportRequestSerializer(serializers.Serializer):
    """What to write; without a split, all of them."""

    format = serializers.ChoiceField(choices=list(FORMATS))
    split = serializers.ChoiceField(
        choices=[split.value for split in Split], default="", allow_blank=True
    )


class DatasetPages(CursorPagination):
    """The newest dataset first."""

    page_size = 50
    ordering = "-id"


class DatasetList(ProjectView):
    """Datasets of a project; POST builds one."""

    permissions: ClassVar[dict[str, str]] = {
        "GET": "training.view_dataset",
        "POST": "training.add_dataset",
    }

    @extend_schema(
        operation_id="projects_datasets_list",
        parameters=[OpenApiParameter("cursor", description="from next or previous")],
        responses=DatasetSerializer(many=True),
    )
    def get(self, request: Request, project: str) -> Response:
        """List all versions of all datasets, the newest first, fifty a page."""
        pages = DatasetPages()
        found = Dataset.objects.filter(project=self.project).select_related("project")
        rows = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(DatasetSerializer(rows, many=True).data)

    @extend_schema(
        request=BuildRequestSerializer, responses={202: DatasetDetailSerializer}
    )
    def post(self, request: Request, project: str) -> Response:
        """Start building the next version; the queue carries it out and freezes it."""
        wanted = BuildRequestSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        dataset = building.start(
            project=self.project,
            name=wanted.validated_data["name"],
            recipe=wanted.validated_data["recipe"],
            user=cast(User, request.user),
        )
        return Response(DatasetDetailSerializer(dataset).data, status=202)


class DatasetPreview(ProjectView):
    """What a recipe would give."""

    permissions: ClassVar[dict[str, str]] = {"POST": "training.view_dataset"}

    @extend_schema(request=RecipeSerializer, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, project: str) -> Response:
        """Count splits, mixes and left-out records of a recipe; nothing is written."""
        wanted = RecipeSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        found = previewing.preview(
            project=self.project, recipe=wanted.validated_data["recipe"]
        )
        return Response(found.as_json())


class DatasetView(ProjectView):
    """A view of one dataset, named by NAME or NAME@VERSION."""

    def dataset(self, reference: str, frozen_only: bool = True) -> Dataset:
        """The dataset; what is unknown here answers 404, what is unfrozen 409."""
        return resolve_dataset(reference, project=self.project, frozen_only=frozen_only)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, DatasetUnknown):
            status = 409 if exc.code == "not_frozen" else 404
            return Response(exc.as_dict(), status=status)
        return super().handle_exception(exc)


class DatasetDetail(DatasetView):
    """One dataset."""

    permissions: ClassVar[dict[str, str]] = {"GET": "training.view_dataset"}

    @extend_schema(
        operation_id="projects_datasets_retrieve", responses=DatasetDetailSerializer
    )
    def get(self, request: Request, project: str, reference: str) -> Response:
        """Return a version, frozen or not; without one the newest of any state."""
        dataset = self.dataset(reference, frozen_only=False)
        return Response(DatasetDetailSerializer(dataset).data)


class ExportList(DatasetView):
    """Files of one dataset; POST writes one."""

    permissions: ClassVar[dict[str, str]] = {
        "GET": "training.view_export",
        "POST": "training.add_export",
    }

    @extend_schema(
        operation_id="projects_datasets_exports_list",
        responses=ExportSerializer(many=True),
    )
    def get(self, request: Request, project: str, reference: str) -> Response:
        """List the files of a dataset; there is one a format and split."""
        exports = self.dataset(reference).exports.all()
        return Response(ExportSerializer(exports, many=True).data)

    @extend_schema(request=ExportRequestSerializer, responses={202: ExportSerializer})
    def post(self, request: Request, project: str, reference: str) -> Response:
        """Have a file written by the queue, or return the one there is."""
        wanted = ExportRequestSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        export = exporting.start(
            dataset=self.dataset(reference),
            format_name=wanted.validated_data["format"],
            split=wanted.validated_data["split"],
            user=cast(User, request.user),
        )
        return Response(ExportSerializer(export).data, status=202)
