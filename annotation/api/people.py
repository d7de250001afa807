"""The people of a project over HTTP: who labels, and switching somebody off and on."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.contrib.auth.models import User
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.project_views import ProjectView
from annotation.models import Reviewer
from annotation.services import people


class ReviewerSerializer(serializers.ModelSerializer):
    """A person who labels, or has labeled, in the project."""

    class Meta:
        model = Reviewer
        fields = ("id", "name", "grade", "is_active")
        read_only_fields = fields


class ActiveSerializer(serializers.Serializer):
    """Whether somebody labels."""

    is_active = serializers.BooleanField()


class TurnedSerializer(ReviewerSerializer):
    """A reviewer after the change, with how many open seats came back."""

    seats_returned = serializers.IntegerField()

    class Meta:
        model = Reviewer
        fields = ("id", "name", "grade", "is_active", "seats_returned")
        read_only_fields = fields


class ReviewerListView(ProjectView):
    """The people of a project."""

    permissions: ClassVar[dict[str, str]] = {"GET": "annotation.view_reviewer"}

    @extend_schema(
        operation_id="reviewers_list", responses=ReviewerSerializer(many=True)
    )
    def get(self, request: Request, project: str) -> Response:
        """List who has a role in the project or has answered in it, by name."""
        known = Reviewer.objects.known_in(self.project)
        return Response(ReviewerSerializer(known, many=True).data)


class ReviewerView(ProjectView):
    """One person of a project."""

    permissions: ClassVar[dict[str, str]] = {
        "GET": "annotation.view_reviewer",
        "PATCH": "annotation.change_reviewer",
    }

    @extend_schema(operation_id="reviewers_read", responses=ReviewerSerializer)
    def get(self, request: Request, project: str, reviewer: int) -> Response:
        """Read a reviewer by their id."""
        known = Reviewer.objects.known_in(self.project)
        found = get_object_or_404(known, pk=reviewer)
        return Response(ReviewerSerializer(found).data)

    @extend_schema(
        operation_id="reviewers_turn",
        request=ActiveSerializer,
        responses=TurnedSerializer,
    )
    def patch(self, request: Request, project: str, reviewer: int) -> Response:
        """Deactivate or reactivate somebody with a role in the project.

        Open seats come back at once, in every project; reviews and drafts are kept.
        """
        with_role = Reviewer.objects.people().with_role_in([self.project.pk])
        found = get_object_or_404(with_role, pk=reviewer)
        asked = ActiveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        who: dict[str, Any] = {
            "reviewer": found,
            "by": cast(User, request.user),
            "now": timezone.now(),
        }
        returned = 0
        if asked.validated_data["is_active"]:
            people.reactivate(**who)
        else:
            returned = people.deactivate(**who)
        shown = ReviewerSerializer(found).data
        return Response({**shown, "seats_returned": returned})
