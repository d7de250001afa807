"""The page "Should we fine-tune?": the answer, its rules, scenarios side by side.

GET shows; what changes is posted and comes back. Figures of the project are read where
it knows them, and every rule shows its figure, its source and its threshold.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views import View
from django.views.decorators.http import require_GET, require_POST

from annotation.admin.pages import page_context, project_chooser, project_for
from annotation.models import Project
from evaluation.admin.worth_forms import (
    KINDS,
    ScenarioForm,
    SharedForm,
    ThresholdForm,
    scenario_values,
    threshold_values,
)
from evaluation.services import worth_facts
from evaluation.services.advising import Advice, advise
from netft_site.base import charts
from netft_site.base.refusals import Refused
from training.models import ProjectEconomics
from training.models import Scenario as ScenarioRow
from training.services.economics import scenarios
from training.services.economics.pricing import book_of

MAY_LOOK = "training.view_scenario"
MAY_EDIT = "training.change_scenario"
MAY_SHARE = "training.change_projecteconomics"
MAY_SET = "training.set_thresholds"
SEE_MODELS = "evaluation.view_evaluation"
PAGE = "admin:evaluation_worth_it_page"

choose_project = project_chooser("Should we fine-tune?", MAY_LOOK, PAGE)


def urls(view: Callable[..., Any]) -> list[URLPattern]:
    """The pages, to be placed before the stock ones of evaluations."""
    of_project, edit = "worth-it/<slug:slug>/", view(ScenarioView.as_view())
    one = f"{of_project}scenarios/<int:scenario_id>/"
    routes = {
        "": ("worth-it/", view(choose_project)),
        "_page": (of_project, view(worth_it_page)),
        "_shared": (f"{of_project}shared/", view(set_shared)),
        "_thresholds": (f"{of_project}thresholds/", view(set_thresholds)),
        "_scenario_add": (f"{of_project}scenarios/add/", edit),
        "_scenario": (one, edit),
        "_scenario_remove": (f"{one}remove/", view(remove_scenario)),
    }
    return [
        path(route, page, name=f"evaluation_worth_it{name}")
        for name, (route, page) in routes.items()
    ]


@require_GET
def worth_it_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the answer and everything it rests on."""
    return _show(request, _open(request, slug, MAY_LOOK))


@require_POST
def set_shared(request: HttpRequest, slug: str) -> HttpResponse:
    """Write down what all scenarios share."""
    project = _open(request, slug, MAY_SHARE)
    form = SharedForm(request.POST)
    if form.is_valid():
        try:
            shared = scenarios.Shared(**form.cleaned_data)
            scenarios.set_shared(project=project, shared=shared)
        except Refused as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, "Saved.")
            return redirect(PAGE, project.slug)
    return _show(request, project, shared_form=form, status=422)


@require_POST
def set_thresholds(request: HttpRequest, slug: str) -> HttpResponse:
    """Set where the rules begin to speak."""
    project = _open(request, slug, MAY_SET)
    form = ThresholdForm(request.POST)
    if form.is_valid():
        try:
            scenarios.set_thresholds(project=project, thresholds=form.thresholds())
        except Refused as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, "The thresholds are set.")
            return redirect(PAGE, project.slug)
    return _show(request, project, threshold_form=form, status=422)


@require_POST
def remove_scenario(request: HttpRequest, slug: str, scenario_id: int) -> HttpResponse:
    """Remove a scenario and come back."""
    project = _open(request, slug, MAY_EDIT)
    row = get_object_or_404(ScenarioRow, project=project, pk=scenario_id)
    try:
        scenarios.remove_scenario(row=row)
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, f"Removed: {row.name}.")
    return redirect(PAGE, project.slug)


class ScenarioView(View):
    """A new scenario, or one to change."""

    project: Project
    row: ScenarioRow | None

    def dispatch(
        self, request: HttpRequest, slug: str, scenario_id: int | None = None
    ) -> HttpResponseBase:
        self.project = _open(request, slug, MAY_EDIT)
        self.row = None
        if scenario_id is not None:
            self.row = get_object_or_404(
                ScenarioRow, project=self.project, pk=scenario_id
            )
        return super().dispatch(request, slug, scenario_id)

    def get(self, request: HttpRequest, *_: Any) -> HttpResponse:
        if self.row is not None:
            stored = scenarios.read_scenario(self.row.inputs)
            initial = {"name": self.row.name, **scenario_values(stored)}
        else:
            kind = request.GET.get("kind", "")
            initial = {"kind": kind if kind in list(KINDS) else "TODAY"}
        return self._show(request, ScenarioForm(self._items(), initial=initial))

    def post(self, request: HttpRequest, *_: Any) -> HttpResponse:
        form = ScenarioForm(self._items(), request.POST)
        if form.is_valid():
            try:
                saved = scenarios.save_scenario(
                    project=self.project,
                    name=form.cleaned_data["name"],
                    inputs=form.inputs(),
                    by=cast(User, request.user),
                    row=self.row,
                )
            except Refused as refusal:
                _refuse(form, refusal)
            else:
                messages.success(request, f"Saved: {saved.name}.")
                return redirect(PAGE, self.project.slug)
        return self._show(request, form, status=422)

    def _items(self) -> Any:
        shared = scenarios.shared_of(self.project)
        currency = shared.currency if shared else ""
        today = timezone.localdate()
        return book_of(project=self.project, currency=currency, day=today).items

    def _show(
        self, request: HttpRequest, form: ScenarioForm, status: int = 200
    ) -> HttpResponse:
        context = page_context(
            request,
            self.row.name if self.row else "A scenario",
            project=self.project,
            form=form,
            row=self.row,
            label_hours=worth_facts.label_hours(self.project),
            examples=worth_facts.examples_of(self.project),
        )
        return TemplateResponse(
            request, "evaluation/scenario.html", context, status=status
        )


def _open(request: HttpRequest, slug: str, permission: str) -> Project:
    """The project, for those who may also see what its models are worth."""
    project = project_for(request, slug, permission)
    if not request.user.has_perm(SEE_MODELS, project):
        raise PermissionDenied
    return project


def _refuse(form: forms.Form, refusal: Refused) -> None:
    key = getattr(refusal, "key", "")
    form.add_error(key if key in form.fields else None, refusal.message)


def _show(
    request: HttpRequest,
    project: Project,
    *,
    shared_form: SharedForm | None = None,
    threshold_form: ThresholdForm | None = None,
    status: int = 200,
) -> HttpResponse:
    advice = advise(project=project, now=timezone.now())
    shared = advice.compared.shared if advice.compared else None
    context = page_context(
        request,
        "Should we fine-tune?",
        project=project,
        advice=advice,
        compared=advice.compared,
        kinds=KINDS,
        chart=_chart(advice),
        shared_form=shared_form or SharedForm(initial=_initial(advice, shared)),
        threshold_form=threshold_form
        or ThresholdForm(initial=threshold_values(advice.thresholds)),
        may_edit=request.user.has_perm(MAY_EDIT, project),
        may_share=request.user.has_perm(MAY_SHARE, project),
        may_set=request.user.has_perm(MAY_SET, project),
    )
    return TemplateResponse(request, "evaluation/worth_it.html", context, status=status)


def _initial(advice: Advice, shared: ProjectEconomics | None) -> dict[str, Any]:
    if shared is None or advice.compared is None:
        return {}
    return {
        "currency": shared.currency,
        "requests": advice.compared.requests,
        "horizon_months": shared.horizon_months,
        "draws": shared.draws,
        "seed": shared.seed,
    }


def _chart(advice: Advice) -> charts.Chart | None:
    """What each scenario costs a month."""
    if advice.compared is None or not advice.compared.columns:
        return None
    rows = []
    for one in advice.compared.columns:
        spread = one.spreads.monthly
        # A monthly cost is always defined; "never" is for waits.
        known = [p or Decimal(0) for p in (spread.p10, spread.p50, spread.p90)]
        rows.append(charts.Amount(one.name, one.likely.monthly, *known))
    return charts.amounts(
        rows, measure="Cost a month", currency=advice.compared.shared.currency
    )
