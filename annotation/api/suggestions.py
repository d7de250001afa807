"""What a model says of records, sent by whoever runs it.

Suggestions stay out of sight unless the project shows them; see `suggesting`.
"""

from __future__ import annotations

from typing import ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.project_views import ProjectView
from annotation.services import suggesting
from annotation.services.suggesting import Suggested

_SOURCE = r"^[A-Za-z0-9][A-Za-z0-9 ._:@/+-]*$"


class SuggestedSerializer(serializers.Serializer):
    """A level for one record, and a probability for each level if there are any."""

    external_id = serializers.CharField(max_length=120)
    severity = serializers.CharField(max_length=40)
    probabilities = serializers.DictField(
        child=serializers.FloatField(), required=False, default=dict
    )


class SuggestionsSerializer(serializers.Serializer):
    """A model's word on up to 1,000 records; ``source`` is its name and version."""

    source = serializers.RegexField(_SOURCE, max_length=120)  # type: ignore[assignment]
    suggestions = SuggestedSerializer(many=True, allow_empty=False)

    def validate_suggestions(self, rows: list[dict]) -> list[dict]:
        if len({row["external_id"] for row in rows}) < len(rows):
            raise serializers.ValidationError("A record stands there twice.")
        return rows

    def rows(self) -> list[Suggested]:
        """Return the suggestions in the service's words."""
        return [Suggested(**row) for row in self.validated_data["suggestions"]]


class StoredSerializer(serializers.Serializer):
    """How many were stored."""

    stored = serializers.IntegerField()


class SuggestionsView(ProjectView):
    """Suggestions for a project's records."""

    permissions: ClassVar[dict[str, str]] = {"POST": "annotation.add_suggestion"}

    @extend_schema(
        operation_id="suggestions_add",
        request=SuggestionsSerializer,
        responses={201: StoredSerializer},
    )
    def post(self, request: Request, project: str) -> Response:
        """Store suggestions over the earlier ones of the same source; all or none."""
        form = SuggestionsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        stored = suggesting.suggest(
            project=self.project,
            source=form.validated_data["source"],
            rows=form.rows(),
            now=timezone.now(),
        )
        return Response({"stored": stored}, status.HTTP_201_CREATED)
