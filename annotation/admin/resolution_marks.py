"""Marking resolutions as right, wrong or saying nothing: from a record, or from a list.

For seniors and leads of the record's project. Marks change no text; a dataset teaches
nothing from a resolution that is marked as wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from annotation.admin.pages import project_for
from annotation.models import Project, Record
from annotation.services import resolutions
from annotation.services.resolutions import MarkRefused

PERMISSION = "annotation.add_verdict"
NAME = "annotation_resolution_mark"
CHOICES = [
    ("CONFIRMED", "It is right"),
    ("WRONG", "It is wrong"),
    ("MISSING", "It says nothing"),
    ("", "Take the mark back"),
]


def urls(guarded: Callable[..., Any]) -> list[URLPattern]:
    """Return the address, behind the admin's sign-in."""
    at = "resolution/<slug:slug>/<int:number>/"
    return [path(at, guarded(mark), name=NAME)]


@require_POST
def mark(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Mark one record's resolution and go back to the record."""
    project = project_for(request, slug, PERMISSION)
    record = get_object_or_404(Record.objects.of(project), pk=number)
    _mark(request, project, [record.pk], request.POST.get("mark", ""))
    return redirect("admin:annotation_record_change", record.pk)


def mark_chosen(request: HttpRequest, chosen: QuerySet[Record], as_: str) -> None:
    """Mark the resolutions of records chosen in the list, project by project."""
    by_project: dict[Project, list[int]] = defaultdict(list)
    for record in chosen.select_related("project"):
        by_project[record.project].append(record.pk)
    for project, ids in by_project.items():
        if request.user.has_perm(PERMISSION, project):
            _mark(request, project, ids, as_)
        else:
            messages.error(request, f"You may not judge resolutions in {project}.")


def _mark(request: HttpRequest, project: Project, ids: list[int], as_: str) -> None:
    try:
        changed = resolutions.mark(
            project=project, record_ids=ids, as_=as_, by=cast(User, request.user)
        )
    except MarkRefused as refusal:
        messages.error(request, refusal.message)
        return
    words = "The resolution is" if changed == 1 else f"{changed} resolutions are"
    done = f"marked: {dict(CHOICES)[as_].lower()}" if as_ else "not marked any more"
    messages.success(request, f"{words} {done}." if changed else "Nothing changed.")
