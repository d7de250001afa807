"""Records over HTTP: add one or many, list, read.

Text is sanitized before it is stored, whatever door it comes through. Adding is
idempotent: the same record again answers `duplicate` with the id it has. What became
known only after opening is given to those who may see verdicts, and to nobody else;
the others are told LABELING where a finer state would tell gold from open records.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers, status
from rest_framework.exceptions import ParseError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.project_views import ProjectView
from annotation.domain.importing.fields import SYNONYMS
from annotation.domain.shown_state import LABELING, shown_state
from annotation.models import Record
from annotation.services import finding, importing
from netft_site.base.refusals import Refused

BULK_LIMIT = 1000
LATER_FACTS = ("thread", "resolution")
_FIELDS = frozenset(name for name in SYNONYMS if "." not in name)
_STATUS_CODES = {
    importing.RowStatus.IMPORTED: status.HTTP_201_CREATED,
    importing.RowStatus.HELD: status.HTTP_202_ACCEPTED,
    importing.RowStatus.DUPLICATE: status.HTTP_200_OK,
    importing.RowStatus.REJECTED: status.HTTP_400_BAD_REQUEST,
}


class ThreadEntrySerializer(serializers.Serializer):
    """One later update of a ticket."""

    text = serializers.CharField()
    at = serializers.DateTimeField(required=False, allow_null=True)
    role = serializers.CharField(required=False)
    private = serializers.BooleanField(required=False)


class RecordInSerializer(serializers.Serializer):
    """A record to add. A title or a body is needed; the rest is optional."""

    external_id = serializers.CharField(required=False, help_text="Derived if absent.")
    title = serializers.CharField(required=False)
    body = serializers.CharField(required=False)
    thread = ThreadEntrySerializer(many=True, required=False)
    resolution = serializers.CharField(required=False)
    category = serializers.CharField(required=False, max_length=80)
    vendor = serializers.CharField(required=False, max_length=80)
    device_type = serializers.CharField(required=False, max_length=80)
    site = serializers.CharField(required=False, max_length=120)
    opened_at = serializers.DateTimeField(required=False)
    incident_key = serializers.CharField(required=False)
    worked_by = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="Names of reviewers who worked it; they do not label it.",
    )
    attributes = serializers.DictField(required=False)


class OutcomeSerializer(serializers.Serializer):
    """What became of one record."""

    status = serializers.ChoiceField([one.value for one in importing.RowStatus])
    external_id = serializers.CharField()
    id = serializers.IntegerField(source="record_id", allow_null=True)
    field = serializers.CharField(source="column")
    reason = serializers.CharField()


class BulkOutcomeSerializer(serializers.Serializer):
    """What became of many, in the order they were sent."""

    counts = serializers.DictField(child=serializers.IntegerField())
    results = OutcomeSerializer(many=True)


class RecordSerializer(serializers.ModelSerializer):
    """A stored record; all text is sanitized text.

    To callers who do not read verdicts `state` is HELD, LABELING, EXCLUDED or
    REFERENCE.
    """

    state = serializers.SerializerMethodField()

    class Meta:
        model = Record
        fields = (
            "id",
            "external_id",
            "kind",
            "origin",
            "state",
            "title",
            "body",
            "thread",
            "resolution",
            "category",
            "vendor",
            "device_type",
            "site",
            "opened_at",
            "attributes",
            "incident_key",
            "near_duplicate_of",
            "reviews_wanted",
            "created_at",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField([*Record.State.values, LABELING]))
    def get_state(self, record: Record) -> str:
        return shown_state(record.state, reads_verdicts=self._reads_verdicts)

    @property
    def _reads_verdicts(self) -> bool:
        return bool(self.context.get("with_later_facts", False))

    def get_fields(self) -> dict[str, serializers.Field]:
        fields = super().get_fields()
        if not self._reads_verdicts:
            for name in LATER_FACTS:
                fields.pop(name)
        return fields


class RecordPagination(CursorPagination):
    """By id, so that a page never shifts while records arrive."""

    ordering = "id"
    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 500


_KIND = OpenApiParameter("kind", enum=Record.Kind.values, default="TICKET")
_ORIGIN = OpenApiParameter("origin", enum=Record.Origin.values, default="REAL")
_FILTERS = ("external_id", "category")
_STATE = OpenApiParameter(
    "state",
    description="One or several by commas. LABELING stands for OPEN, CONTESTED and "
    "SETTLED; callers who do not read verdicts ask for HELD, LABELING, EXCLUDED and "
    "REFERENCE.",
)


class RecordListView(ProjectView):
    """The records of a project."""

    permissions: ClassVar[dict[str, str]] = {
        "GET": "annotation.view_record",
        "POST": "annotation.add_record",
    }

    @extend_schema(
        operation_id="records_list",
        parameters=[
            _STATE,
            *(OpenApiParameter(name) for name in (*_FILTERS, "cursor")),
        ],
        responses=RecordSerializer(many=True),
    )
    def get(self, request: Request, project: str) -> Response:
        """List records, oldest first, 100 a page."""
        records = Record.objects.of(self.project)
        for name in _FILTERS:
            if value := request.query_params.get(name):
                records = records.filter(**{name: value})
        if states := self._states(request):
            records = records.filter(state__in=states)
        pagination = RecordPagination()
        page = pagination.paginate_queryset(records, request, view=self)
        shown = RecordSerializer(page, many=True, context=_context(self, request))
        return pagination.get_paginated_response(shown.data)

    def _states(self, request: Request) -> tuple[str, ...]:
        """Return the states asked for, if this caller may ask for them."""
        query = {"state": request.query_params.get("state", "")}
        asked = finding.read_filter(
            project=self.project, user=request.user, query=query
        )
        return asked.state

    @extend_schema(
        operation_id="records_add",
        parameters=[_KIND, _ORIGIN],
        request=PolymorphicProxySerializer(
            component_name="RecordOrRecords",
            serializers=[RecordInSerializer, RecordInSerializer(many=True)],
            resource_type_field_name=None,
        ),
        responses={
            200: OpenApiResponse(
                BulkOutcomeSerializer, "A list was sent: one result for each record."
            ),
            201: OpenApiResponse(OutcomeSerializer, "One record was sent and stored."),
            202: OpenApiResponse(OutcomeSerializer, "Stored, held by the sanitizer."),
            400: OpenApiResponse(OutcomeSerializer, "Rejected, with the reason."),
        },
    )
    def post(self, request: Request, project: str) -> Response:
        """Add one record, or a list of at most 1,000.

        Sending a record again adds nothing.
        """
        data = _body(request)
        rows = data if isinstance(data, list) else [data]
        _check(rows)
        outcomes = importing.add(
            project=self.project,
            rows=rows,
            now=timezone.now(),
            user=request.user if request.user.is_authenticated else None,
            kind=_choice(request, "kind", Record.Kind),
            origin=_choice(request, "origin", Record.Origin),
            as_batch=isinstance(data, list),
        )
        if isinstance(data, list):
            payload = {"counts": importing.tally(outcomes), "results": outcomes}
            return Response(BulkOutcomeSerializer(payload).data)
        only = outcomes[0]
        return Response(OutcomeSerializer(only).data, _STATUS_CODES[only.status])


class RecordView(ProjectView):
    """One record."""

    permissions: ClassVar[dict[str, str]] = {"GET": "annotation.view_record"}

    @extend_schema(operation_id="records_read", responses=RecordSerializer)
    def get(self, request: Request, project: str, record: int) -> Response:
        """Read a record by its id."""
        found = get_object_or_404(Record.objects.of(self.project), pk=record)
        context = _context(self, request)
        return Response(RecordSerializer(found, context=context).data)


def _context(view: ProjectView, request: Request) -> dict[str, bool]:
    may_see = request.user.has_perm("annotation.view_verdict", view.project)
    return {"with_later_facts": may_see}


def _body(request: Request) -> Any:
    """Return the parsed body; what would not fit into memory is not read."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
        raise Refused("too_large", f"A call may have {limit >> 20} MiB.")
    try:
        return request.data
    except RecursionError:
        raise ParseError("The JSON is nested too deeply.") from None


def _check(rows: list[Any]) -> None:
    if not 1 <= len(rows) <= BULK_LIMIT:
        raise Refused("bad_count", f"Send between 1 and {BULK_LIMIT:,} records.")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            raise Refused("not_an_object", f"Record {number} is not a JSON object.")
        unknown = [name for name in row if name not in _FIELDS]
        if unknown:
            raise Refused(
                "unknown_field",
                f"Record {number} has an unknown field{_named(unknown)}.",
            )


def _named(unknown: list[str]) -> str:
    """Name a field that looks like one; anything else may be ticket text."""
    plain = [name for name in unknown if re.fullmatch(r"[a-z_]{1,30}", name)]
    return f": {plain[0]}" if plain else ""


def _choice(request: Request, name: str, choices: Any) -> str:
    value = request.query_params.get(name, choices.values[0])
    if value not in choices.values:
        raise Refused(f"bad_{name}", f"{name} is one of {', '.join(choices.values)}.")
    return str(value)
