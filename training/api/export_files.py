"""One written file over HTTP: what it is, the file itself, and what lies beside it."""

from __future__ import annotations

from typing import ClassVar

from django.http import FileResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from training.api.datasets import DatasetView, ExportSerializer
from training.api.streams import AnyContent
from training.models import Export
from training.services.datasets import export_files, handing


class PartSerializer(serializers.Serializer):
    """Which part: the file, its manifest or its checksum."""

    part = serializers.ChoiceField(choices=list(handing.PARTS), default=handing.FILE)


class ExportDetailSerializer(ExportSerializer):
    """A written file with its manifest, which is null until it is finished."""

    manifest = serializers.SerializerMethodField()

    class Meta(ExportSerializer.Meta):
        fields = [*ExportSerializer.Meta.fields, "manifest"]

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get_manifest(self, export: Export) -> dict[str, object] | None:
        return export_files.read_manifest(export)


class ExportView(DatasetView):
    """A view of one file of a dataset."""

    permissions: ClassVar[dict[str, str]] = {"GET": "training.view_export"}

    def export(self, reference: str, number: int) -> Export:
        """The export; one of another dataset answers 404."""
        exports = self.dataset(reference).exports.select_related("dataset__project")
        return get_object_or_404(exports, pk=number)


class ExportDetail(ExportView):
    """What one file is."""

    @extend_schema(
        operation_id="projects_datasets_exports_retrieve",
        responses=ExportDetailSerializer,
    )
    def get(
        self, request: Request, project: str, reference: str, number: int
    ) -> Response:
        """Return the state of a file and, when it is finished, its manifest."""
        export = self.export(reference, number)
        return Response(ExportDetailSerializer(export).data)


class ExportFile(ExportView):
    """The bytes of one file."""

    content_negotiation_class = AnyContent

    @extend_schema(
        operation_id="projects_datasets_exports_file",
        parameters=[PartSerializer],
        responses={
            (200, "application/octet-stream"): OpenApiResponse(
                OpenApiTypes.BINARY, description="The file, its manifest or checksum."
            )
        },
    )
    def get(
        self, request: Request, project: str, reference: str, number: int
    ) -> FileResponse:
        """Send a finished file, its manifest or its checksum.

        The lines are checked once more if more is known than when they were written.
        """
        asked = PartSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        path = handing.hand_out(
            export=self.export(reference, number),
            clock=timezone.now,
            part=asked.validated_data["part"],
        )
        return FileResponse(
            path.open("rb"),
            as_attachment=True,
            filename=path.name,
            content_type=handing.content_type_of(path),
        )
