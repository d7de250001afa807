"""Base models over HTTP: the registry, a new entry, the approval of a licence."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.contrib.auth.models import User
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.project_views import ProjectView
from training.models import BaseModel
from training.services import base_models, registering
from training.services.describing import describe_base


class RegisterSerializer(serializers.Serializer):
    """A folder among those on offer, and what to call the model in it."""

    folder = serializers.CharField(max_length=255)
    name = serializers.SlugField(max_length=80)
    licence = serializers.CharField(max_length=80)
    revision = serializers.CharField(max_length=80, default="", allow_blank=True)


class ApproveSerializer(serializers.Serializer):
    """What the licence permits."""

    note = serializers.CharField(max_length=500)


class BaseModelList(ProjectView):
    """The registry."""

    permissions: ClassVar[dict[str, str]] = {
        "GET": "training.view_basemodel",
        "POST": "training.add_basemodel",
    }

    @extend_schema(
        operation_id="projects_base_models_list",
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, project: str) -> Response:
        """Return every registered base model, by name."""
        base_models.register_embedded()
        return Response([describe_base(base) for base in BaseModel.objects.all()])

    @extend_schema(
        operation_id="projects_base_models_register",
        request=RegisterSerializer,
        responses={201: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request, project: str) -> Response:
        """Register the model in a folder on offer; again, it changes nothing."""
        form = RegisterSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given: dict[str, Any] = form.validated_data
        base = registering.register_offered(**given)
        return Response(describe_base(base), status.HTTP_201_CREATED)


class LicenceApproval(ProjectView):
    """A base model's licence."""

    permissions: ClassVar[dict[str, str]] = {"POST": "training.approve_licence"}

    @extend_schema(
        operation_id="projects_base_models_approve",
        request=ApproveSerializer,
        responses=OpenApiTypes.OBJECT,
    )
    def post(self, request: Request, project: str, name: str) -> Response:
        """Approve the licence in the caller's name, with what it permits."""
        form = ApproveSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        base = registering.approve_licence(
            base=base_models.resolve_base_model(name),
            by=cast(User, request.user),
            note=form.validated_data["note"],
            now=timezone.now(),
        )
        return Response(describe_base(base))
