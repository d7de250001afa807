"""The label desk's pages: a seat, an empty queue, a conflict, a closed project."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from annotation.admin.desk_forms import AnswerForm, WishForm
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
    request: HttpRequest,
    claim: Claim,
    form: AnswerForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show a seat's record and the form for its answer."""
    project, reviewer = claim.project, claim.reviewer
    typed = drafting.load(claim=claim)
    said = {} if typed.version else _said_before(claim)
    initial = {"claim": claim.pk, "severity": claim.severity, **said, **typed.fields}
    current = guidelines.current(project)
    context = page_context(
        request,
        "Label desk",
        project=project,
        reviewer=reviewer,
        claim=claim,
        record=claim.record,
        form=form or AnswerForm(claim, initial=initial),
        draft=typed,
        is_restored=bool(said),
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
) -> HttpResponse:
    """Say what waits, or why nothing does; ``claim`` is one whose record is gone."""
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
    )
    return TemplateResponse(request, "annotation/desk_empty.html", context)


def refused(
    request: HttpRequest, claim: Claim, form: AnswerForm, wish: Wish
) -> HttpResponse:
    """Show a form with what is wrong, but never the text of what left the queue."""
    if claim.record.state not in Record.OUT_OF_REACH:
        return seat(request, claim, form, status=422)
    _keep_typed(claim, request)
    page = empty(request, claim.project, claim.reviewer, wish, claim)
    page.status_code = 422
    return page


def conflict(
    request: HttpRequest, claim: Claim, stored: Review, answer: Answer
) -> HttpResponse:
    """Show a stored answer beside the one just sent, which is kept as a draft."""
    kept = _keep(claim, answer)
    context = page_context(
        request,
        "Answered already",
        project=claim.project,
        record=claim.record,
        stored=stored,
        sent=answer,
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
    reviewer = Reviewer.objects.people().filter(user_id=request.user.pk or 0).first()
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


def _said_before(claim: Claim) -> dict[str, Any]:
    """What this person's last answer from this seat said, if it was taken back.

    An answer of another purpose stays out: a blind repeat must not show the first.
    """
    names = ["root_cause", "response", "confidence"]
    if not claim.revealed_at:
        names.append("severity")
    return (
        Review.objects.submitted()
        .filter(
            record=claim.record_id,
            reviewer=claim.reviewer_id,
            purpose=claim.purpose,
            round=claim.round,
            is_current=False,
        )
        .order_by("-id")
        .values(*names)
        .first()
    ) or {}


def _keep(claim: Claim, answer: Answer) -> bool:
    fields = {name: getattr(answer, name) for name in drafting.FIELDS}
    return _save(claim, fields)


def _keep_typed(claim: Claim, request: HttpRequest) -> bool:
    sent = request.POST
    # A form that has no such field, as that of a skip, leaves what was typed there.
    fields = {name: sent[name] for name in drafting.FIELDS if name in sent}
    return _save(claim, fields)


def _save(claim: Claim, fields: dict[str, str]) -> bool:
    try:
        drafting.keep(claim=claim, fields=fields, now=timezone.now())
    except (drafting.DraftConflict, drafting.DraftRefused):
        return False
    return True


def _just_answered(request: HttpRequest, project: Project) -> Record | None:
    """The ticket answered last in this session, where similar ones may be shown."""
    pk = request.session.get(f"answered:{project.pk}")
    if not pk or not project.shows_similar:
        return None
    return Record.objects.of(project).filter(pk=pk).only("external_id").first()
