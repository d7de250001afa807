"""Runs and models as tables to read, and the way to a run's page."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from annotation.admin.owned import OwnedFacts
from annotation.admin.pages import row_number
from training.admin import launch, preflight_page, run_page
from training.domain.job_states import JobState
from training.domain.run_words import RunFacts, describe
from training.models import ModelVersion, TrainingRun
from training.querysets.runs import ModelVersionQuerySet, TrainingRunQuerySet
from training.services.describing import read_result

# Names of other teams' projects are none of one's business.
_OWN_PROJECTS = ("project", admin.RelatedOnlyFieldListFilter)


@admin.register(TrainingRun)
class TrainingRunAdmin(OwnedFacts):
    change_list_template = "training/runs.html"
    list_display = [
        "run",
        "state",
        "dataset",
        "base_model",
        "score",
        "left",
        "created_at",
    ]
    list_display_links = None
    list_filter = ["job__state", _OWN_PROJECTS, "base_model"]
    search_fields = ["dataset__name", "base_model__name", "model_version__name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[TrainingRun]:
        rows = super().get_queryset(request)
        return cast(TrainingRunQuerySet, rows).with_facts()

    @admin.display(description="Run", ordering="pk")
    def run(self, run: TrainingRun) -> str:
        return format_html('<a href="{}">Run&nbsp;{}</a>', _page(run), run.pk)

    @admin.display(description="State", ordering="job__state")
    def state(self, run: TrainingRun) -> str:
        words = describe(RunFacts(JobState(run.job.state)))
        return format_html(
            '<span class="pill {}">{}</span>',
            words.tone,
            run.job.get_state_display(),
        )

    @admin.display(description="DEV macro-F1")
    def score(self, run: TrainingRun) -> str:
        result = read_result(run.job)
        if result is None:
            return "-"
        if result.best.dev_macro_f1 is None:
            return f"loss {result.best.dev_loss:.3f}"
        return f"{result.best.dev_macro_f1:.3f}"

    @admin.display(description="Model", ordering="model_version__name")
    def left(self, run: TrainingRun) -> str:
        model = getattr(run, "model_version", None)
        return model.name if model else "-"

    @admin.display(description="Asked for", ordering="created_at")
    def asked(self, run: TrainingRun) -> str:
        return date_format(timezone.localtime(run.created_at), "j M H:i")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": "Training runs", **(extra_context or {})}
        return super().changelist_view(request, context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A run has one page, the live one."""
        number = row_number(object_id)
        if number is None:
            raise Http404
        return redirect("admin:training_trainingrun_page", number)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        form = launch.LaunchView.as_view()
        look = preflight_page.PreflightView.as_view()
        poll = preflight_page.PreflightView.as_view(is_poll=True)
        name = "training_trainingrun"
        return [
            path("launch/", view(launch.choose_project), name=f"{name}_choose"),
            path("launch/<slug:slug>/", view(form), name=f"{name}_launch"),
            path("preflight/<slug:slug>/", view(look), name=f"{name}_preflight"),
            path("preflight/<slug:slug>/poll/", view(poll), name=f"{name}_looked"),
            path("<int:run_id>/page/", view(run_page.run_page), name=f"{name}_page"),
            path("<int:run_id>/poll/", view(run_page.poll), name=f"{name}_poll"),
            path("<int:run_id>/cancel/", view(run_page.cancel), name=f"{name}_cancel"),
            *super().get_urls(),
        ]


@admin.register(ModelVersion)
class ModelVersionAdmin(OwnedFacts):
    list_display = ["name", "project", "base_model", "trained_by", "created_at"]
    list_filter = [_OWN_PROJECTS, "base_model"]
    search_fields = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelVersion]:
        rows = super().get_queryset(request)
        return cast(ModelVersionQuerySet, rows).with_facts()

    @admin.display(description="Run")
    def trained_by(self, model: ModelVersion) -> str:
        if model.run is None:
            return "-"
        return format_html('<a href="{}">Run {}</a>', _page(model.run), model.run.pk)


def _page(run: TrainingRun) -> str:
    return reverse("admin:training_trainingrun_page", args=[run.pk])
