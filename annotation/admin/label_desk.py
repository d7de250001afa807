"""The label desk: one record at a time, blind, by keyboard or pointer.

GET shows the seat a reviewer holds, or why there is none; every change is a POST that
redirects. Neither other reviewers' labels nor, unless the project wants it, a model's
are ever in the page.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views import View

from annotation.admin import desk_pages
from annotation.admin.desk_forms import (
    AnswerForm,
    FlagForm,
    HandOverForm,
    PauseForm,
    SeatForm,
    SkipForm,
    WishForm,
)
from annotation.admin.pages import project_chooser, project_for, reviewer_for
from annotation.domain.queue import Wish
from annotation.models import Claim, Project, Record, Review, Reviewer
from annotation.services import (
    flagging,
    labeling,
    pausing,
    queueing,
    reviewing,
    seating,
    taking_back,
)
from annotation.services.answers import (
    Answer,
    AnsweredOtherwise,
    AnswerRefused,
    AnswerTakenBack,
)
from netft_site.base.chance import draw

PERMISSION = "annotation.add_review"
PAUSES = "annotation.change_project"
SEAT_GONE = "That seat is no longer yours; nothing was saved."
FLAGGED = "Flagged. Nobody is served the ticket until its sanitizing was looked at."
GIVEN_BACK = "Your seat is given back; what you typed is kept as a draft."


choose_project = project_chooser("Label desk", PERMISSION, "admin:annotation_desk")


class DeskView(View):
    """The seat at one project."""

    project: Project
    reviewer: Reviewer

    def dispatch(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        try:
            self.project = project_for(request, slug, PERMISSION)
        except Http404:
            closed = desk_pages.closed_project(request, slug)
            if closed is None:
                raise
            return closed
        self.reviewer = reviewer_for(request)
        return super().dispatch(request, slug)

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        claim = seating.open_seat(project=self.project, reviewer=self.reviewer)
        if claim is None or claim.record.state in Record.OUT_OF_REACH:
            return desk_pages.empty(
                request, self.project, self.reviewer, self._wish(), claim
            )
        return desk_pages.seat(request, claim)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        handlers = {
            "start": self._next,
            "submit": self._submit,
            "reveal": self._reveal,
            "skip": self._pass_on,
            "unsure": self._pass_on,
            "flag": self._flag,
            "undo": self._undo,
            "leave": self._leave,
            "wish": self._wish_for,
            "pause": self._pause,
            "resume": self._pause,
            "shortcuts": self._set_shortcuts,
        }
        handler = handlers.get(request.POST.get("action", ""))
        if handler is None:
            return HttpResponse(
                "Unknown action.", status=400, content_type="text/plain"
            )
        return handler(request)

    def _back(self) -> HttpResponse:
        return redirect("admin:annotation_desk", self.project.slug)

    def _next(self, request: HttpRequest) -> HttpResponse:
        queueing.claim_next(
            project=self.project,
            reviewer=self.reviewer,
            now=timezone.now(),
            draw=draw(),
            wish=self._wish(),
        )
        return self._back()

    def _submit(self, request: HttpRequest) -> HttpResponse:
        claim = self._seat_named(request)
        form = AnswerForm(claim, request.POST) if claim else None
        if claim is None or form is None or (claim.is_done and not form.is_valid()):
            return self._gone()

        def send(claim: Claim, answer: Answer) -> HttpResponse:
            desk_pages.tell_saved(request, self._take(claim, answer))
            return self._back()

        return self._send(claim, send, form=form)

    def _send(
        self,
        claim: Claim | None,
        send: Callable[[Claim, Answer], HttpResponse],
        **named: SeatForm,
    ) -> HttpResponse:
        """Do what a form of a seat asks, or show it again with what is wrong."""
        if claim is None:
            return self._gone()
        (form,) = named.values()
        if form.is_valid():
            answer = form.answer()
            try:
                return send(claim, answer)
            except AnsweredOtherwise as conflict:
                stored = conflict.stored
                return desk_pages.conflict(self.request, claim, stored, answer)
            except AnswerTakenBack as refusal:
                messages.warning(self.request, refusal.message)
                return self._back()
            except AnswerRefused as refusal:
                form.add_error(form.blamed, refusal.message)
        return desk_pages.refused(self.request, claim, self._wish(), **named)

    def _gone(self) -> HttpResponse:
        messages.error(self.request, SEAT_GONE)
        return self._back()

    def _reveal(self, request: HttpRequest) -> HttpResponse:
        claim = self._seat_named(request)
        if claim is None or claim.is_done:
            return self._gone()
        try:
            reviewing.reveal(
                claim_id=claim.pk,
                reviewer=self.reviewer,
                severity=request.POST.get("severity", ""),
                now=timezone.now(),
            )
        except AnswerRefused as refusal:
            form = AnswerForm(claim, request.POST)
            form.is_valid()
            form.add_error("severity", refusal.message)
            return desk_pages.refused(request, claim, self._wish(), form=form)
        return self._back()

    def _pass_on(self, request: HttpRequest) -> HttpResponse:
        def send(claim: Claim, answer: Answer) -> HttpResponse:
            self._take(claim, answer)
            messages.success(request, "Passed on.")
            return self._back()

        claim = self._seat_named(request)
        return self._send(claim, send, skip_form=SkipForm(request.POST))

    def _flag(self, request: HttpRequest) -> HttpResponse:
        def send(claim: Claim, answer: Answer) -> HttpResponse:
            flagging.flag(
                claim_id=claim.pk,
                reviewer=self.reviewer,
                reason=answer.reason,
                now=timezone.now(),
            )
            messages.success(request, FLAGGED)
            return self._next(request)

        claim = self._seat_named(request)
        return self._send(claim, send, flag_form=FlagForm(request.POST))

    def _undo(self, request: HttpRequest) -> HttpResponse:
        named = request.POST.get("review", "")
        try:
            undone = taking_back.undo_last(
                project=self.project,
                reviewer=self.reviewer,
                now=timezone.now(),
                only=int(named[:18]) if named.isdecimal() else None,
            )
        except taking_back.UndoRefused as refusal:
            messages.warning(request, refusal.message)
            return self._back()
        if undone is None:
            messages.warning(request, "Nothing to take back in the last hour.")
            return self._back()
        messages.info(request, f"Your answer to {undone} is taken back.")
        seat = seating.open_seat(project=self.project, reviewer=self.reviewer)
        if undone.state in Record.OUT_OF_REACH:
            messages.warning(request, "The ticket itself stays out of the queue.")
        elif seat is None or seat.record_id != undone.pk:
            messages.warning(request, "A colleague has taken its last seat.")
        return self._back()

    def _leave(self, request: HttpRequest) -> HttpResponse:
        form = HandOverForm(request.POST)
        if form.is_valid():
            try:
                pausing.hand_over(
                    project=self.project,
                    reviewer=self.reviewer,
                    note=form.cleaned_data["note"],
                    now=timezone.now(),
                )
            except AnswerRefused as refusal:
                form.add_error("note", refusal.message)
            else:
                messages.success(request, GIVEN_BACK)
                return redirect("admin:index")
        claim = seating.open_seat(project=self.project, reviewer=self.reviewer)
        where = (self.project, self.reviewer, self._wish(), claim)
        return desk_pages.stop_refused(request, *where, form)

    def _wish_for(self, request: HttpRequest) -> HttpResponse:
        wish = WishForm(self.project, request.POST).wish()
        request.session[self._wish_key] = wish.as_lookups()
        return self._back()

    def _pause(self, request: HttpRequest) -> HttpResponse:
        project_for(request, self.project.slug, PAUSES)
        because = ""
        if request.POST["action"] == "pause":
            form = PauseForm(request.POST)
            if not form.is_valid():
                messages.error(request, "Say in a few words why, for those who wait.")
                return self._back()
            because = form.cleaned_data["because"]
        try:
            pausing.pause(project=self.project, because=because, now=timezone.now())
        except AnswerRefused as refusal:
            messages.error(request, refusal.message)
        return self._back()

    def _set_shortcuts(self, request: HttpRequest) -> HttpResponse:
        reviewing.set_shortcuts(
            reviewer=self.reviewer,
            enabled=request.POST.get("enabled") == "on",
            saves_at_once=request.POST.get("saves_at_once") == "on",
        )
        return self._back()

    def _take(self, claim: Claim, answer: Answer) -> Review:
        """Store an answer and sit down at the next ticket."""
        review, _ = labeling.answer_and_go_on(
            claim_id=claim.pk,
            project=self.project,
            reviewer=self.reviewer,
            answer=answer,
            now=timezone.now(),
            draw=draw(),
            wish=self._wish(),
        )
        return review

    def _seat_named(self, request: HttpRequest) -> Claim | None:
        """Return the seat that a form names, open or not, if it is this person's."""
        return seating.seat_of(
            text=request.POST.get("claim", ""),
            project=self.project,
            reviewer=self.reviewer,
        )

    @property
    def _wish_key(self) -> str:
        return f"wish:{self.project.pk}"

    def _wish(self) -> Wish:
        return Wish.parse(self.request.session.get(self._wish_key) or {})
