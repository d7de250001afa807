"""Datasets over HTTP: preview a recipe, build, read, and stream the lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import chain, islice
from typing import Any, ClassVar, cast

from django.contrib.auth.models import User
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
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
    gating,
    previewing,
    streaming,
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


class StreamRequestSerializer(ExportRequestSerializer):
    """What to stream, and how many rows the reader has already."""

    after = serializers.IntegerField(min_value=0, default=0)


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


class AnyContent(BaseContentNegotiation):
    """Whatever the caller accepts, the stream is NDJSON and an error is JSON."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> Any:
        return renderers[0], renderers[0].media_type


class DatasetStream(DatasetView):
    """The lines of one dataset."""

    permissions: ClassVar[dict[str, str]] = {"GET": "training.view_export"}
    content_negotiation_class = AnyContent

    @extend_schema(
        operation_id="projects_datasets_export",
        parameters=[StreamRequestSerializer],
        responses={
            (200, "application/x-ndjson"): OpenApiResponse(
                OpenApiTypes.STR, description="One JSON object a line."
            )
        },
    )
    def get(
        self, request: Request, project: str, reference: str
    ) -> StreamingHttpResponse:
        """Stream the rows of a frozen dataset in a format.

        A reader that was cut off asks again with `after` = the whole lines it has.
        """
        asked = StreamRequestSerializer(data=_known(request))
        asked.is_valid(raise_exception=True)
        dataset = self.dataset(reference)
        wanted = {
            "format_name": asked.validated_data["format"],
            "split": asked.validated_data["split"],
        }
        streaming.check_stream(dataset=dataset, **wanted)
        streaming.verify_files(dataset=dataset, split=wanted["split"])
        lines = gating.checked_lines(
            dataset=dataset, after=asked.validated_data["after"], **wanted
        )
        response = _stream(lines)
        total = streaming.count_rows(dataset=dataset, **wanted)
        response["X-Total-Rows"] = str(total)
        response["X-Dataset-Version"] = str(dataset.version)
        response["X-Dataset-SHA256"] = dataset.sha256
        return response


def _stream(lines: Iterator[bytes]) -> StreamingHttpResponse:
    """Check the first block before the answer begins.

    A later block that does not pass cuts the stream off; the next request says why.
    """
    first = list(islice(lines, 1))
    blocks = streaming.in_blocks(chain(first, lines))
    return StreamingHttpResponse(blocks, content_type="application/x-ndjson")


def _known(request: Request) -> dict[str, Any]:
    """The parameters of a stream; an absent one takes its default."""
    names = ("format", "split", "after")
    return {n: request.query_params[n] for n in names if n in request.query_params}
