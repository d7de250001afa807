"""The adjudication page: contested records, all labels in view, one decision.

Open to people who may label in the project and whose grade is senior or above. What
is contested comes first; unanimous labels of the most severe level follow, because a
test set takes them only once a senior has confirmed them. When nothing is contested,
the tickets settled without a senior are offered: their word makes them test tickets.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views import View

from annotation.admin.desk_forms import DecisionForm
from annotation.admin.pages import (
    page_context,
    project_for,
    projects_with,
    reviewer_for,
)
from annotation.domain.scale import Grade
from annotation.models import Project, Record, Review, Reviewer
from annotation.services import adjudicating

PERMISSION = "annotation.add_review"
LISTED = 100


def choose_project(request: HttpRequest) -> HttpResponse:
    """Open the only project's contested records, or let the senior choose."""
    projects = projects_with(request, PERMISSION)
    if len(projects) == 1:
        return redirect("admin:annotation_adjudicate", projects[0].slug)
    context = page_context(
        request,
        "Adjudication",
        projects=projects,
        url_name="admin:annotation_adjudicate",
    )
    return TemplateResponse(request, "annotation/choose_project.html", context)


def adjudicates(request: HttpRequest) -> bool:
    """Say whether the signed-in person is a senior who reviews."""
    try:
        return Grade(reviewer_for(request).grade) >= Grade.SENIOR
    except PermissionDenied:
        return False


class AdjudicationView(View):
    """One record to decide on, and the list of those that wait."""

    project: Project
    reviewer: Reviewer

    def dispatch(
        self, request: HttpRequest, slug: str, record_id: int | None = None
    ) -> HttpResponseBase:
        self.project = project_for(request, slug, PERMISSION)
        self.reviewer = reviewer_for(request)
        if Grade(self.reviewer.grade) < Grade.SENIOR:
            raise PermissionDenied("Only seniors adjudicate.")
        return super().dispatch(request, slug, record_id)

    def get(
        self, request: HttpRequest, slug: str, record_id: int | None = None
    ) -> HttpResponse:
        record = self._record(record_id)
        form = DecisionForm(self.project) if record else None
        return self._show(request, record, form)

    def post(
        self, request: HttpRequest, slug: str, record_id: int | None = None
    ) -> HttpResponse:
        record = get_object_or_404(self._openable(), pk=record_id)
        form = DecisionForm(self.project, request.POST)
        if not form.is_valid():
            return self._show(request, record, form, status=422)
        try:
            adjudicating.decide(
                record=record, reviewer=self.reviewer, **form.cleaned_data
            )
        except adjudicating.AdjudicationRefused as refusal:
            form.add_error(None, refusal.message)
            return self._show(request, record, form, status=422)
        messages.success(request, f"{record} is settled.")
        return redirect(reverse("admin:annotation_adjudicate", args=[slug]))

    def _waiting(self) -> adjudicating.WaitingRecords:
        return adjudicating.waiting_for_a_senior(project=self.project)

    def _settled(self) -> adjudicating.WaitingRecords:
        return adjudicating.settled_without_a_senior(project=self.project)

    def _openable(self) -> adjudicating.WaitingRecords:
        return adjudicating.open_to_a_senior(project=self.project)

    def _record(self, record_id: int | None) -> Record | None:
        if record_id is not None:
            return get_object_or_404(self._openable(), pk=record_id)
        return self._waiting().first() or self._settled().first()

    def _lists(self) -> dict[str, Any]:
        """Return what waits and, only when nothing is contested, what is settled."""
        waiting = list(self._waiting()[:LISTED])
        is_contested = any(one.state == Record.State.CONTESTED for one in waiting)
        settled = self._settled().none() if is_contested else self._settled()
        return {
            "waiting": waiting,
            "waiting_count": self._waiting().count(),
            "settled": settled[:LISTED],
            "settled_count": settled.count(),
        }

    def _show(
        self,
        request: HttpRequest,
        record: Record | None,
        form: DecisionForm | None,
        status: int = 200,
    ) -> HttpResponse:
        reviews = Review.objects.none()
        if record is not None:
            reviews = (
                Review.objects.answers()
                .by_people()
                .filter(record=record)
                .select_related("reviewer")
            )
        context = page_context(
            request,
            "Adjudication",
            project=self.project,
            reviewer=self.reviewer,
            record=record,
            reviews=reviews,
            form=form,
            **self._lists(),
            positions={key: n for n, key in enumerate(self.project.scale.keys, 1)},
        )
        return TemplateResponse(
            request, "annotation/adjudicate.html", context, status=status
        )
