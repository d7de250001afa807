"""Open what new guidelines touch for re-review: say what, look at it, open it.

Looking is a GET with the choice in the address; it counts and shows examples. Opening
is a POST; it is undone in the history of bulk acts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views import View

from annotation.admin.guidelines_form import TouchedForm
from annotation.admin.pages import page_context, project_for
from annotation.models import Guidelines, Project
from annotation.services import rereviewing
from netft_site.base.refusals import Refused

OPEN = "annotation.add_bulkact"


def pages(view: Callable[..., Any]) -> list[URLPattern]:
    """The addresses of re-review, each view passed through ``view``."""
    return [
        path(
            "of/<slug:slug>/<int:version>/re-review/",
            view(RereviewView.as_view()),
            name="annotation_rereview",
        ),
    ]


class RereviewView(View):
    """What a version touches, and the button that opens it."""

    def get(self, request: HttpRequest, slug: str, version: int) -> HttpResponse:
        project = project_for(request, slug, OPEN)
        guidelines = _version(project, version)
        form = TouchedForm(project, request.GET or None)
        return self._show(request, guidelines, form)

    def post(self, request: HttpRequest, slug: str, version: int) -> HttpResponse:
        project = project_for(request, slug, OPEN)
        guidelines = _version(project, version)
        form = TouchedForm(project, request.POST)
        if not form.is_valid():
            return self._show(request, guidelines, form, status=422)
        try:
            act = rereviewing.open_rereview(
                project=project,
                guidelines=guidelines,
                touched=form.touched(),
                by=cast(User, request.user),
                reason=request.POST.get("reason", "") or guidelines.summary,
                now=timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, refusal.message)
            return self._show(request, guidelines, form, status=422)
        if act.is_at_work:
            messages.info(request, f"{act.total:,} tickets are being opened.")
            return redirect("admin:annotation_bulkact_change", act.pk)
        noun = "ticket is" if act.count == 1 else "tickets are"
        messages.success(request, f"{act.count:,} {noun} open for re-review.")
        return redirect("admin:annotation_guidelines_of", slug)

    def _show(
        self,
        request: HttpRequest,
        guidelines: Guidelines,
        form: TouchedForm,
        status: int = 200,
    ) -> HttpResponse:
        preview = None
        if form.is_bound and form.is_valid():
            try:
                preview = rereviewing.preview(
                    guidelines=guidelines, touched=form.touched()
                )
            except rereviewing.RereviewRefused as refusal:
                form.add_error(None, refusal.message)
                status = 422
        context = page_context(
            request,
            f"Re-review for version {guidelines.version}",
            project=guidelines.project,
            guidelines=guidelines,
            form=form,
            preview=preview,
            chosen=form.chosen() if preview else [],
        )
        return TemplateResponse(
            request, "annotation/rereview.html", context, status=status
        )


def _version(project: Project, version: int) -> Guidelines:
    rows = Guidelines.objects.select_related("project", "author")
    return get_object_or_404(rows, project=project, version=version)
