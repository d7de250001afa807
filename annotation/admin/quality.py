"""The page of one reviewer's quality, and the team's table.

A reviewer opens their own page; those who may read reviews open everybody's. Peers have
names only for the latter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from annotation.admin.pages import (
    page_context,
    project_chooser,
    project_for,
)
from annotation.domain.intervals import Figure
from annotation.domain.reviewer_quality import LEAST_ANSWERS, bias_words
from annotation.models import Project, Reviewer
from annotation.services import quality
from annotation.services.keeping import kept
from netft_site.base import charts

MEMBER = "annotation.view_project"
READ = "annotation.view_review"


def urls(view: Callable[..., Any]) -> list[URLPattern]:
    """The pages, to be placed before the stock ones of reviewers."""
    return [
        path("quality/", view(choose_project), name="annotation_quality"),
        path("quality/<slug:slug>/", view(team_page), name="annotation_team_quality"),
        path(
            "<int:reviewer_id>/quality/<slug:slug>/",
            view(reviewer_page),
            name="annotation_reviewer_quality",
        ),
    ]


choose_project = project_chooser("Quality", READ, "admin:annotation_team_quality")


def team_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Everybody who labels in a project, in one table."""
    project = project_for(request, slug, READ)
    report = quality.team_report(project=project, now=timezone.now())
    context = page_context(
        request,
        "Quality of the team",
        project=project,
        report=report,
        least=LEAST_ANSWERS,
        charts=_team_charts(report),
    )
    return TemplateResponse(request, "annotation/quality_team.html", context)


def reviewer_page(request: HttpRequest, reviewer_id: int, slug: str) -> HttpResponse:
    """How one reviewer labels, for themselves and for those who read reviews."""
    project = project_for(request, slug, MEMBER)
    sight = quality.sight_of(request.user, project)
    known = Reviewer.objects.known_in(project).select_related("user")
    reviewer = get_object_or_404(known, pk=reviewer_id)
    is_own = reviewer.user_id == request.user.pk
    if not (is_own or sight.names_peers):
        raise PermissionDenied("A quality page is its reviewer's and the leads'.")
    report = quality.report_on(
        project=project, reviewer=reviewer, sight=sight, now=timezone.now()
    )
    context = page_context(
        request,
        "My quality" if is_own else f"Quality of {reviewer}",
        project=project,
        report=report,
        is_own=is_own,
        sight=sight,
        least=LEAST_ANSWERS,
        lean=bias_words(report.beside.bias),
        levels=[{"level": level} for level in project.scale],
        **_kept_charts(project, report),
    )
    return TemplateResponse(request, "annotation/quality_reviewer.html", context)


def _kept_charts(
    project: Project, report: quality.ReviewerReport
) -> dict[str, charts.Chart | None]:
    """The drawings of a report, kept as long as its figures are."""
    return kept(
        f"quality-charts.{project.pk}.{report.reviewer.pk}.{report.at.timestamp()}",
        lambda: _reviewer_charts(project, report),
        rows=lambda _: report.beside.n,
        now=report.at,
    ).value


def _team_charts(report: quality.TeamReport) -> list[tuple[str, str, charts.Chart]]:
    shown = [row for row in report.rows if row.beside.exact.value is not None]
    if not shown:
        return []
    agreement = [(r.reviewer.name, r.beside.exact.as_dict()) for r in shown]
    leans = [(r.reviewer.name, r.beside.bias) for r in shown]
    return [
        (
            "Agreement with peers",
            "agreement",
            charts.accuracy_with_intervals(agreement, measure="Agreement"),
        ),
        ("Lean", "lean", _leans(leans, "Reviewer")),
    ]


def _reviewer_charts(
    project: Project, report: quality.ReviewerReport
) -> dict[str, charts.Chart | None]:
    labels = [level.label for level in project.scale]
    known = [one for one in report.months if one.bias.value is not None]
    leans = [(one.name, one.bias) for one in report.months]
    return {
        "confusion_chart": charts.confusion_matrix(
            labels, report.confusion.counts, truth="Reference", answer="Own answer"
        )
        if report.confusion.n
        else None,
        "pace_chart": charts.distribution(report.pace.bins, what="Active time")
        if report.pace.median.n
        else None,
        "months_chart": charts.accuracy_with_intervals(
            [(one.name, one.agreement.as_dict()) for one in report.months],
            measure="Agreement",
        )
        if known
        else None,
        "leans_chart": _leans(leans, "Month") if known else None,
    }


def _leans(rows: list[tuple[str, Figure]], first: str) -> charts.Chart:
    return charts.signed_figures(
        [(name, figure.as_dict()) for name, figure in rows],
        measure="Levels more severe than peers",
        first=first,
        zero="the peers' mean",
    )
