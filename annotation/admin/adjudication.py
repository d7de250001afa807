"""The adjudication page: contested records, every answer in view, one decision.

Open to people who may give verdicts in the project and whose grade is senior or above.
Answers stand there as A, B, C; who gave them is told on a page of its own, once the
record is decided. What is contested comes first; unanimous labels of the most severe
level follow, because a test set takes them only once a senior has confirmed them. When
nothing is contested, the tickets settled without a senior are offered: their word makes
them test tickets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views import View

from annotation.admin.decision_form import DecisionForm
from annotation.admin.pages import (
    page_context,
    project_chooser,
    project_for,
    reviewer_for,
    row_number,
)
from annotation.domain.scale import Grade
from annotation.models import Project, Record, Reviewer, Verdict
from annotation.services import adjudicating, weighing

PERMISSION = "annotation.add_verdict"
LISTED = 50
COUNTED = 1000
_CONFLICTS = {"decided", "changed", "not_ready", "closed"}


def pages(view: Callable[..., Any]) -> list[URLPattern]:
    """The addresses of adjudication, each view passed through ``view``."""
    page, decided = AdjudicationView.as_view(), DecidedView.as_view()
    return [
        path("adjudicate/", view(choose_project), name="annotation_adjudication"),
        path("adjudicate/<slug:slug>/", view(page), name="annotation_adjudicate"),
        path(
            "adjudicate/<slug:slug>/<int:record_id>/",
            view(page),
            name="annotation_adjudicate_record",
        ),
        path(
            "adjudicate/<slug:slug>/<int:record_id>/decided/",
            view(decided),
            name="annotation_decided",
        ),
    ]


choose_project = project_chooser(
    "Adjudication", PERMISSION, "admin:annotation_adjudicate"
)


def adjudicates(request: HttpRequest) -> bool:
    """Say whether the signed-in person is a senior who reviews."""
    try:
        return Grade(reviewer_for(request).grade) >= Grade.SENIOR
    except PermissionDenied:
        return False


class SeniorView(View):
    """A page for seniors of one project; of a closed one only that it is closed."""

    project: Project
    reviewer: Reviewer

    def dispatch(
        self, request: HttpRequest, slug: str, record_id: int | None = None
    ) -> HttpResponseBase:
        if closed := _closed(request, slug):
            return _show_closed(request, closed)
        self.project = project_for(request, slug, PERMISSION)
        self.reviewer = reviewer_for(request)
        if Grade(self.reviewer.grade) < Grade.SENIOR:
            raise PermissionDenied("Only seniors adjudicate.")
        return super().dispatch(request, slug, record_id)

    def record_of(self, record_id: int | None) -> Record:
        """Return a record of the project, whatever became of it."""
        records = Record.objects.of(self.project).select_related("project")
        return get_object_or_404(records, pk=record_id)


class AdjudicationView(SeniorView):
    """One record to decide on, and the list of those that wait."""

    def get(
        self, request: HttpRequest, slug: str, record_id: int | None = None
    ) -> HttpResponse:
        if record_id is None:
            return self._show_next(request)
        open_to = weighing.open_to_a_senior(project=self.project)
        record = open_to.filter(pk=record_id).first()
        if record is None and _decision(self.record_of(record_id)):
            return redirect("admin:annotation_decided", slug, record_id)
        if record is None:
            return self._show_not_waiting(request, self.record_of(record_id))
        return self._show(request, record)

    def post(
        self, request: HttpRequest, slug: str, record_id: int | None = None
    ) -> HttpResponse:
        record = self._told(record_id)
        if record is None:
            return self._show_not_waiting(request, self.record_of(record_id))
        hearing = weighing.hear(record=record)
        form = DecisionForm(self.project, hearing.differs, request.POST)
        if not form.is_valid():
            return self._show(request, record, form, hearing, status=422)
        try:
            adjudicating.decide(
                record=record, reviewer=self.reviewer, **form.decision()
            )
        except adjudicating.AdjudicationRefused as refusal:
            if self._told(record_id) is None:
                return self._show_not_waiting(request, self.record_of(record_id))
            form.add_error(None, refusal.message)
            status = 409 if refusal.code in _CONFLICTS else 422
            return self._show(request, record, form, status=status)
        messages.success(request, f"{record} is settled.")
        return redirect(reverse("admin:annotation_adjudicate", args=[slug]))

    def _told(self, record_id: int | None) -> Record | None:
        return weighing.told_to_a_senior(
            project=self.project, record_id=self.record_of(record_id).pk
        )

    def _show_next(self, request: HttpRequest) -> HttpResponse:
        """Show the first of what waits, or the one behind ``after``."""
        after = row_number(request.GET.get("after", ""))
        lists = self._lists()
        if after is None:
            waiting = [one.record for one in lists["waiting"]]
            record = next(iter([*waiting, *lists["settled"]]), None)
        else:
            record = weighing.next_for(
                project=self.project, reviewer=self.reviewer, after=after
            )
        return self._show(request, record, lists=lists)

    def _lists(self) -> dict[str, Any]:
        """Return what waits and, only when nothing is contested, what is settled."""
        all_waiting = weighing.waiting_for_a_senior(project=self.project)
        waiting = weighing.first_waiting(
            project=self.project, reviewer=self.reviewer, limit=LISTED
        )
        is_contested = any(one.is_contested for one in waiting)
        offered = weighing.settled_without_a_senior(project=self.project)
        settled = [] if is_contested else list(offered[:LISTED])
        return {
            "waiting": waiting,
            "waiting_count": _count(all_waiting, waiting),
            "settled": settled,
            "settled_count": _count(offered, settled),
        }

    def _show(
        self,
        request: HttpRequest,
        record: Record | None,
        form: DecisionForm | None = None,
        hearing: weighing.Hearing | None = None,
        status: int = 200,
        lists: dict[str, Any] | None = None,
    ) -> HttpResponse:
        lists = lists or self._lists()
        if record is not None:
            hearing = hearing or weighing.hear(record=record)
            form = form or DecisionForm(self.project, hearing.differs)
        context = page_context(
            request,
            "Adjudication",
            project=self.project,
            reviewer=self.reviewer,
            record=record,
            waits=_is_listed(record, lists["waiting"]),
            hearing=hearing,
            form=form,
            is_own=record is not None and _answered(record, self.reviewer),
            last=adjudicating.last_decision(
                project=self.project, reviewer=self.reviewer, now=timezone.now()
            ),
            counted=COUNTED,
            **lists,
        )
        return TemplateResponse(
            request, "annotation/adjudicate.html", context, status=status
        )

    def _show_not_waiting(self, request: HttpRequest, record: Record) -> HttpResponse:
        """Say that there is nothing to decide; what was typed stays on the page."""
        context = page_context(
            request,
            "Adjudication",
            project=self.project,
            record=record,
            typed=request.POST.get("reason", ""),
        )
        gone = request.method == "POST" and record.state == Record.State.EXCLUDED
        return TemplateResponse(
            request,
            "annotation/not_waiting.html",
            context,
            status=409 if gone else 404,
        )


class DecidedView(SeniorView):
    """Who said what of a decided record; the decision can be taken back here."""

    def get(
        self, request: HttpRequest, slug: str, record_id: int | None = None
    ) -> HttpResponse:
        record = self.record_of(record_id)
        verdict = _decision(record)
        if verdict is None:
            return redirect("admin:annotation_adjudicate_record", slug, record.pk)
        mine = verdict.adjudicated_by_id == self.reviewer.pk
        until = verdict.created_at + adjudicating.UNDO_WITHIN
        answers = weighing.told(record=record)
        context = page_context(
            request,
            f"Decided: {record}",
            project=self.project,
            record=record,
            verdict=verdict,
            answers=answers,
            adjudicator_answered=any(
                review.reviewer_id == verdict.adjudicated_by_id for _, review in answers
            ),
            undo_until=until if mine and until > timezone.now() else None,
            levels=[{"level": level} for level in self.project.scale],
        )
        return TemplateResponse(request, "annotation/decided.html", context)

    def post(
        self, request: HttpRequest, slug: str, record_id: int | None = None
    ) -> HttpResponse:
        record = self.record_of(record_id)
        try:
            adjudicating.undo(record=record, reviewer=self.reviewer, now=timezone.now())
        except adjudicating.AdjudicationRefused as refusal:
            messages.error(request, refusal.message)
            return redirect("admin:annotation_adjudicate", slug)
        messages.success(request, f"Your decision on {record} is taken back.")
        return redirect("admin:annotation_adjudicate_record", slug, record.pk)


def _closed(request: HttpRequest, slug: str) -> Project | None:
    visible = Project.objects.visible_to(request.user)
    return visible.filter(slug=slug, is_active=False).first()


def _show_closed(request: HttpRequest, project: Project) -> HttpResponse:
    """Say that a project is closed; what was typed stays on the page."""
    context = page_context(
        request,
        "Adjudication",
        project=project,
        typed=request.POST.get("reason", ""),
    )
    return TemplateResponse(
        request, "annotation/project_closed.html", context, status=409
    )


def _decision(record: Record) -> Verdict | None:
    decided = Verdict.objects.adjudicated().filter(record=record)
    return decided.select_related("adjudicated_by").first()


def _answered(record: Record, reviewer: Reviewer) -> bool:
    return weighing.answers_to(record).filter(reviewer=reviewer).exists()


def _is_listed(record: Record | None, waiting: Sequence[weighing.Waiting]) -> bool:
    return record is not None and any(one.record == record for one in waiting)


def _count(everything: weighing.WaitingRecords, shown: Sequence[Any]) -> int:
    """How many there are; beyond ``COUNTED`` nobody asks for the exact number."""
    if len(shown) < LISTED:
        return len(shown)
    return everything.order_by()[:COUNTED].count()
