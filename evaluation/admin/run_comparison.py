"""Runs side by side: curves, what differs, what it cost, and what it was worth.

GET only. The comparison of models on gold, with its tests, is the comparison page; this
one is for whoever tunes: why did this run go better than that one?
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET

from annotation.admin.pages import (
    page_context,
    project_chooser,
    project_for,
    row_number,
)
from annotation.models import Project
from evaluation.services import run_figures
from netft_site.base import charts
from netft_site.base.charts import CurvePoint
from netft_site.base.refusals import Refused
from training.models import TrainingRun
from training.services import comparing_runs
from training.services.comparing_runs import RunComparison

MAY_LOOK = "evaluation.view_evaluation"
LISTED = 40
# Metrics as the training process reports them, in the order of interest.
_MEASURES = {
    "dev_loss": "Loss on DEV",
    "loss": "Loss of a batch",
    "dev_macro_f1": "Macro-F1 on DEV",
    "learning_rate": "Learning rate",
    "grad_norm": "Norm of the gradient",
    "tokens_per_second": "Tokens a second",
    "memory_mb": "Memory in MB",
}

choose_project = project_chooser(
    "Compare runs", MAY_LOOK, "admin:evaluation_run_comparison_page"
)


@require_GET
def run_comparison(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the runs that were asked for, or the newest ones."""
    project = project_for(request, slug, MAY_LOOK)
    asked = [row_number(text) for text in request.GET.getlist("run")]
    numbers = [n for n in asked if n is not None] or comparing_runs.usual_choice(
        project=project
    )
    context = page_context(
        request, "Compare runs", project=project, runs=_listed(project), chosen=numbers
    )
    status = 200
    if numbers:
        try:
            found = comparing_runs.compare_runs(project=project, numbers=numbers)
        except Refused as refusal:
            context["refusal"], status = refusal.message, 422
        else:
            context |= _shown(found, is_whole="all" in request.GET)
    return TemplateResponse(
        request, "evaluation/run_comparison.html", context, status=status
    )


def _listed(project: Project) -> list[TrainingRun]:
    rows = TrainingRun.objects.with_facts().filter(project=project)
    return list(rows.defer("dataset__manifest").order_by("-pk")[:LISTED])


def _shown(found: RunComparison, *, is_whole: bool) -> dict[str, Any]:
    figures = run_figures.figures_of(runs=[side.run for side in found.sides])
    lines = found.lines if is_whole else found.differing
    sections: dict[str, list[Any]] = {}
    for line in lines:
        sections.setdefault(line.section, []).append(line)
    return {
        "comparison": found,
        "sections": sections,
        "is_whole": is_whole,
        "charts": _charts(found),
        "figures": figures,
        "measures": [
            (
                words,
                [figures.figures.get(s.run.pk, {}).get(name) for s in found.sides],
            )
            for name, words in run_figures.MEASURES.items()
        ],
    }


def _charts(found: RunComparison) -> list[dict[str, Any]]:
    """A chart of every measure that at least one run reports."""
    drawn = []
    for name, words in _MEASURES.items():
        points = [
            CurvePoint(f"Run {side.run.pk}", point.step, point.value)
            for side in found.sides
            for point in side.curves.get(name, [])
        ]
        if points:
            chart = charts.measure_curves(points, words)
            drawn.append({"id": f"curve-{name}", "title": words, "chart": chart})
    return drawn
