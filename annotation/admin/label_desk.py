"""The label desk: one record at a time, blind, by keyboard or pointer.

GET shows the seat a reviewer holds, or why there is none; every change is a POST that
redirects. Neither other reviewers' labels nor a model's are ever in the page.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views import View

from annotation.admin.desk_forms import AnswerForm, SkipForm
from annotation.admin.pages import (
    page_context,
    project_for,
    projects_with,
    reviewer_for,
)
from annotation.models import Claim, Project, Review, Reviewer
from annotation.services import queueing, reviewing

PERMISSION = "annotation.add_review"
SEAT_GONE = "That seat is no longer yours; nothing was saved."


def choose_project(request: HttpRequest) -> HttpResponse:
    """Open the only project's desk, or let the reviewer choose."""
    projects = projects_with(request, PERMISSION)
    if len(projects) == 1:
        return redirect("admin:annotation_desk", projects[0].slug)
    context = page_context(
        request, "Label desk", projects=projects, url_name="admin:annotation_desk"
    )
    return TemplateResponse(request, "annotation/choose_project.html", context)


class DeskView(View):
    """The seat at one project."""

    project: Project
    reviewer: Reviewer

    def dispatch(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        self.project = project_for(request, slug, PERMISSION)
        self.reviewer = reviewer_for(request)
        return super().dispatch(request, slug)

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        claim = queueing.open_seat(project=self.project, reviewer=self.reviewer)
        if claim is None:
            return self._show_empty(request)
        form = AnswerForm(self.project, initial={"claim": claim.pk})
        return self._show(request, claim, form)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        action = request.POST.get("action", "")
        handlers = {
            "start": self._next,
            "submit": self._submit,
            "skip": self._pass_on,
            "unsure": self._pass_on,
            "undo": self._undo,
            "leave": self._leave,
            "shortcuts": self._toggle_shortcuts,
        }
        handler = handlers.get(action)
        if handler is None:
            return HttpResponse(
                "Unknown action.", status=400, content_type="text/plain"
            )
        return handler(request)

    def _next(self, request: HttpRequest) -> HttpResponse:
        queueing.claim_next(
            project=self.project, reviewer=self.reviewer, now=timezone.now()
        )
        return redirect("admin:annotation_desk", self.project.slug)

    def _submit(self, request: HttpRequest) -> HttpResponse:
        form = AnswerForm(self.project, request.POST)
        if form.is_valid():
            try:
                self._take(form.cleaned_data["claim"], form.answer())
            except reviewing.AnswerRefused as refusal:
                form.add_error(None, refusal.message)
            else:
                messages.success(request, "Saved.")
                return self._next(request)
        claim = queueing.open_seat(project=self.project, reviewer=self.reviewer)
        if claim is None or request.POST.get("claim") != str(claim.pk):
            # What was typed belongs to another ticket than the desk shows now.
            for text in form.non_field_errors() or [SEAT_GONE]:
                messages.error(request, str(text))
            return redirect("admin:annotation_desk", self.project.slug)
        return self._show(request, claim, form, status=422)

    def _pass_on(self, request: HttpRequest) -> HttpResponse:
        form = SkipForm(request.POST)
        if not form.is_valid():
            messages.error(request, "The reason is longer than 500 characters.")
            return redirect("admin:annotation_desk", self.project.slug)
        unsure = request.POST["action"] == SkipForm.UNSURE
        status = Review.Status.UNSURE if unsure else Review.Status.SKIPPED
        answer = reviewing.Answer(status=status, reason=form.cleaned_data["reason"])
        try:
            self._take(form.cleaned_data["claim"], answer)
        except reviewing.AnswerRefused as refusal:
            messages.error(request, refusal.message)
            return redirect("admin:annotation_desk", self.project.slug)
        messages.success(request, "Passed on.")
        return self._next(request)

    def _take(self, claim_id: int, answer: reviewing.Answer) -> None:
        reviewing.submit(
            claim_id=claim_id,
            reviewer=self.reviewer,
            answer=answer,
            now=timezone.now(),
        )

    def _undo(self, request: HttpRequest) -> HttpResponse:
        undone = reviewing.undo_last(
            project=self.project, reviewer=self.reviewer, now=timezone.now()
        )
        if undone is None:
            messages.warning(request, "Nothing to take back in the last hour.")
        else:
            messages.info(request, f"Your answer to {undone} is taken back.")
            seat = queueing.open_seat(project=self.project, reviewer=self.reviewer)
            if seat is None or seat.record_id != undone.pk:
                messages.warning(request, "A colleague has taken its last seat.")
        return redirect("admin:annotation_desk", self.project.slug)

    def _leave(self, request: HttpRequest) -> HttpResponse:
        claim = queueing.open_seat(project=self.project, reviewer=self.reviewer)
        if claim is not None:
            queueing.release(claim_id=claim.pk, reviewer=self.reviewer)
        return redirect("admin:index")

    def _toggle_shortcuts(self, request: HttpRequest) -> HttpResponse:
        reviewing.set_shortcuts(
            reviewer=self.reviewer, enabled=not self.reviewer.shortcuts_enabled
        )
        return redirect("admin:annotation_desk", self.project.slug)

    def _show(
        self, request: HttpRequest, claim: Claim, form: AnswerForm, status: int = 200
    ) -> HttpResponse:
        context = page_context(
            request,
            "Label desk",
            project=self.project,
            reviewer=self.reviewer,
            claim=claim,
            record=claim.record,
            form=form,
            reads_answers=reviewing.may_read_answers(
                user=request.user, project=self.project
            ),
            guidelines=self.project.guidelines.order_by("-version").first(),
            answered=queueing.answered_count(
                project=self.project, reviewer=self.reviewer
            ),
        )
        return TemplateResponse(request, "annotation/desk.html", context, status=status)

    def _show_empty(self, request: HttpRequest) -> HttpResponse:
        state = queueing.queue_state(
            project=self.project, reviewer=self.reviewer, now=timezone.now()
        )
        context = page_context(
            request,
            "Label desk",
            project=self.project,
            reviewer=self.reviewer,
            state=state,
        )
        return TemplateResponse(request, "annotation/desk_empty.html", context)


class HeartbeatView(View):
    """Keeps a seat while its page is open; answers its new expiry."""

    def post(self, request: HttpRequest, slug: str, claim_id: int) -> JsonResponse:
        project_for(request, slug, PERMISSION)
        until = queueing.renew(
            claim_id=claim_id, reviewer=reviewer_for(request), now=timezone.now()
        )
        if until is None:
            return JsonResponse({"expires_at": None}, status=410)
        return JsonResponse({"expires_at": until.isoformat()})
