"""The page of a project's workload and progress, with its forecast.

Those who may read reviews see everybody by name; whoever labels sees themselves and
the others together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from annotation.admin.pages import (
    page_context,
    project_chooser,
    project_for,
)
from annotation.models import Record
from annotation.services import progress
from netft_site.base import charts

MEMBER = "annotation.view_project"
READ = "annotation.view_review"
LABEL = "annotation.add_review"

_STATES = [
    (Record.State.OPEN, "Open", "want more answers"),
    (Record.State.CONTESTED, "Contested", "wait for a senior"),
    (Record.State.SETTLED, "Settled", "have a verdict"),
    (Record.State.HELD, "Held", "by the sanitizer"),
    (Record.State.EXCLUDED, "Excluded", "labeled by nobody"),
    (Record.State.REFERENCE, "Reference", "texts to learn from"),
]


def urls(view: Callable[..., Any]) -> list[URLPattern]:
    """The pages, to be placed before the stock ones of reviews."""
    return [
        path("progress/", view(choose_project), name="annotation_progress_choose"),
        path("progress/<slug:slug>/", view(progress_page), name="annotation_progress"),
    ]


choose_project = project_chooser("Progress", MEMBER, "admin:annotation_progress")


def progress_page(request: HttpRequest, slug: str) -> HttpResponse:
    """How far a project is, who works on it, and when it will be done."""
    project = project_for(request, slug, MEMBER)
    if not progress.may_see(request.user, project):
        raise PermissionDenied
    found = progress.seen_by(user=request.user, project=project, now=timezone.now())
    shown = {work.name: work.per_day for work in found.people} or {
        "team": found.team.per_day
    }
    context = page_context(
        request,
        "Progress",
        project=project,
        progress=found,
        names_people=request.user.has_perm(READ, project),
        may_label=request.user.has_perm(LABEL, project),
        states=[
            (label, found.states.get(state, 0), note) for state, label, note in _STATES
        ],
        chart=charts.stacked_days(found.days, shown, what="Answers")
        if found.team.month
        else None,
    )
    return TemplateResponse(request, "annotation/progress.html", context)
