"""Guidelines and re-reviews over HTTP, by the rules of their pages."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.contrib.auth.models import User
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.project_views import ProjectView
from annotation.models import BulkAct, Guidelines
from annotation.services import guidelines, rereviewing
from annotation.services.touching import Touched


class GuidelinesSerializer(serializers.ModelSerializer):
    """One version of the guidelines, in markdown."""

    author = serializers.SerializerMethodField()

    class Meta:
        model = Guidelines
        fields = ("version", "markdown", "summary", "author", "created_at")
        read_only_fields = fields

    def get_author(self, row: Guidelines) -> str:
        """The account that wrote it, empty where nobody is known."""
        return row.author.get_username() if row.author else ""


class NewGuidelinesSerializer(serializers.Serializer):
    """A new version; ``expected`` is the version it was written on, 0 for none."""

    markdown = serializers.CharField(trim_whitespace=False)
    summary = serializers.CharField()
    expected = serializers.IntegerField(min_value=0)


class RereviewSerializer(serializers.Serializer):
    """What the guidelines in force touch; with ``dry_run`` it is only counted."""

    version = serializers.IntegerField(help_text="The guidelines in force.")
    categories = serializers.ListField(child=serializers.CharField(), default=list)
    levels = serializers.ListField(child=serializers.CharField(), default=list)
    root_causes = serializers.ListField(child=serializers.CharField(), default=list)
    gaps = serializers.BooleanField(default=False)
    with_adjudicated = serializers.BooleanField(default=False)
    reason = serializers.CharField(max_length=200, default="", allow_blank=True)
    dry_run = serializers.BooleanField(default=False)


class VersionPagination(CursorPagination):
    """The newest version first."""

    ordering = "-version"
    page_size = 20


class GuidelinesView(ProjectView):
    """The guidelines of a project."""

    permissions: ClassVar[dict[str, str]] = {
        "GET": "annotation.view_guidelines",
        "POST": "annotation.add_guidelines",
    }

    @extend_schema(
        operation_id="guidelines_list",
        parameters=[OpenApiParameter("cursor")],
        responses=GuidelinesSerializer(many=True),
    )
    def get(self, request: Request, project: str) -> Response:
        """List the versions, the one in force first, 20 a page."""
        pagination = VersionPagination()
        rows = guidelines.history(project=self.project)
        page = pagination.paginate_queryset(rows, request, view=self)
        shown = GuidelinesSerializer(page, many=True)
        return pagination.get_paginated_response(shown.data)

    @extend_schema(
        operation_id="guidelines_write",
        request=NewGuidelinesSerializer,
        responses={201: GuidelinesSerializer, 409: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request, project: str) -> Response:
        """Write the next version; 409 with the one in force if another came first."""
        form = NewGuidelinesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            row = guidelines.write(
                project=self.project,
                by=cast(User, request.user),
                **form.validated_data,
            )
        except guidelines.GuidelinesRefused as refusal:
            if refusal.code != "changed":
                raise
            newest = guidelines.current(self.project)
            facts = {"current": GuidelinesSerializer(newest).data}
            return Response({**refusal.as_dict(), **facts}, status.HTTP_409_CONFLICT)
        return Response(GuidelinesSerializer(row).data, status.HTTP_201_CREATED)


class RereviewListView(ProjectView):
    """Re-reviews that guidelines asked for."""

    permissions: ClassVar[dict[str, str]] = {
        "GET": "annotation.view_guidelines",
        "POST": "annotation.add_bulkact",
    }

    @extend_schema(operation_id="rereviews_list", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, project: str) -> Response:
        """List re-reviews, the newest first, and how far each one is."""
        found = rereviewing.rereviews_of(project=self.project)
        return Response({"results": [_act_json(r.act, r.answered) for r in found]})

    @extend_schema(
        operation_id="rereviews_open",
        request=RereviewSerializer,
        responses={
            200: OpenApiTypes.OBJECT,
            201: OpenApiTypes.OBJECT,
            202: OpenApiTypes.OBJECT,
        },
    )
    def post(self, request: Request, project: str) -> Response:
        """Open what the guidelines in force touch; ``dry_run`` counts only.

        202 means that the task queue does it. It is undone as a bulk act.
        """
        form = RereviewSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        rows = Guidelines.objects.filter(project=self.project)
        row = get_object_or_404(rows.select_related("project"), version=said["version"])
        touched = _touched(said)
        if said["dry_run"]:
            return Response(_preview_json(row, touched))
        act = rereviewing.open_rereview(
            project=self.project,
            guidelines=row,
            touched=touched,
            by=cast(User, request.user),
            reason=said["reason"] or row.summary,
            now=timezone.now(),
        )
        code = status.HTTP_202_ACCEPTED if act.is_at_work else status.HTTP_201_CREATED
        return Response(_act_json(act, 0), code)


def _touched(said: dict[str, Any]) -> Touched:
    return Touched(
        categories=tuple(said["categories"]),
        levels=tuple(said["levels"]),
        root_causes=tuple(said["root_causes"]),
        gaps=said["gaps"],
        with_adjudicated=said["with_adjudicated"],
    )


def _preview_json(row: Guidelines, touched: Touched) -> dict[str, Any]:
    found = rereviewing.preview(guidelines=row, touched=touched)
    return {
        "count": found.count,
        "adjudicated": found.adjudicated,
        "by_queue": found.by_queue,
        "sample": [record.external_id for record in found.sample],
    }


def _act_json(act: BulkAct, answered: int) -> dict[str, Any]:
    return {
        "id": act.pk,
        "version": act.guidelines.version if act.guidelines else None,
        "touched": act.query,
        "reason": act.reason,
        "at": act.at.isoformat(),
        "status": act.status,
        "total": act.total,
        "count": act.count,
        "answered": answered,
        "undone_at": act.undone_at and act.undone_at.isoformat(),
    }
