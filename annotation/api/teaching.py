"""What makes a record worth learning from: marks of resolutions, judged answers."""

from __future__ import annotations

from typing import ClassVar, cast

from django.contrib.auth.models import User
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.project_views import ProjectView
from annotation.models import Record
from annotation.services import preferring, resolutions
from annotation.services.preferring import Pair

_SOURCE = r"^[A-Za-z0-9][A-Za-z0-9 ._:@/+-]*$"
_LONGEST_ANSWER = 100_000


class MarkSerializer(serializers.Serializer):
    """Records by external id, and what their resolution is marked as."""

    mark = serializers.ChoiceField(
        Record.ResolutionMark.choices,
        allow_blank=True,
        help_text="Empty takes a mark back.",
    )
    external_ids = serializers.ListField(
        child=serializers.CharField(max_length=120),
        allow_empty=False,
        max_length=resolutions.AT_ONCE,
    )


class MarkedSerializer(serializers.Serializer):
    """How many marks changed."""

    changed = serializers.IntegerField()


class MarksView(ProjectView):
    """Marks of resolutions."""

    permissions: ClassVar[dict[str, str]] = {"POST": "annotation.add_verdict"}

    @extend_schema(
        operation_id="resolution_marks_set",
        request=MarkSerializer,
        responses={200: MarkedSerializer},
    )
    def post(self, request: Request, project: str) -> Response:
        """Mark resolutions as right, wrong or saying nothing; all or none."""
        form = MarkSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        ids = resolutions.ids_of(
            project=self.project, external_ids=given["external_ids"]
        )
        changed = resolutions.mark(
            project=self.project,
            record_ids=ids,
            as_=given["mark"],
            by=cast(User, request.user),
        )
        return Response({"changed": changed})


class PairSerializer(serializers.Serializer):
    """Two answers on one record, the better one first."""

    external_id = serializers.CharField(max_length=120)
    prompt = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=10_000
    )
    chosen = serializers.CharField(max_length=_LONGEST_ANSWER)
    rejected = serializers.CharField(max_length=_LONGEST_ANSWER)
    provenance = serializers.DictField(
        child=serializers.FloatField(),
        required=False,
        default=dict,
        help_text="Numbers that tell how it came about, such as raters, agreement.",
    )


class PreferencesSerializer(serializers.Serializer):
    """Up to 200 judged pairs; ``source`` says who let people choose."""

    source = serializers.RegexField(_SOURCE, max_length=120)  # type: ignore[assignment]
    pairs = PairSerializer(many=True, allow_empty=False)


class StoredPairsSerializer(serializers.Serializer):
    """How many were stored."""

    stored = serializers.IntegerField()


class PreferencesView(ProjectView):
    """Judged pairs of answers."""

    permissions: ClassVar[dict[str, str]] = {"POST": "annotation.add_preference"}

    @extend_schema(
        operation_id="preferences_add",
        request=PreferencesSerializer,
        responses={201: StoredPairsSerializer},
    )
    def post(self, request: Request, project: str) -> Response:
        """Store judged pairs, each with the better answer first; all or none."""
        form = PreferencesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        stored = preferring.prefer(
            project=self.project,
            source=form.validated_data["source"],
            pairs=[Pair(**row) for row in form.validated_data["pairs"]],
            now=timezone.now(),
        )
        return Response({"stored": stored}, status.HTTP_201_CREATED)
