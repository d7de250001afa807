"""Why we disagree: kinds of disagreement counted, and the backlog of guideline gaps.

For those who may read verdicts, and for seniors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from annotation.admin.adjudication import PERMISSION as ADJUDICATE
from annotation.admin.adjudication import adjudicates
from annotation.admin.pages import offer_projects, page_context
from annotation.domain.disagreement import Tally
from annotation.domain.scale import Scale
from annotation.models import Project, Verdict
from annotation.services import disagreements
from netft_site.base.charts import Chart, stacked_counts

GAPS_LISTED = 50
_KINDS = {kind.value: str(kind.label) for kind in Verdict.Disagreement}


@dataclass(frozen=True)
class KindCount:
    """One tile: a kind of disagreement and how often it was named."""

    label: str
    count: int


@dataclass(frozen=True)
class NamedChart:
    """A chart and its place on the page."""

    name: str
    heading: str
    chart: Chart


def pages(view: Callable[..., Any]) -> list[URLPattern]:
    """The addresses of this page, each view passed through ``view``."""
    return [
        path("disagreements/", view(choose_project), name="annotation_disagreements"),
        path(
            "disagreements/<slug:slug>/",
            view(show),
            name="annotation_disagreements_of",
        ),
        path(
            "disagreements/<slug:slug>/export/",
            view(export),
            name="annotation_disagreements_export",
        ),
    ]


def choose_project(request: HttpRequest) -> HttpResponse:
    """Open the only project's disagreements, or let the reader choose."""
    visible = Project.objects.active().visible_to(request.user)
    projects = [project for project in visible if _may_read(request, project)]
    if not projects:
        raise Http404
    page = "admin:annotation_disagreements_of"
    return offer_projects(request, projects, "Why we disagree", page)


def show(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the kinds of disagreement, and where the guidelines left it open."""
    project = _project(request, slug)
    found = disagreements.report(project=project, now=timezone.now())
    kinds = found.tally.kinds
    context = page_context(
        request,
        "Why we disagree",
        project=project,
        report=found,
        kinds=[KindCount(label, kinds[key]) for key, label in _KINDS.items()],
        charts=_charts(found.tally, project.scale),
        gaps=disagreements.gaps(project=project, limit=GAPS_LISTED),
        gap_count=kinds[Verdict.Disagreement.GUIDELINE_GAP],
        decides=request.user.has_perm(ADJUDICATE, project) and adjudicates(request),
        levels=[{"level": level} for level in project.scale],
    )
    return TemplateResponse(request, "annotation/disagreements.html", context)


def export(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """Download the decided disagreements as CSV."""
    project = _project(request, slug)
    lines = disagreements.as_csv(project=project)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = f"disagreements-{project.slug}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _project(request: HttpRequest, slug: str) -> Project:
    visible = Project.objects.active().visible_to(request.user)
    project = get_object_or_404(visible, slug=slug)
    if not _may_read(request, project):
        raise PermissionDenied
    return project


def _may_read(request: HttpRequest, project: Project) -> bool:
    if request.user.has_perm("annotation.view_verdict", project):
        return True
    return request.user.has_perm(ADJUDICATE, project) and adjudicates(request)


def _charts(tally: Tally, scale: Scale) -> list[NamedChart]:
    if not tally.kinds:
        return []
    pairs = [
        (f"{scale.level(ends.most).label} / {scale.level(ends.least).label}", counts)
        for ends, counts in tally.pairs
    ]
    categories = [(name or "no category", counts) for name, counts in tally.categories]
    form = "%Y-%m-%d" if tally.by_week else "%Y-%m"
    periods = [(day.strftime(form), counts) for day, counts in tally.periods]
    period = "Week of" if tally.by_week else "Month"
    charts = [
        _chart("pairs", "Between which levels", "Levels", pairs),
        _chart("categories", "In which categories", "Category", categories),
        _chart("periods", "Over time", period, periods, upright=True),
    ]
    return [one for one in charts if one.chart.rows]


def _chart(
    name: str, heading: str, title: str, groups: Any, upright: bool = False
) -> NamedChart:
    caption = f"Decided disagreements by kind, by {title.lower()}."
    if upright:
        caption = "Decided disagreements by kind, by the time of the decision."
    chart = stacked_counts(
        groups, _KINDS, group_title=title, caption=caption, upright=upright
    )
    return NamedChart(name, heading, chart)
