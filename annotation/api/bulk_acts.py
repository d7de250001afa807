"""Acts on many records over HTTP: look, confirm with the number, and undo."""

from __future__ import annotations

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.finding import filter_of, person
from annotation.api.project_views import ProjectView
from annotation.models import BulkAct
from annotation.services import bulk_acts, bulk_orders, bulk_undoing, sending
from annotation.services.bulk_orders import KINDS, Order
from netft_site.base.refusals import Refused

LOOK, ACT, UNDO = (f"annotation.{verb}_bulkact" for verb in ("view", "add", "change"))
_CONFLICTS = frozenset(("count_changed", "at_work", "undone"))


class OrderSerializer(serializers.Serializer):
    """What to do with which records."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in KINDS])
    filter = serializers.DictField(help_text="As for a search; never empty.")
    reviews_wanted = serializers.IntegerField(
        required=False, allow_null=True, help_text="For OVERLAP."
    )
    sets_decisions_aside = serializers.BooleanField(
        default=False, help_text="For REQUEUE: what a senior decided as well."
    )


class ConfirmedSerializer(OrderSerializer):
    """An order with its reason and the number of records it was looked at for."""

    reason = serializers.CharField(max_length=1000)
    expected_count = serializers.IntegerField(min_value=0)


class PreviewSerializer(serializers.Serializer):
    """What an order would change and what it would leave alone."""

    matched = serializers.IntegerField()
    count = serializers.IntegerField()
    held = serializers.IntegerField()
    flagged = serializers.IntegerField()
    decided = serializers.IntegerField()
    reference = serializers.IntegerField()
    already = serializers.IntegerField()
    seated = serializers.IntegerField()


class BulkActSerializer(serializers.ModelSerializer):
    """An act, how far it is, and what undoing it did."""

    filter = serializers.DictField(source="query")
    reviews_wanted = serializers.IntegerField(source="value", allow_null=True)
    by = serializers.CharField(source="by.username")
    undone_by = serializers.CharField(
        source="undone_by.username", allow_null=True, default=None
    )

    class Meta:
        model = BulkAct
        fields = (
            "id",
            "kind",
            "filter",
            "reviews_wanted",
            "sets_decisions_aside",
            "reason",
            "status",
            "total",
            "count",
            "restored",
            "left_alone",
            "by",
            "at",
            "undone_by",
            "undone_at",
        )


class SeniorsSerializer(serializers.Serializer):
    """Settled records that a senior shall look at, and why."""

    records = serializers.ListField(
        child=serializers.IntegerField(min_value=1),
        min_length=1,
        max_length=sending.MOST_AT_ONCE,
    )
    reason = serializers.CharField(max_length=1000)


class SentSerializer(serializers.Serializer):
    """The act, and why the other records were left alone, to how many."""

    act = BulkActSerializer()
    left_alone = serializers.DictField(child=serializers.IntegerField())


class BulkPages(CursorPagination):
    """The newest act first."""

    ordering = "-id"
    page_size = 50


class BulkView(ProjectView):
    """The base: what changed meanwhile is a conflict."""

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Refused) and exc.code in _CONFLICTS:
            return Response(exc.as_dict(), status.HTTP_409_CONFLICT)
        return super().handle_exception(exc)

    def order(self, request: Request, given: dict[str, Any]) -> Order:
        """Return what a body asks for."""
        return Order(
            kind=given["kind"],
            wanted=filter_of(request, self.project, given["filter"]),
            reviews_wanted=given.get("reviews_wanted"),
            sets_decisions_aside=given["sets_decisions_aside"],
        )


class BulkActListView(BulkView):
    """The acts of a project; POST does one."""

    permissions: ClassVar[dict[str, str]] = {"GET": LOOK, "POST": ACT}

    @extend_schema(
        operation_id="bulk_acts_list",
        parameters=[OpenApiParameter("cursor", description="from next or previous")],
        responses=BulkActSerializer(many=True),
    )
    def get(self, request: Request, project: str) -> Response:
        """List acts, the newest first, fifty a page."""
        pages = BulkPages()
        rows = BulkAct.objects.of(self.project).select_related("by", "undone_by")
        page = pages.paginate_queryset(rows, request, view=self)
        return pages.get_paginated_response(BulkActSerializer(page, many=True).data)

    @extend_schema(
        operation_id="bulk_acts_start",
        request=ConfirmedSerializer,
        responses={
            201: OpenApiResponse(BulkActSerializer, "Done."),
            202: OpenApiResponse(BulkActSerializer, "More than 2,000: in the queue."),
            409: OpenApiResponse(None, "Another number of records by now."),
        },
    )
    def post(self, request: Request, project: str) -> Response:
        """Exclude, requeue or raise the overlap of all records of a filter.

        `expected_count` is the `count` of a preview.
        """
        asked = ConfirmedSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        act = bulk_acts.start(
            project=self.project,
            by=person(request),
            order=self.order(request, asked.validated_data),
            reason=asked.validated_data["reason"],
            expected_count=asked.validated_data["expected_count"],
            now=timezone.now(),
        )
        code = status.HTTP_202_ACCEPTED if act.is_at_work else status.HTTP_201_CREATED
        return Response(BulkActSerializer(act).data, code)


class BulkPreviewView(BulkView):
    """What an act would do."""

    permissions: ClassVar[dict[str, str]] = {"POST": ACT}

    @extend_schema(
        operation_id="bulk_acts_preview",
        request=OrderSerializer,
        responses=PreviewSerializer,
    )
    def post(self, request: Request, project: str) -> Response:
        """Count what would change; nothing changes."""
        asked = OrderSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        seen = bulk_orders.preview(
            project=self.project,
            by=person(request),
            order=self.order(request, asked.validated_data),
            now=timezone.now(),
        )
        return Response(PreviewSerializer(seen).data)


class SeniorsView(BulkView):
    """Asks the seniors about settled records."""

    permissions: ClassVar[dict[str, str]] = {"POST": ACT}

    @extend_schema(
        operation_id="bulk_acts_seniors",
        request=SeniorsSerializer,
        responses={201: SentSerializer},
    )
    def post(self, request: Request, project: str) -> Response:
        """Send settled records to the seniors; each stays as it is till one decides."""
        asked = SeniorsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        sent = sending.send(
            project=self.project,
            record_ids=asked.validated_data["records"],
            by=person(request),
            reason=asked.validated_data["reason"],
            now=timezone.now(),
        )
        return Response(SentSerializer(sent).data, status.HTTP_201_CREATED)


class BulkActView(BulkView):
    """One act."""

    permissions: ClassVar[dict[str, str]] = {"GET": LOOK}

    @extend_schema(operation_id="bulk_acts_read", responses=BulkActSerializer)
    def get(self, request: Request, project: str, number: int) -> Response:
        """Read an act and how far it is."""
        act = get_object_or_404(BulkAct.objects.of(self.project), pk=number)
        return Response(BulkActSerializer(act).data)


class BulkUndoView(BulkView):
    """Takes an act back."""

    permissions: ClassVar[dict[str, str]] = {"POST": UNDO}

    @extend_schema(
        operation_id="bulk_acts_undo",
        request=None,
        responses={200: BulkActSerializer, 202: BulkActSerializer},
    )
    def post(self, request: Request, project: str, number: int) -> Response:
        """Restore the records that nobody changed since; `left_alone` says the rest."""
        act = get_object_or_404(BulkAct.objects.of(self.project), pk=number)
        act = bulk_undoing.start(act_id=act.pk, by=person(request), now=timezone.now())
        code = status.HTTP_202_ACCEPTED if act.is_at_work else status.HTTP_200_OK
        return Response(BulkActSerializer(act).data, code)
