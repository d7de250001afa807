"""Evaluations over HTTP: queue one, list them, read a frozen report."""

from __future__ import annotations

from typing import ClassVar, cast

from django.contrib.auth.models import User
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.project_views import ProjectView
from evaluation.models import Evaluation
from evaluation.services import evaluating
from evaluation.services.gold import SCORED_SPLITS
from netft_site.base.refusals import Refused
from training.models import ModelVersion
from training.services.datasets.resolving import resolve_dataset


class EvaluationSerializer(serializers.ModelSerializer):
    """An evaluation as a row of a list."""

    model = serializers.CharField(source="model_version.name")
    dataset = serializers.CharField()

    class Meta:
        model = Evaluation
        fields = [
            "id",
            "model",
            "dataset",
            "split",
            "status",
            "failure",
            "gold_sha256",
            "created_at",
            "finished_at",
        ]


class EvaluationDetailSerializer(EvaluationSerializer):
    """An evaluation with its frozen report."""

    report = serializers.DictField()

    class Meta(EvaluationSerializer.Meta):
        fields = [*EvaluationSerializer.Meta.fields, "report"]


class EvaluationRequestSerializer(serializers.Serializer):
    """Which model to score on which split."""

    model = serializers.CharField()
    dataset = serializers.CharField()
    split = serializers.ChoiceField(choices=SCORED_SPLITS, default="TEST")


class EvaluationPages(CursorPagination):
    """The newest evaluation first."""

    page_size = 50
    ordering = "-id"


class EvaluationList(ProjectView):
    """Evaluations of a project; POST queues one."""

    permissions: ClassVar[dict[str, str]] = {
        "GET": "evaluation.view_evaluation",
        "POST": "evaluation.add_evaluation",
    }

    @extend_schema(
        operation_id="projects_evaluations_list",
        parameters=[OpenApiParameter("cursor", description="from next or previous")],
        responses=EvaluationSerializer(many=True),
    )
    def get(self, request: Request, project: str) -> Response:
        """List evaluations, the newest first, fifty a page."""
        pages = EvaluationPages()
        found = (
            Evaluation.objects.filter(dataset__project=self.project)
            .select_related("model_version", "dataset")
            .defer("report")
        )
        rows = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(EvaluationSerializer(rows, many=True).data)

    @extend_schema(
        request=EvaluationRequestSerializer, responses={202: EvaluationDetailSerializer}
    )
    def post(self, request: Request, project: str) -> Response:
        """Queue an evaluation, or return the one that stands."""
        wanted = EvaluationRequestSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = wanted.validated_data
        evaluation = evaluating.start(
            model=find_model(self, given["model"]),
            dataset=resolve_dataset(given["dataset"], project=self.project),
            split=given["split"],
            user=cast(User, request.user),
        )
        return Response(EvaluationDetailSerializer(evaluation).data, status=202)


class EvaluationDetail(ProjectView):
    """One evaluation with its frozen report."""

    permissions: ClassVar[dict[str, str]] = {"GET": "evaluation.view_evaluation"}

    @extend_schema(
        operation_id="projects_evaluations_retrieve",
        responses=EvaluationDetailSerializer,
    )
    def get(self, request: Request, project: str, evaluation: int) -> Response:
        """Return one evaluation with every figure and its interval."""
        found = Evaluation.objects.filter(dataset__project=self.project, pk=evaluation)
        row = found.select_related("model_version", "dataset").first()
        if row is None:
            raise Http404
        return Response(EvaluationDetailSerializer(row).data)


def find_model(view: ProjectView, name: str) -> ModelVersion:
    """Find a model of the view's project. Raises Refused (``model_unknown``)."""
    found = ModelVersion.objects.filter(project=view.project, name=name)
    model = found.with_facts().first()
    if model is None:
        raise Refused("model_unknown", f"The project has no model {name}.")
    return model
