"""What an open desk page asks for by itself: its seat, its draft, similar tickets."""

from __future__ import annotations

import json
from typing import Any

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
)
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views import View

from annotation.admin.pages import project_for, reviewer_for
from annotation.models import Claim, Project, Record, Reviewer
from annotation.services import access, drafting, seating, similar
from netft_site.base.refusals import Refused

PERMISSION = "annotation.add_review"
_LONGEST_BODY = 200_000


class SeatView(View):
    """The base of what concerns one seat of the signed-in person."""

    project: Project
    reviewer: Reviewer

    def dispatch(
        self, request: HttpRequest, slug: str, **where: Any
    ) -> HttpResponseBase:
        self.project = project_for(request, slug, PERMISSION)
        self.reviewer = reviewer_for(request)
        return super().dispatch(request, **where)

    def where(self, claim_id: int) -> dict[str, Any]:
        """What names a seat of this person in this project."""
        return {
            "claim_id": claim_id,
            "reviewer": self.reviewer,
            "project": self.project,
        }


class HeartbeatView(SeatView):
    """Keeps a seat while its page is open; answers its new expiry."""

    def post(self, request: HttpRequest, claim_id: int) -> JsonResponse:
        where = self.where(claim_id)
        until = seating.renew(**where, now=timezone.now())
        if until is None:
            gone = seating.is_taken_away(**where)
            facts = {"expires_at": None, "taken_away": gone}
            return JsonResponse(facts, status=410)
        return JsonResponse({"expires_at": until.isoformat()})


class LeaveView(SeatView):
    """The page was closed: its seat runs out in a minute, unless it comes back."""

    def post(self, request: HttpRequest, claim_id: int) -> HttpResponse:
        seating.leave_soon(**self.where(claim_id), now=timezone.now())
        return HttpResponse(status=204)


class DraftView(SeatView):
    """Saves what is typed, over the version that the page knows."""

    def dispatch(
        self, request: HttpRequest, slug: str, **where: Any
    ) -> HttpResponseBase:
        try:
            return super().dispatch(request, slug, **where)
        except Http404:
            closed = access.closed_project(request.user, slug)
            if closed is None or request.method != "POST":
                raise
            return self._keep(request, closed, **where)

    def _keep(
        self, request: HttpRequest, project: Project, claim_id: int
    ) -> JsonResponse:
        """Keep what was typed when a lead closed the project; 409 says so."""
        try:
            version, fields = _parsed(request)
            kept = drafting.keep_from_seat(
                project=project,
                user=request.user,
                claim_id=claim_id,
                fields=fields,
                version=version,
                now=timezone.now(),
            )
        except drafting.DraftConflict as conflict:
            return _stale(conflict)
        except drafting.DraftRefused as refusal:
            return JsonResponse(refusal.as_dict(), status=400)
        fate = "nothing was stored" if kept is None else "your draft is kept"
        closed = Refused("closed", f"The project was closed; {fate}.")
        return JsonResponse({**closed.as_dict(), "version": kept}, status=409)

    def post(self, request: HttpRequest, claim_id: int) -> JsonResponse:
        claim = get_object_or_404(
            Claim.objects.select_related("project"),
            pk=claim_id,
            reviewer=self.reviewer,
            project=self.project,
        )
        if claim.is_done:
            return JsonResponse({"version": None}, status=410)
        try:
            version, fields = _parsed(request)
            saved = drafting.save(
                claim=claim,
                fields=fields,
                version=version,
                now=timezone.now(),
            )
        except drafting.DraftConflict as conflict:
            return _stale(conflict)
        except drafting.DraftRefused as refusal:
            return JsonResponse(refusal.as_dict(), status=400)
        return JsonResponse({"version": saved})


class SimilarView(SeatView):
    """Settled tickets like one that was just answered, as part of a page."""

    def get(self, request: HttpRequest, record_id: int) -> HttpResponse:
        records = Record.objects.of(self.project).select_related("project")
        record = get_object_or_404(records, pk=record_id)
        try:
            found = similar.similar_settled(record=record, reviewer=self.reviewer)
        except similar.SimilarRefused:
            raise Http404 from None
        levels = [{"level": level} for level in self.project.scale]
        context = {"verdicts": found, "record": record, "levels": levels}
        return TemplateResponse(request, "annotation/similar.html", context)


def _stale(conflict: drafting.DraftConflict) -> JsonResponse:
    """Return what another tab has saved meanwhile."""
    stored = conflict.stored
    found = {"version": stored.version, "fields": dict(stored.fields)}
    return JsonResponse({"stored": found}, status=409)


def _parsed(request: HttpRequest) -> tuple[int, dict[str, Any]]:
    refused = drafting.DraftRefused("bad_draft", "The draft cannot be read.")
    if len(request.body) > _LONGEST_BODY:
        raise drafting.DraftRefused("too_long", "The draft is too long to be kept.")
    try:
        sent = json.loads(request.body)
        version, fields = sent["version"], sent["fields"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise refused from None
    is_number = isinstance(version, int) and 0 <= version < 2**31 - 1
    if not is_number or not isinstance(fields, dict):
        raise refused
    return version, fields
