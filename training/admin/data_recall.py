"""The page of data recall: what leaked, and everything that contains it."""

from __future__ import annotations

from typing import cast

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from annotation.admin.pages import (
    page_context,
    project_for,
    projects_with,
    row_number,
)
from annotation.models import Leak, Project, Record
from annotation.services import leaks
from netft_site.base.refusals import Refused
from training.models import Dataset
from training.services import recalling

SETTLE = "annotation.change_sanitization"
SEE_LEAKS, SEE_DATASETS = "annotation.view_sanitization", "training.view_dataset"


class FilterForm(forms.Form):
    """Leaks of one cause or one class."""

    cause = forms.ChoiceField(
        required=False, choices=[("", "every cause"), *Leak.Cause.choices]
    )
    type = forms.ChoiceField(required=False)
    settled = forms.BooleanField(required=False)

    def __init__(self, types: list[str], data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        choices = [("", "every type"), *((name, name) for name in types)]
        self.fields["type"].choices = choices  # type: ignore[attr-defined]


@require_GET
def choose_project(request: HttpRequest) -> HttpResponse:
    """Open the only project's page, or let the person choose."""
    projects = [
        project
        for project in projects_with(request, SEE_LEAKS)
        if request.user.has_perm(SEE_DATASETS, project)
    ]
    if not projects:
        raise Http404
    if len(projects) == 1:
        return redirect("admin:training_dataset_recall", projects[0].slug)
    context = page_context(
        request,
        "Data recall",
        projects=projects,
        url_name="admin:training_dataset_recall",
    )
    return TemplateResponse(request, "annotation/choose_project.html", context)


@require_GET
def data_recall_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the records, datasets, exports, runs and models with leaks in them."""
    project = project_for(request, slug, SEE_LEAKS)
    if not request.user.has_perm(SEE_DATASETS, project):
        raise PermissionDenied
    form = FilterForm(recalling.span_types(project=project), request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    dataset = _dataset(request, project)
    found = recalling.recall(
        project=project,
        cause=chosen.get("cause", ""),
        span_type=chosen.get("type", ""),
        dataset=dataset,
        with_settled=bool(chosen.get("settled")),
    )
    context = page_context(
        request,
        "Data recall",
        project=project,
        form=form,
        is_filtered=bool(dataset or any(chosen.values())),
        dataset=dataset,
        recall=found,
        shown=recalling.SHOWN_RECORDS,
        tiles=_tiles(found),
        may_settle=request.user.has_perm(SETTLE, project),
    )
    return TemplateResponse(request, "training/data_recall.html", context)


@require_POST
def settle(request: HttpRequest, slug: str) -> HttpResponse:
    """Note what was done about a record's leaks, and come back."""
    project = project_for(request, slug, SETTLE)
    number = row_number(request.POST.get("record", ""))
    record = get_object_or_404(Record, project=project, pk=number)
    because = request.POST.get("because", "")
    try:
        count = leaks.settle(
            record=record,
            because=because,
            by=cast(User, request.user),
            now=timezone.now(),
        )
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        words = "1 leak" if count == 1 else f"{count} leaks"
        messages.success(request, f"Noted: {words} of {record} dealt with.")
    return redirect("admin:training_dataset_recall", project.slug)


def _dataset(request: HttpRequest, project: Project) -> Dataset | None:
    asked = request.GET.get("dataset", "")
    if not asked:
        return None
    return get_object_or_404(Dataset, project=project, pk=row_number(asked))


def _tiles(found: recalling.Recall) -> list[tuple[str, int]]:
    return [
        ("Values found", found.values),
        ("Places", found.leaks),
        ("Records", found.record_count),
        ("Frozen datasets", len(found.datasets)),
        ("Exports", len(found.exports)),
        ("Training runs", len(found.runs)),
        ("Models", len(found.models)),
    ]
