"""The page that starts a training run."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views import View

from annotation.admin.pages import (
    page_context,
    project_chooser,
    project_for,
)
from annotation.models import Project
from netft_site.base.refusals import Refused
from training.admin.launch_form import LaunchForm
from training.models import Dataset, TrainingRun
from training.services import runs

PERMISSION = "training.add_trainingrun"
LOOK = "look"
"""Name of the button that leads to the pre-flight instead of starting."""


choose_project = project_chooser(
    "Train a model", PERMISSION, "admin:training_trainingrun_launch"
)


def preflight_address(project: Project, form: LaunchForm) -> str:
    """Where the pre-flight of what a form holds is."""
    given = {name: form.data.get(name, "") for name in form.fields}
    query = urlencode({name: value for name, value in given.items() if value})
    place = reverse("admin:training_trainingrun_preflight", args=[project.slug])
    return f"{place}?{query}"


class LaunchView(View):
    """The launch form of one project."""

    project: Project

    def dispatch(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        self.project = project_for(request, slug, PERMISSION)
        return super().dispatch(request, slug)

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        initial: dict[str, Any] = dict(request.GET.items())
        if not initial.get("dataset", "").isdigit():
            initial.pop("dataset", None)
        return self._show(request, LaunchForm(self.project, initial=initial))

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        form = LaunchForm(self.project, request.POST)
        if not form.is_valid():
            return self._show(request, form, status=422)
        if LOOK in request.POST:
            return redirect(preflight_address(self.project, form))
        try:
            run = self._launch(request, form)
        except Refused as refusal:
            form.add_error(None, refusal.message)
            return self._show(request, form, status=422, can_look=True)
        return redirect("admin:training_trainingrun_page", run.pk)

    def _launch(self, request: HttpRequest, form: LaunchForm) -> TrainingRun:
        given = form.cleaned_data
        user = cast(User, request.user)
        last = TrainingRun.objects.order_by("-id").values_list("pk", flat=True).first()
        run = runs.queue(
            dataset=given["dataset"],
            base_model=given["base_model"],
            objective=given["objective"],
            tuning=given["tuning"],
            hyperparameters=form.hyperparameters(),
            seed=given["seed"],
            user=user,
            force=given["force"],
        )
        if given["baselines"] and not run.writes:
            runs.queue_baselines(dataset=given["dataset"], user=user)
        if run.pk <= (last or 0):
            messages.info(request, "This is the same run as before; it was not redone.")
        return run

    def _show(
        self,
        request: HttpRequest,
        form: LaunchForm,
        status: int = 200,
        *,
        can_look: bool = False,
    ) -> HttpResponse:
        context = page_context(
            request,
            "Train a model",
            project=self.project,
            form=form,
            look=preflight_address(self.project, form) if can_look else "",
            has_datasets=Dataset.objects.frozen().filter(project=self.project).exists(),
        )
        return TemplateResponse(request, "training/launch.html", context, status=status)
