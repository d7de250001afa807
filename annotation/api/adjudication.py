"""Adjudication over HTTP: what waits, the answers without names, the decision, undo.

The same rules as the page's: for people who may give verdicts and whose grade is senior
or above, and no name before the decision. Why people disagree may be read by whoever
reads verdicts, too.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.adjudication_forms import (
    DecisionSerializer,
    counts_json,
    cursor_of,
    decision_json,
    hearing_json,
    place_of,
    waiting_json,
)
from annotation.api.project_views import ProjectView
from annotation.domain.scale import Grade
from annotation.models import Record, Reviewer, Verdict
from annotation.services import adjudicating, disagreements, weighing

ADJUDICATE = "annotation.add_verdict"
PAGE_SIZE = 100
_CONFLICTS = {"not_ready", "not_decided", "not_yours", "too_late"}


class SeniorView(ProjectView):
    """The base of adjudication's routes: seniors who may give verdicts."""

    permissions: ClassVar[dict[str, str]] = {"GET": ADJUDICATE, "POST": ADJUDICATE}
    reviewer: Reviewer

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        reviewer = _senior(request)
        if reviewer is None:
            raise PermissionDenied("Only seniors adjudicate.")
        self.reviewer = reviewer

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, adjudicating.AdjudicationRefused) and exc.code in _CONFLICTS:
            return Response(exc.as_dict(), status.HTTP_409_CONFLICT)
        return super().handle_exception(exc)

    def told(self, pk: int) -> Record | None:
        """Return a record of the project whose answers seniors may read."""
        return weighing.told_to_a_senior(project=self.project, record_id=pk)

    def record(self, pk: int) -> Record:
        """Return such a record, or one that was taken out of labeling since.

        The answers of the latter are not to be told.
        """
        if (record := self.told(pk)) is not None:
            return record
        out = Record.objects.of(self.project).filter(
            state=Record.State.EXCLUDED, decided_at__isnull=False
        )
        return get_object_or_404(out.select_related("project"), pk=pk)


class WaitingView(SeniorView):
    """What waits for a senior."""

    @extend_schema(
        operation_id="adjudication_list",
        parameters=[OpenApiParameter("cursor")],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, project: str) -> Response:
        """List what waits, in the order of the page, 100 at a time.

        What you answered yourself comes last. ``next`` is the cursor of what follows.
        """
        cursor = request.query_params.get("cursor")
        page = weighing.first_waiting(
            project=self.project,
            reviewer=self.reviewer,
            limit=PAGE_SIZE + 1,
            after=place_of(cursor) if cursor else None,
        )
        shown = page[:PAGE_SIZE]
        more = len(page) > PAGE_SIZE
        return Response(
            {
                "next": cursor_of(shown[-1]) if more else None,
                "results": [waiting_json(one) for one in shown],
            }
        )


class AdjudicationView(SeniorView):
    """One record's answers without names, and the decision on it."""

    @extend_schema(operation_id="adjudication_read", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, project: str, record: int) -> Response:
        """Return the ticket, its answers without names, and what became known later."""
        found = self.told(record)
        if found is None:
            raise Http404
        hearing = weighing.hear(record=found)
        return Response(hearing_json(found, hearing))

    @extend_schema(
        operation_id="adjudication_decide",
        request=DecisionSerializer,
        responses={
            200: OpenApiTypes.OBJECT,
            409: OpenApiTypes.OBJECT,
        },
    )
    def post(self, request: Request, project: str, record: int) -> Response:
        """Decide. A decision on what has changed since is refused with 409.

        The answer then holds the decision that stands (``current``), yours
        (``yours``), and the ``version`` to send as ``expected`` to replace it.
        """
        form = DecisionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = dict(form.validated_data)
        found = self.record(record)
        try:
            verdict = adjudicating.decide(
                record=found,
                reviewer=self.reviewer,
                seen=said.pop("expected"),
                **said,
            )
        except adjudicating.DecisionStale as stale:
            if self.told(record) is None:
                return Response(stale.as_dict(), status.HTTP_409_CONFLICT)
            hearing = weighing.hear(record=found)
            facts = {
                "current": hearing.verdict and decision_json(hearing.verdict),
                "yours": said,
                "version": hearing.seen,
            }
            return Response({**stale.as_dict(), **facts}, status.HTTP_409_CONFLICT)
        return Response(decision_json(verdict))


class DecidedView(SeniorView):
    """Who said what of a decided record."""

    @extend_schema(operation_id="adjudication_told", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, project: str, record: int) -> Response:
        """Return the decision and who gave which answer; 404 before the decision."""
        found = self.record(record)
        verdict = _adjudicated(found)
        answers = [
            {
                "answer": letter,
                "reviewer": review.reviewer.name,
                "grade": review.grade.lower(),
                "severity": review.severity,
                "root_cause": review.root_cause,
            }
            for letter, review in weighing.told(record=found)
        ]
        senior = verdict.adjudicated_by
        return Response(
            {
                **decision_json(verdict),
                "decided_by": senior.name if senior else "",
                "answers": answers,
            }
        )


class UndoView(SeniorView):
    """Take a decision back."""

    @extend_schema(
        operation_id="adjudication_undo",
        request=None,
        responses={200: OpenApiTypes.OBJECT, 409: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request, project: str, record: int) -> Response:
        """Take your own decision back, for an hour; what stood before stands again."""
        found = adjudicating.undo(
            record=self.record(record), reviewer=self.reviewer, now=timezone.now()
        )
        return Response({"id": found.pk, "state": found.state.lower()})


class DisagreementView(ProjectView):
    """Why people disagree."""

    @extend_schema(operation_id="disagreements", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, project: str) -> Response:
        """Return decided disagreements by kind, level pair, category and period."""
        reads = request.user.has_perm("annotation.view_verdict", self.project)
        decides = request.user.has_perm(ADJUDICATE, self.project)
        if not (reads or (decides and _senior(request))):
            raise PermissionDenied
        report = disagreements.report(project=self.project, now=timezone.now())
        tally = report.tally
        return Response(
            {
                "decided": report.decided,
                "without_a_kind": report.unexplained,
                "by_a_senior_who_had_answered": report.own,
                "kinds": counts_json(tally.kinds),
                "pairs": [
                    {"most": ends.most, "least": ends.least, **counts_json(counts)}
                    for ends, counts in tally.pairs
                ],
                "categories": [
                    {"category": name, **counts_json(counts)}
                    for name, counts in tally.categories
                ],
                "period": "week" if tally.by_week else "month",
                "periods": [
                    {"from": day.isoformat(), **counts_json(counts)}
                    for day, counts in tally.periods
                ],
            }
        )


def _senior(request: Request) -> Reviewer | None:
    people = Reviewer.objects.active().people()
    reviewer = people.filter(user_id=request.user.pk or 0).first()
    if reviewer is None or Grade(reviewer.grade) < Grade.SENIOR:
        return None
    return reviewer


def _adjudicated(record: Record) -> Verdict:
    rows = Verdict.objects.adjudicated().select_related("adjudicated_by")
    return get_object_or_404(rows, record=record)
