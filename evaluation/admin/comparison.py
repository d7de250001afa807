"""The comparison page: people, baselines, base and tuned models on one scale.

GET shows what has been evaluated; evaluating what is missing is a POST. Every figure on
the page carries its interval and its n, every chart a table, and the verdict stands on
top in words.
"""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views import View

from annotation.admin.pages import (
    page_context,
    project_chooser,
    project_for,
)
from annotation.models import Project
from evaluation.admin.comparison_charts import comparison_charts
from evaluation.services import evaluating, failures, lineup, reporting, standing
from evaluation.services.arranging import arrange
from netft_site.base.refusals import Refused
from training.models import Dataset, ModelVersion
from training.services.datasets.resolving import resolve_dataset

MAY_LOOK = "evaluation.view_evaluation"
MAY_EVALUATE = "evaluation.add_evaluation"


choose_project = project_chooser(
    "Comparison", MAY_LOOK, "admin:evaluation_comparison_page"
)


class ComparisonView(View):
    """Models side by side on the test split of one dataset."""

    project: Project

    def dispatch(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        self.project = project_for(request, slug, MAY_LOOK)
        return super().dispatch(request, slug)

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        datasets = standing.frozen_datasets(project=self.project)
        dataset = _chosen(datasets, request.GET.get("dataset", ""))
        context = page_context(
            request,
            "Comparison",
            project=self.project,
            datasets=datasets,
            dataset=dataset,
            may_evaluate=request.user.has_perm(MAY_EVALUATE, self.project),
        )
        if dataset is not None:
            known = standing.standing_on(dataset=dataset)
            wanted = request.GET.getlist("model")
            context |= {"standing": known, **_shown(dataset, known, wanted)}
        return TemplateResponse(request, "evaluation/comparison.html", context)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Queue the evaluation of every model that has not been scored yet."""
        project_for(request, slug, MAY_EVALUATE)
        page = reverse("admin:evaluation_comparison_page", args=[slug])
        try:
            dataset = resolve_dataset(
                request.POST.get("dataset", ""), project=self.project
            )
        except Refused as refusal:
            messages.error(request, refusal.message)
            return redirect(page)
        for model in standing.standing_on(dataset=dataset).missing:
            _start(request, model, dataset)
        return redirect(f"{page}?{urlencode({'dataset': str(dataset)})}")


def _start(request: HttpRequest, model: ModelVersion, dataset: Dataset) -> None:
    """Queue one evaluation and say so, or say why not."""
    user = cast(User, request.user)
    try:
        evaluating.start(model=model, dataset=dataset, user=user)
    except Refused as refusal:
        messages.warning(request, f"{model}: {refusal.message}")
    else:
        messages.success(request, f"{model} is being evaluated.")


def _chosen(datasets: list[Dataset], reference: str) -> Dataset | None:
    for dataset in datasets:
        if str(dataset) == reference:
            return dataset
    return datasets[0] if datasets else None


def _shown(
    dataset: Dataset, known: standing.Standing, wanted: list[str]
) -> dict[str, Any]:
    """The comparison of the wanted models, or of the usual ones."""
    models = [model for model in known.scored if model.name in wanted]
    if not known.scored:
        return {}
    try:
        found = reporting.compare(
            models=models or lineup.usual_choice(known.scored), dataset=dataset
        )
    except Refused as refusal:
        return {"refusal": refusal.message}
    arranged = arrange(found.as_dict())
    hits = int(found.sheet.right(found.focus).sum())
    return {
        **arranged,
        **comparison_charts(arranged),
        "chosen": [model.name for model in found.models],
        "failures": failures.failures_of(comparison=found),
        "mistakes": found.sheet.n_items - hits,
        "positions": {level: n for n, level in enumerate(found.sheet.levels, 1)},
    }
