"""The live page of one run.

GET shows; it changes nothing, and closing the page changes nothing. While the page is
open its script posts to `poll`, which supervises as the worker's schedule does and
answers the parts of the page that change. Without scripts the page reloads itself.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_POST

from annotation.admin.pages import page_context, project_for
from netft_site.base.refusals import Refused
from training.admin import launch, run_charts
from training.domain.hyperparameters import BaselineHyperparameters, Hyperparameters
from training.models import TrainingRun
from training.services import completing, jobs
from training.services.describing import setting_words
from training.services.watching import RunView, watch

VIEW, CHANGE = "training.view_trainingrun", "training.change_job"
# The parts that change while a run goes on; each has a template of its name.
PARTS = ("actions", "state", "tiles", "charts", "model", "log", "facts")
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"')


@dataclass(frozen=True)
class Part:
    """A part of the page; the digest tells the script whether it is news."""

    html: SafeString
    digest: str


@dataclass(frozen=True)
class Setting:
    """A hyperparameter as the page shows it."""

    name: str
    value: str
    is_default: bool
    meaning: str


@require_GET
def run_page(request: HttpRequest, run_id: int) -> HttpResponse:
    """Show one run."""
    run = _find(request, run_id, VIEW)
    return TemplateResponse(request, "training/run/page.html", _context(request, run))


@require_POST
def poll(request: HttpRequest, run_id: int) -> HttpResponse:
    """Supervise once, then answer the parts of the page, or the page itself."""
    run = _find(request, run_id, VIEW)
    if not run.job.is_finished or getattr(run, "model_version", None) is None:
        completing.reconcile(now=timezone.now())
        run = _find(request, run_id, VIEW)
    if "application/json" not in request.headers.get("Accept", ""):
        return redirect("admin:training_trainingrun_page", run.pk)
    context = _context(request, run)
    view: RunView = context["view"]
    return JsonResponse(
        {
            "parts": {name: asdict(part) for name, part in context["parts"].items()},
            "said": f"{run.job.get_state_display()}.",
            "over": view.is_over,
        }
    )


@require_POST
def cancel(request: HttpRequest, run_id: int) -> HttpResponse:
    """Ask the run to stop."""
    run = _find(request, run_id, CHANGE)
    try:
        jobs.cancel_job(
            job_id=run.job_id, user=cast(User, request.user), now=timezone.now()
        )
    except Refused as refusal:
        messages.warning(request, refusal.message)
    else:
        messages.success(request, "The run was asked to stop.")
    return redirect("admin:training_trainingrun_page", run.pk)


def _find(request: HttpRequest, run_id: int, permission: str) -> TrainingRun:
    found = TrainingRun.objects.with_facts().visible_to(request.user)
    run = found.filter(pk=run_id).first()
    if run is None:
        raise Http404
    project_for(request, run.project.slug, permission)
    return run


def _context(request: HttpRequest, run: TrainingRun) -> dict[str, Any]:
    view = watch(run=run, now=timezone.now())
    shown = {
        "project": run.project,
        "view": view,
        "run": run,
        "job": view.job,
        "may_cancel": request.user.has_perm(CHANGE, run.project),
        "may_train": request.user.has_perm(launch.PERMISSION, run.project),
        "loss_chart": run_charts.loss_chart(view),
        "score_chart": run_charts.score_chart(view),
        "settings": _settings(view),
    }
    parts = {name: _part(request, name, shown) for name in PARTS}
    return page_context(request, f"Run {run.pk}", parts=parts, **shown)


def _part(request: HttpRequest, name: str, shown: dict[str, Any]) -> Part:
    html = render_to_string(f"training/run/{name}.html", shown, request)
    # The token of a form differs in every answer.
    digest = hashlib.sha256(_TOKEN.sub("", html).encode()).hexdigest()[:16]
    return Part(html, digest)


def _settings(view: RunView) -> list[Setting]:
    """What the run was given, with every `auto` as the process settled it."""
    run = view.run
    baseline = run.objective == TrainingRun.Objective.BASELINE
    kind = BaselineHyperparameters if baseline else Hyperparameters
    defaults, rules = kind.defaults(), kind.rules()
    settled = view.result.settled if view.result else {}
    return [
        Setting(
            name=name,
            value=setting_words(given, settled.get(name, given)),
            is_default=given == defaults.get(name),
            meaning=rules[name].meaning if name in rules else "",
        )
        for name, given in run.hyperparameters.items()
    ]
