"""The label desk's pages: a seat, an empty queue, a conflict, a closed project."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from annotation.admin.desk_forms import (
    AnswerForm,
    FlagForm,
    HandOverForm,
    SkipForm,
    WishForm,
)
from annotation.admin.pages import page_context
from annotation.domain.queue import Wish
from annotation.models import Claim, Project, Record, Review, Reviewer
from annotation.services import (
    access,
    drafting,
    guidelines,
    pausing,
    suggesting,
    taking_back,
    waiting,
)
from annotation.services.answers import Answer

EXACTLY = "annotation.view_verdict"
"""The right to exact counts of records."""


def seat(
    request: HttpRequest, claim: Claim, status: int = 200, **refused_forms: forms.Form
) -> HttpResponse:
    """Show a seat's record and its forms; those that were refused as they came."""
    project, reviewer = claim.project, claim.reviewer
    typed = drafting.load(claim=claim)
    restored, is_answer = _brought_back(claim, typed)
    initial = {"claim": claim.pk, "severity": claim.severity, **restored}
    current = guidelines.current(project)
    context = page_context(
        request,
        "Label desk",
        project=project,
        reviewer=reviewer,
        claim=claim,
        record=claim.record,
        **{**_forms(claim, initial), **refused_forms},
        draft=typed,
        is_restored=is_answer,
        suggestion=suggesting.suggestion_for(claim) if claim.suggested else None,
        guidelines=current,
        guidelines_html=guidelines.rendered(current) if current else "",
        progress=waiting.progress(
            project=project, reviewer=reviewer, now=timezone.now()
        ).told(exactly=request.user.has_perm(EXACTLY, project)),
        answered_record=_just_answered(request, project),
        undoable=taking_back.undoable(
            project=project, reviewer=reviewer, now=timezone.now()
        ),
        is_over=not claim.is_open or claim.is_over(timezone.now()),
    )
    return TemplateResponse(request, "annotation/desk.html", context, status=status)


def empty(
    request: HttpRequest,
    project: Project,
    reviewer: Reviewer,
    wish: Wish,
    claim: Claim | None,
    **refused_forms: forms.Form,
) -> HttpResponse:
    """Say what waits, or why nothing does; ``claim`` is one whose record is gone.

    Of the forms that were refused, a note for those who go on comes back.
    """
    now = timezone.now()
    exactly = request.user.has_perm(EXACTLY, project)
    state = waiting.queue_state(project=project, reviewer=reviewer, now=now, wish=wish)
    done = waiting.progress(project=project, reviewer=reviewer, now=now)
    context = page_context(
        request,
        "Label desk",
        project=project,
        reviewer=reviewer,
        taken_away=claim and claim.record,
        state=state,
        told=state.in_words(exactly=exactly),
        progress=done.told(exactly=exactly),
        wish=wish,
        wish_form=WishForm(project, initial=wish.as_lookups()),
        notes=pausing.recent_notes(project=project, now=now),
        undoable=taking_back.undoable(project=project, reviewer=reviewer, now=now),
        may_pause=request.user.has_perm("annotation.change_project", project),
        may_decide=request.user.has_perm("annotation.add_verdict", project),
        answered_record=_just_answered(request, project),
        **refused_forms,
    )
    status = 422 if refused_forms else 200
    return TemplateResponse(
        request, "annotation/desk_empty.html", context, status=status
    )


def refused(
    request: HttpRequest, claim: Claim, wish: Wish, **refused_forms: forms.Form
) -> HttpResponse:
    """Show a form with what is wrong, but never the text of what left the queue."""
    if claim.record.state not in Record.OUT_OF_REACH:
        return seat(request, claim, status=422, **refused_forms)
    _keep_typed(claim, request)
    return empty(request, claim.project, claim.reviewer, wish, claim, **refused_forms)


def stop_refused(
    request: HttpRequest,
    project: Project,
    reviewer: Reviewer,
    wish: Wish,
    claim: Claim | None,
    form: HandOverForm,
) -> HttpResponse:
    """Show the note of somebody who stops with what is wrong, seated or not."""
    if claim is None:
        return empty(request, project, reviewer, wish, claim, note_form=form)
    return refused(request, claim, wish, note_form=form)


def conflict(
    request: HttpRequest, claim: Claim, stored: Review, answer: Answer
) -> HttpResponse:
    """Show a stored answer beside the one just sent, which is kept as a draft."""
    kept = _keep_typed(claim, request)
    context = page_context(
        request,
        "Answered already",
        project=claim.project,
        record=claim.record,
        stored=stored,
        sent=answer,
        sent_status=Review.Status(answer.status).label,
        is_kept=kept,
        levels=AnswerForm(claim).levels,
    )
    return TemplateResponse(
        request, "annotation/desk_conflict.html", context, status=409
    )


def closed_project(request: HttpRequest, slug: str) -> HttpResponse | None:
    """Say that a project was closed, keeping what its member has just typed."""
    project = access.closed_project(request.user, slug)
    if project is None:
        return None
    people = Reviewer.objects.active().people()
    reviewer = people.filter(user_id=request.user.pk or 0).first()
    number = request.POST.get("claim", "")
    kept = None
    if reviewer is not None and number.isdecimal():
        claim = (
            Claim.objects.filter(pk=number[:18], reviewer=reviewer, project=project)
            .select_related("record", "project")
            .first()
        )
        kept = claim and _keep_typed(claim, request) and claim.record
    context = page_context(request, "Project closed", project=project, kept=kept)
    return TemplateResponse(request, "annotation/desk_closed.html", context, status=409)


def _forms(claim: Claim, initial: dict[str, Any]) -> dict[str, forms.Form]:
    """The forms of a seat's page, by their names there."""
    return {
        "form": AnswerForm(claim, initial=initial),
        "skip_form": SkipForm(initial=initial),
        "flag_form": FlagForm(initial=initial),
        "note_form": HandOverForm(initial=initial),
    }


def _brought_back(claim: Claim, typed: drafting.Typed) -> tuple[dict[str, Any], bool]:
    """What was said from this seat and taken back, and the draft; the newer on top.

    Also whether an answer is newest. One of another purpose stays out: a blind repeat
    must not show the first.
    """
    taken_back = Review.objects.filter(
        record=claim.record_id,
        reviewer=claim.reviewer_id,
        purpose=claim.purpose,
        round=claim.round,
        is_current=False,
    ).exclude(status=Review.Status.WITHDRAWN)
    layers = [(review.submitted_at, _said(claim, review)) for review in taken_back]
    if typed.updated_at is not None:
        layers.append((typed.updated_at, dict(typed.fields)))
    layers.sort(key=itemgetter(0))
    found: dict[str, Any] = {}
    for _, fields in layers:
        found |= fields
    return found, bool(layers) and layers[-1][0] != typed.updated_at


def _said(claim: Claim, review: Review) -> dict[str, Any]:
    if review.status != Review.Status.SUBMITTED:
        return {"reason": review.reason}
    names = ["root_cause", "response", "confidence"]
    if not claim.revealed_at:
        names.append("severity")
    return {name: getattr(review, name) for name in names}


def _keep_typed(claim: Claim, request: HttpRequest) -> bool:
    sent = request.POST
    # A form that has no such field, as that of a skip, leaves what was typed there.
    fields = {name: sent[name] for name in drafting.FIELDS if name in sent}
    try:
        drafting.keep(claim=claim, fields=fields, now=timezone.now())
    except (drafting.DraftConflict, drafting.DraftRefused):
        return False
    return True


def tell_saved(request: HttpRequest, review: Review) -> None:
    """Say that an answer is stored, and remember its ticket for similar ones."""
    record = review.record
    if record.state in Record.OUT_OF_REACH:
        messages.warning(
            request,
            f"{record} was taken out of the queue while you had it. Your answer is "
            "kept and counts if the ticket comes back.",
        )
    elif not review.is_current:
        messages.warning(
            request,
            f"{record} was opened again under new guidelines while you had it. Your "
            "answer is kept with the earlier ones and counts no more; you are asked "
            "again.",
        )
    else:
        messages.success(request, "Saved.")
    request.session[f"answered:{record.project_id}"] = record.pk


def _just_answered(request: HttpRequest, project: Project) -> Record | None:
    """The ticket answered last in this session, where similar ones may be shown."""
    pk = request.session.get(f"answered:{project.pk}")
    if not pk or not project.shows_similar:
        return None
    return Record.objects.of(project).filter(pk=pk).only("external_id").first()
