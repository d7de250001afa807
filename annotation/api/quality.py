"""Quality, progress and gold over HTTP: the figures of the pages, with intervals.

A reviewer reads their own figures; those who may read reviews read everybody's. The
same things stay hidden as on the pages: what peers said of open records, who they are,
and which records are gold.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar, cast

from django.contrib.auth.models import User
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.project_views import ProjectView
from annotation.domain.reviewer_habits import GoldRecord, gold_accuracy
from annotation.models import Gold, Project, Reviewer
from annotation.services import gold, progress, quality


class QualityView(ProjectView):
    """How one reviewer labels."""

    permissions: ClassVar[dict[str, str]] = {"GET": "annotation.view_project"}

    @extend_schema(operation_id="reviewers_quality", responses=serializers.DictField())
    def get(self, request: Request, project: str, reviewer: int) -> Response:
        """Read a reviewer's figures: one's own, or anybody's with the right to."""
        sight = quality.sight_of(request.user, self.project)
        known = Reviewer.objects.known_in(self.project)
        person = get_object_or_404(known, pk=reviewer)
        if not (sight.names_peers or person.user_id == request.user.pk):
            raise PermissionDenied
        found = quality.report_on(
            project=self.project, reviewer=person, sight=sight, now=timezone.now()
        )
        return Response(_report_json(self.project, found))


class ProgressView(ProjectView):
    """How far the project is."""

    @extend_schema(operation_id="progress_read", responses=serializers.DictField())
    def get(self, request: Request, project: str) -> Response:
        """Read counts, the work of the last 30 days and the forecast."""
        if not progress.may_see(request.user, self.project):
            raise PermissionDenied
        found = progress.seen_by(
            user=request.user, project=self.project, now=timezone.now()
        )
        return Response(_progress_json(found))


class GoldInSerializer(serializers.Serializer):
    """Records to make gold; severity and root cause are those of their verdicts."""

    records = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**62)
    )
    reason = serializers.CharField(required=False, allow_blank=True, default="")


class GoldPagination(CursorPagination):
    """Newest first."""

    ordering = "-id"
    page_size = 100


class GoldListView(ProjectView):
    """The gold records of a project, with how each was answered."""

    permissions: ClassVar[dict[str, str]] = {
        "GET": "annotation.view_gold",
        "POST": "annotation.add_gold",
    }

    @extend_schema(
        operation_id="gold_list",
        parameters=[OpenApiParameter("cursor")],
        responses=serializers.DictField(),
    )
    def get(self, request: Request, project: str) -> Response:
        """List gold records, newest first, 100 a page."""
        rows = gold.figures(project=self.project).select_related("record")
        pages = GoldPagination()
        page = pages.paginate_queryset(rows, request, view=self) or []
        return pages.get_paginated_response([_gold_json(row) for row in page])

    @extend_schema(
        operation_id="gold_add",
        request=GoldInSerializer,
        responses={201: serializers.DictField()},
    )
    def post(self, request: Request, project: str) -> Response:
        """Make gold of settled records whose answer is sure."""
        asked = GoldInSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made = gold.add(
            project=self.project,
            record_ids=asked.validated_data["records"],
            reason=asked.validated_data["reason"],
            by=cast(User, request.user),
            now=timezone.now(),
        )
        ids = [one.pk for one in made]
        return Response({"added": len(ids), "ids": ids}, status.HTTP_201_CREATED)


class GoldTurnView(ProjectView):
    """Retires a gold record, or uses it again."""

    permissions: ClassVar[dict[str, str]] = {"POST": "annotation.change_gold"}
    active = False

    @extend_schema(
        operation_id="gold_turn", request=None, responses=serializers.DictField()
    )
    def post(self, request: Request, project: str, gold_id: int) -> Response:
        """Retire or restore; doing it again changes nothing."""
        row = get_object_or_404(Gold, pk=gold_id, record__project=self.project)
        if self.active:
            gold.restore(gold=row)
        else:
            gold.retire(gold=row)
        return Response({"id": row.pk, "is_active": self.active})


def _report_json(project: Project, found: quality.ReviewerReport) -> dict[str, Any]:
    pace = found.pace
    return {
        "reviewer": {"id": found.reviewer.pk, "name": found.reviewer.name},
        **_beside_json(found.beside),
        "agreement_random_sample": found.random.as_dict(),
        "drift": found.drift.as_dict(),
        "months": [
            {
                "month": one.name,
                "agreement": one.agreement.as_dict(),
                "bias": one.bias.as_dict(),
            }
            for one in found.months
        ],
        "confusion": {
            "levels": list(project.scale.keys),
            "counts": found.confusion.counts,
            "rows": "reference",
            "without_reference": found.confusion.without_reference,
        },
        "seconds": pace.median.as_dict(),
        "seconds_of_project": pace.project.as_dict(),
        "very_quick": pace.quick_count,
        "gold": found.gold.as_dict(),
        "repeats": {
            "exact": found.repeats.exact.as_dict(),
            "weighted": found.repeats.weighted.as_dict(),
            "median_days": found.repeats.median_days,
        },
        "gold_and_repeats_until": found.hidden_from,
        "peers": [
            {"name": pair.peer, **_beside_json(pair.figures)} for pair in found.pairs
        ],
        "examples": [_example_json(one) for one in found.examples],
    }


def _beside_json(figures: quality.Beside) -> dict[str, Any]:
    return {
        "records": figures.n,
        "agreement": figures.exact.as_dict(),
        "weighted": figures.weighted.as_dict(),
        "bias": figures.bias.as_dict(),
    }


def _example_json(one: quality.Example) -> dict[str, Any]:
    said = [
        {"severity": level, **({"reviewer": name} if name else {})}
        for name, level in one.said
    ]
    return {
        "record": one.record.pk,
        "external_id": one.record.external_id,
        "own": one.own,
        "reference": one.reference,
        "peers": said,
    }


def _progress_json(found: progress.Progress) -> dict[str, Any]:
    done = found.done_on
    return {
        "states": found.states,
        "is_rounded": found.is_rounded,
        "answers": {
            "wanted": found.wanted,
            "given": found.given,
            "remaining": found.remaining,
        },
        "days": found.days,
        "people": [_work_json(work) for work in found.people],
        "team": _work_json(found.team),
        "contested_since": found.contested_since,
        "oldest_open": found.oldest and found.oldest.pk,
        "forecast": {
            **asdict(found.forecast),
            "done_on": done
            and {"date": done[0], "earliest": done[1], "latest": done[2]},
        },
        "minutes_needed": found.minutes.as_dict(),
        "seconds": found.pace.as_dict(),
    }


def _work_json(work: progress.Work) -> dict[str, Any]:
    return {
        "name": work.name,
        "reviewer": work.reviewer_id,
        "answers_per_day": work.per_day,
        "today": work.today,
        "seven_days": work.week,
        "active_hours_seven_days": round(work.week_hours, 2),
        "open_seats": work.seats,
    }


def _gold_json(row: Any) -> dict[str, Any]:
    return {
        "id": row.pk,
        "record": row.record_id,
        "external_id": row.record.external_id,
        "severity": row.severity,
        "root_cause": row.root_cause,
        "reason": row.reason,
        "is_active": row.is_active,
        "right": gold_accuracy(row.right, row.answered).as_dict(),
        "check_the_gold": GoldRecord(row.right, row.answered).is_doubtful,
        "verdict_now": row.verdict_now,
    }
