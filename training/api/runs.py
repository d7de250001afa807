"""Training runs over HTTP: queue one, watch it, cancel it."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.contrib.auth.models import User
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.project_views import ProjectView
from training.models import TrainingRun
from training.services import base_models, jobs, looking_ahead, runs
from training.services.curves import read_curves
from training.services.datasets.resolving import resolve_dataset
from training.services.describing import describe_run


class RunSerializer(serializers.Serializer):
    """A run with its job, its figures and its model."""

    run = serializers.IntegerField()
    job = serializers.IntegerField()
    project = serializers.CharField()
    dataset = serializers.CharField()
    base_model = serializers.CharField()
    objective = serializers.CharField()
    tuning = serializers.CharField()
    method = serializers.CharField(allow_null=True)
    hyperparameters = serializers.DictField()
    seed = serializers.IntegerField()
    fingerprint = serializers.CharField()
    preflight_sha256 = serializers.CharField(allow_null=True)
    state = serializers.CharField()
    exit_class = serializers.CharField(allow_null=True)
    message = serializers.CharField(allow_null=True)
    attempt = serializers.IntegerField()
    progress = serializers.FloatField()
    stage = serializers.CharField(allow_null=True)
    model = serializers.CharField(allow_null=True)
    artifact_sha256 = serializers.CharField(allow_null=True)
    metrics = serializers.DictField(allow_null=True)
    overfitting = serializers.CharField(allow_null=True)
    seconds = serializers.FloatField(allow_null=True)


class RunDetailSerializer(RunSerializer):
    """A run with its curves, name to pairs of step and value, and its pre-flight."""

    curves = serializers.DictField(
        child=serializers.ListField(
            child=serializers.ListField(child=serializers.FloatField())
        )
    )
    preflight = serializers.DictField(allow_null=True)


class RunRequestSerializer(serializers.Serializer):
    """What to train on what; an empty objective or tuning follows from the base."""

    dataset = serializers.CharField()
    base_model = serializers.CharField()
    objective = serializers.CharField(default="", allow_blank=True)
    tuning = serializers.CharField(default="", allow_blank=True)
    hyperparameters = serializers.DictField(default=dict)
    seed = serializers.IntegerField(default=0)
    force = serializers.BooleanField(default=False)


class PreflightRequestSerializer(serializers.Serializer):
    """What would be trained on what; as of a run."""

    dataset = serializers.CharField()
    base_model = serializers.CharField()
    objective = serializers.CharField(default="", allow_blank=True)
    tuning = serializers.CharField(default="", allow_blank=True)
    hyperparameters = serializers.DictField(default=dict)


class CheckSerializer(serializers.Serializer):
    """One check of a pre-flight; state is fails, open, warns or holds."""

    code = serializers.CharField()
    title = serializers.CharField()
    state = serializers.CharField()
    message = serializers.CharField()
    fix = serializers.CharField()


class PreflightSerializer(serializers.Serializer):
    """What a run would meet. looked_at: rows, {"done", "total"}; ask again for more."""

    dataset = serializers.CharField()
    base_model = serializers.CharField()
    objective = serializers.CharField()
    tuning = serializers.CharField()
    may_start = serializers.BooleanField()
    rows = serializers.IntegerField()
    looked_at = serializers.DictField(child=serializers.IntegerField())
    checks = CheckSerializer(many=True)
    tokens = serializers.DictField(allow_null=True)
    memory = serializers.DictField(allow_null=True)
    time = serializers.DictField(allow_null=True)
    disk_bytes = serializers.IntegerField(allow_null=True)
    sha256 = serializers.CharField()


class RunPages(CursorPagination):
    """The newest run first."""

    page_size = 50
    ordering = "-id"


class RunList(ProjectView):
    """Runs of a project; POST queues one."""

    permissions: ClassVar[dict[str, str]] = {
        "GET": "training.view_trainingrun",
        "POST": "training.add_trainingrun",
    }

    @extend_schema(
        operation_id="projects_runs_list",
        parameters=[OpenApiParameter("cursor", description="from next or previous")],
        responses=RunSerializer(many=True),
    )
    def get(self, request: Request, project: str) -> Response:
        """List runs, the newest first, fifty a page."""
        pages = RunPages()
        found = TrainingRun.objects.with_facts().filter(project=self.project)
        rows = pages.paginate_queryset(found, request, view=self) or []
        shown = RunSerializer([describe_run(run) for run in rows], many=True)
        return pages.get_paginated_response(shown.data)

    @extend_schema(request=RunRequestSerializer, responses={202: RunSerializer})
    def post(self, request: Request, project: str) -> Response:
        """Queue a run, or return the same run where there is one."""
        wanted = RunRequestSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = wanted.validated_data
        run = runs.queue(
            dataset=resolve_dataset(given["dataset"], project=self.project),
            base_model=base_models.resolve_base_model(given["base_model"]),
            objective=given["objective"],
            tuning=given["tuning"],
            hyperparameters=given["hyperparameters"],
            seed=given["seed"],
            user=cast(User, request.user),
            force=given["force"],
        )
        return Response(_shown(self, run.pk), status=202)


class RunPreflight(ProjectView):
    """What a run would meet, before anybody asks for it."""

    permissions: ClassVar[dict[str, str]] = {"POST": "training.add_trainingrun"}

    @extend_schema(request=PreflightRequestSerializer, responses=PreflightSerializer)
    def post(self, request: Request, project: str) -> Response:
        """Look at a run for a moment; asked again, the look goes on."""
        wanted = PreflightRequestSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = wanted.validated_data
        report, _ = looking_ahead.look_ahead(
            dataset=resolve_dataset(given["dataset"], project=self.project),
            base_model=base_models.resolve_base_model(given["base_model"]),
            objective=given["objective"],
            tuning=given["tuning"],
            hyperparameters=given["hyperparameters"],
        )
        return Response(PreflightSerializer(report.as_dict()).data)


class RunDetail(ProjectView):
    """One run with its curves."""

    permissions: ClassVar[dict[str, str]] = {"GET": "training.view_trainingrun"}

    @extend_schema(operation_id="projects_runs_retrieve", responses=RunDetailSerializer)
    def get(self, request: Request, project: str, run: int) -> Response:
        """Return one run with every figure it has reported."""
        found = _find(self, run)
        curves = {
            name: [[point.step, point.value] for point in curve]
            for name, curve in read_curves(found.job).items()
        }
        answer: dict[str, Any] = {
            **describe_run(found),
            "curves": curves,
            "preflight": found.preflight or None,
        }
        return Response(RunDetailSerializer(answer).data)


class RunCancel(ProjectView):
    """Ask one run to stop."""

    permissions: ClassVar[dict[str, str]] = {"POST": "training.change_job"}

    @extend_schema(request=None, responses={202: RunSerializer})
    def post(self, request: Request, project: str, run: int) -> Response:
        """Cancel; the process saves a checkpoint and leaves within two minutes."""
        found = _find(self, run)
        jobs.cancel_job(
            job_id=found.job_id, user=cast(User, request.user), now=timezone.now()
        )
        return Response(_shown(self, run), status=202)


def _find(view: ProjectView, run: int) -> TrainingRun:
    found = TrainingRun.objects.with_facts().filter(project=view.project, pk=run)
    first = found.first()
    if first is None:
        raise Http404
    return first


def _shown(view: ProjectView, run: int) -> dict[str, Any]:
    shown: dict[str, Any] = RunSerializer(describe_run(_find(view, run))).data
    return shown
