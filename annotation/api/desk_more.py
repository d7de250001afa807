"""What else the desk's page offers, over HTTP: similar tickets and settings."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.desk import DeskView
from annotation.models import Record, Verdict
from annotation.services import reviewing, similar


class SimilarSerializer(serializers.ModelSerializer):
    """A settled ticket like the one that was answered, and its verdict."""

    record = serializers.CharField(source="record.external_id")
    title = serializers.CharField(source="record.title")
    method = serializers.SerializerMethodField()

    class Meta:
        model = Verdict
        fields = ("record", "title", "severity", "root_cause", "method")

    def get_method(self, verdict: Verdict) -> str:
        return verdict.method.lower()


class SettingsSerializer(serializers.Serializer):
    """How the desk's single keys work; saving at once needs them on."""

    shortcuts = serializers.BooleanField()
    saves_at_once = serializers.BooleanField(default=False)


class SimilarView(DeskView):
    """Settled tickets like one that the caller has answered."""

    @extend_schema(operation_id="desk_similar", responses=SimilarSerializer(many=True))
    def get(self, request: Request, project: str, record: int) -> Response:
        """List them, the most similar first; none that may come as a test."""
        rows = Record.objects.of(self.project).select_related("project")
        found = similar.similar_settled(
            record=get_object_or_404(rows, pk=record), reviewer=self.reviewer
        )
        return Response(SimilarSerializer(found, many=True).data)


class SettingsView(DeskView):
    """The caller's own settings of the desk."""

    @extend_schema(operation_id="desk_settings_read", responses=SettingsSerializer)
    def get(self, request: Request, project: str) -> Response:
        """Return them."""
        me = self.reviewer
        return Response(
            {"shortcuts": me.shortcuts_enabled, "saves_at_once": me.saves_at_once}
        )

    @extend_schema(
        operation_id="desk_settings",
        request=SettingsSerializer,
        responses=SettingsSerializer,
    )
    def put(self, request: Request, project: str) -> Response:
        """Set them, in every project."""
        form = SettingsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        enabled = form.validated_data["shortcuts"]
        at_once = enabled and form.validated_data["saves_at_once"]
        reviewing.set_shortcuts(
            reviewer=self.reviewer, enabled=enabled, saves_at_once=at_once
        )
        return Response({"shortcuts": enabled, "saves_at_once": at_once})
