"""The sanitizing review: what waits, and one record's text with what was replaced.

GET shows; every decision is a POST that redirects. The one exception is the raw text:
it is the answer to a POST, is kept by no cache, and never follows from an address.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.debug import sensitive_post_parameters

from annotation.admin.pages import (
    page_context,
    project_chooser,
    project_for,
)
from annotation.admin.sanitized_text import ReviewedText, label_of
from annotation.admin.sanitizing_forms import (
    AlarmForm,
    ConfirmForm,
    DecisionForm,
    MissedForm,
    ReasonForm,
)
from annotation.models import FalseAlarm, Project, Record, Sanitization
from annotation.services import (
    false_alarms,
    leak_review,
    sanitizing_queue,
    stored_texts,
)
from annotation.services.access import REVEAL
from netft_site.base.refusals import Refused

PERMISSION = "annotation.change_sanitization"
QUEUE = "admin:annotation_sanitizing_queue"
RECORD = "admin:annotation_sanitizing_record"
REVEALED_SECONDS = 30
_EVENTS = 8
_INCOMPLETE = "Say what and why: something in the form was left out or is too long."


def _person(request: HttpRequest) -> User:
    """Return who is signed in: the admin lets nobody else in."""
    return cast("User", request.user)


choose_project = project_chooser("Sanitizing review", PERMISSION, QUEUE)


def queue_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what waits in a project."""
    project = project_for(request, slug, PERMISSION)
    context = page_context(
        request,
        "Sanitizing review",
        project=project,
        waiting=sanitizing_queue.waiting(
            project=project, by=_person(request), now=timezone.now()
        ),
    )
    return TemplateResponse(request, "annotation/sanitizing_queue.html", context)


def sample(request: HttpRequest, slug: str) -> HttpResponse:
    """Lead to a record drawn at random."""
    project = project_for(request, slug, PERMISSION)
    drawn = sanitizing_queue.random_record(project=project)
    if drawn is None:
        messages.info(request, "There is no text to draw from yet.")
        return redirect(QUEUE, slug)
    return redirect(RECORD, slug, drawn)


@method_decorator(sensitive_post_parameters("text"), name="dispatch")
class SanitizingRecordView(View):
    """One record's sanitized text, and what a person decides about it."""

    project: Project
    record: Record

    def dispatch(
        self, request: HttpRequest, slug: str, record_id: int
    ) -> HttpResponseBase:
        self.project = project_for(request, slug, PERMISSION)
        records = Record.objects.of(self.project).select_related("project")
        self.record = get_object_or_404(records, pk=record_id)
        self.row = get_object_or_404(
            Sanitization.objects.select_related("record"), record=self.record
        )
        return super().dispatch(request, slug, record_id)

    def get(self, request: HttpRequest, slug: str, record_id: int) -> HttpResponse:
        shown = ReviewedText(self.row)
        context = page_context(
            request,
            str(self.record),
            project=self.project,
            record=self.record,
            row=self.row,
            parts=shown.parts(),
            groups=shown.groups(),
            wires=shown.wires(),
            form=MissedForm({}),
            version=stored_texts.version_of(self.row),
            has_raw=stored_texts.raw_is_kept(self.row, timezone.now()),
            may_reveal=request.user.has_perm(REVEAL, self.project),
            flag=sanitizing_queue.flag_of(record=self.record),
            alarms=FalseAlarm.objects.waiting()
            .filter(record=self.record)
            .select_related("asked_by"),
            events=self.record.sanitizing_events.select_related("by")[:_EVENTS],
        )
        return TemplateResponse(request, "annotation/sanitizing_record.html", context)

    def post(self, request: HttpRequest, slug: str, record_id: int) -> HttpResponse:
        actions: dict[str, Callable[[HttpRequest], HttpResponse]] = {
            "confirm": self._confirm,
            "missed": self._missed,
            "alarm": self._alarm,
            "decide": self._decide,
            "release": self._release,
            "reveal": self._reveal,
        }
        action = actions.get(request.POST.get("action", ""))
        if action is None:
            return HttpResponse(
                "Unknown action.", status=400, content_type="text/plain"
            )
        try:
            return action(request)
        except Refused as refusal:
            messages.error(request, refusal.message)
            return self._back()

    def _back(self) -> HttpResponse:
        return redirect(RECORD, self.project.slug, self.record.pk)

    def _incomplete(self, request: HttpRequest) -> HttpResponse:
        messages.error(request, _INCOMPLETE)
        return self._back()

    def _confirm(self, request: HttpRequest) -> HttpResponse:
        form = ConfirmForm(request.POST)
        if not form.is_valid():
            return self._incomplete(request)
        came_back = leak_review.confirm(
            record=self.record, by=_person(request), **form.cleaned_data
        )
        served = " It was flagged at the desk and can be served again."
        messages.success(
            request, f"{self.record} is confirmed.{served if came_back else ''}"
        )
        waiting = sanitizing_queue.waiting(
            project=self.project, by=_person(request), now=timezone.now()
        )
        following = waiting.first_to_read(but=self.record.pk)
        if following is None:
            return redirect(QUEUE, self.project.slug)
        return redirect(RECORD, self.project.slug, following)

    def _missed(self, request: HttpRequest) -> HttpResponse:
        form = MissedForm(stored_texts.texts_of(self.row), request.POST)
        if not form.is_valid():
            told = form.errors.get("text") or form.errors.get("span_type")
            messages.error(request, str(told[0]) if told else _INCOMPLETE)
            return self._back()
        found = leak_review.report_missed(
            record=self.record,
            **form.place,
            span_type=form.cleaned_data["span_type"],
            by=_person(request),
        )
        many = {0: "", 1: " in one place"}.get(found, f" in {found} places")
        messages.success(
            request, f"Removed here{many}; the rest of the project follows."
        )
        return self._back()

    def _alarm(self, request: HttpRequest) -> HttpResponse:
        form = AlarmForm(request.POST)
        if not form.is_valid():
            return self._incomplete(request)
        alarm = false_alarms.report(
            record=self.record,
            seen=form.seen(),
            reason=form.cleaned_data["reason"],
            by=_person(request),
        )
        if alarm.state == FalseAlarm.State.ASKED:
            messages.info(request, "A credential: it waits for a second person.")
        else:
            messages.success(request, "The text stands again in its line.")
        return self._back()

    def _decide(self, request: HttpRequest) -> HttpResponse:
        form = DecisionForm(request.POST)
        if not form.is_valid():
            return self._incomplete(request)
        alarms = FalseAlarm.objects.filter(record=self.record)
        false_alarms.decide(
            alarm=get_object_or_404(alarms, pk=form.cleaned_data["alarm"]),
            approve=form.cleaned_data["approve"],
            by=_person(request),
        )
        messages.success(request, "Your word is noted.")
        return self._back()

    def _release(self, request: HttpRequest) -> HttpResponse:
        form = ReasonForm(request.POST)
        if not form.is_valid():
            return self._incomplete(request)
        leak_review.release(
            record=self.record, by=_person(request), **form.cleaned_data
        )
        messages.success(
            request, "Released: the secret was replaced unread. Read what is left."
        )
        return self._back()

    def _reveal(self, request: HttpRequest) -> HttpResponse:
        form = ReasonForm(request.POST)
        if not form.is_valid():
            return self._incomplete(request)
        texts = leak_review.reveal(
            record=self.record, by=_person(request), **form.cleaned_data
        )
        back = reverse(RECORD, args=[self.project.slug, self.record.pk])
        context = page_context(
            request,
            "Raw text",
            project=self.project,
            record=self.record,
            texts=[(label_of(name), text) for name, text in texts],
            seconds=REVEALED_SECONDS,
            back=back,
        )
        answer = TemplateResponse(
            request, "annotation/sanitizing_revealed.html", context
        )
        answer["Cache-Control"] = "no-store"
        # Where no script hides the text, the browser leaves the page.
        answer["Refresh"] = f"{REVEALED_SECONDS + 2}; url={back}"
        return answer


def urls(view: Callable[..., Callable[..., HttpResponseBase]]) -> list[URLPattern]:
    """Return the addresses of these pages; `view` wraps each for the admin."""
    record = SanitizingRecordView.as_view()
    return [
        path("sanitizing/", view(choose_project), name="annotation_sanitizing"),
        path(
            "sanitizing/<slug:slug>/",
            view(queue_page),
            name="annotation_sanitizing_queue",
        ),
        path(
            "sanitizing/<slug:slug>/sample/",
            view(sample),
            name="annotation_sanitizing_sample",
        ),
        path(
            "sanitizing/<slug:slug>/<int:record_id>/",
            view(record),
            name="annotation_sanitizing_record",
        ),
    ]
