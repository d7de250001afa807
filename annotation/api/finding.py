"""Find records over HTTP: search, saved filters, and an export that can be resumed.

A filter has the names of the page's form. Search words are sent in a body, never in an
address: they may be ticket text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Any, ClassVar, cast

from django.contrib.auth.models import User
from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.project_views import ProjectView
from annotation.api.records import RecordSerializer
from annotation.domain.record_filter import RecordFilter
from annotation.models import Project, SavedFilter
from annotation.services import finding, record_export, saved_filters
from annotation.services.record_export import Format
from netft_site.base.refusals import Refused

READ = "annotation.view_record"
_PAGE = 100
_MOST = 500
_FILTER_HELP = (
    "words, external_id, state, category, vendor, kind, origin, source, batch, "
    "reviews_from, reviews_to, opened_from, opened_to, level, because"
)


class SearchSerializer(serializers.Serializer):
    """What to look for, and which page of it."""

    filter = serializers.DictField(default=dict, help_text=_FILTER_HELP)
    sort = serializers.ChoiceField(choices=["newest", "best"], default="newest")
    cursor = serializers.IntegerField(
        required=False, min_value=1, help_text="`next` of the page before."
    )
    page_size = serializers.IntegerField(default=_PAGE, min_value=1, max_value=_MOST)


class FoundSerializer(serializers.Serializer):
    """A page of records; `next` is null on the last one."""

    count = serializers.IntegerField()
    is_more = serializers.BooleanField(help_text="There are more than were counted.")
    words = serializers.CharField(help_text="What was looked for, sanitized.")
    next = serializers.IntegerField(allow_null=True)
    results = RecordSerializer(many=True)


class SavedFilterSerializer(serializers.ModelSerializer):
    """A filter under its name."""

    owner = serializers.CharField(source="owner.username")
    filter = serializers.DictField(source="query")

    class Meta:
        model = SavedFilter
        fields = ("id", "name", "filter", "owner", "is_shared", "created_at")


class SaveSerializer(serializers.Serializer):
    """A filter to keep; a name of one's own again replaces what it stood for."""

    name = serializers.CharField(max_length=200)
    filter = serializers.DictField(help_text=_FILTER_HELP)
    is_shared = serializers.BooleanField(default=False)


class ChangeSerializer(serializers.Serializer):
    """What to change of a filter of one's own."""

    name = serializers.CharField(max_length=200, required=False)
    is_shared = serializers.BooleanField(required=False)


def person(request: Request) -> User:
    """Return who asks: nobody anonymous comes this far."""
    return cast("User", request.user)


def filter_of(
    request: Request, project: Project, query: Mapping[str, object]
) -> RecordFilter:
    """Read a filter that this caller may use."""
    return finding.read_filter(project=project, user=person(request), query=query)


class SearchView(ProjectView):
    """Records by a filter."""

    permissions: ClassVar[dict[str, str]] = {"POST": READ}

    @extend_schema(
        operation_id="records_search",
        request=SearchSerializer,
        responses=FoundSerializer,
    )
    def post(self, request: Request, project: str) -> Response:
        """Find records, the newest or the best match first.

        Callers who may not see verdicts search what was known at opening.
        """
        asked = SearchSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        wanted = filter_of(request, self.project, given["filter"])
        user = person(request)
        found = finding.find(project=self.project, user=user, wanted=wanted)
        size = given["page_size"]
        if given["sort"] == "best" and wanted.words:
            best = finding.best(project=self.project, user=user, wanted=wanted)
            page = finding.Page(list(best[:size]), finding.count(found), False)
        else:
            page = finding.page(found, size=size, before=given.get("cursor"))
        rows, count = page.rows, page.count
        sees = finding.sees_later_facts(project=self.project, user=user)
        shown = RecordSerializer(rows, many=True, context={"with_later_facts": sees})
        return Response(
            {
                "count": count.value,
                "is_more": count.is_more,
                "words": wanted.words,
                "next": rows[-1].pk if page.has_older else None,
                "results": shown.data,
            }
        )


class SavedFilterListView(ProjectView):
    """One's own filters and those that colleagues share."""

    permissions: ClassVar[dict[str, str]] = {"GET": READ, "POST": READ}

    @extend_schema(
        operation_id="saved_filters_list",
        responses=SavedFilterSerializer(many=True),
    )
    def get(self, request: Request, project: str) -> Response:
        """List them by name."""
        rows = saved_filters.listed(project=self.project, user=person(request))
        return Response(SavedFilterSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="saved_filters_add",
        request=SaveSerializer,
        responses={201: SavedFilterSerializer},
    )
    def post(self, request: Request, project: str) -> Response:
        """Keep a filter under a name."""
        asked = SaveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        saved = saved_filters.save(
            project=self.project,
            owner=person(request),
            name=asked.validated_data["name"],
            wanted=filter_of(request, self.project, asked.validated_data["filter"]),
            is_shared=asked.validated_data["is_shared"],
        )
        return Response(SavedFilterSerializer(saved).data, status.HTTP_201_CREATED)


class SavedFilterView(ProjectView):
    """One saved filter."""

    permissions: ClassVar[dict[str, str]] = {"PATCH": READ, "DELETE": READ}

    @extend_schema(
        operation_id="saved_filters_change",
        request=ChangeSerializer,
        responses=SavedFilterSerializer,
    )
    def patch(self, request: Request, project: str, number: int) -> Response:
        """Rename or share a filter of one's own."""
        asked = ChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        saved = saved_filters.change(
            saved=self._saved(request, number),
            by=person(request),
            **asked.validated_data,
        )
        return Response(SavedFilterSerializer(saved).data)

    @extend_schema(operation_id="saved_filters_remove", responses={204: None})
    def delete(self, request: Request, project: str, number: int) -> Response:
        """Remove a filter of one's own, or, as a lead, a shared one."""
        saved_filters.remove(saved=self._saved(request, number), by=person(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _saved(self, request: Request, number: int) -> SavedFilter:
        rows = saved_filters.usable(project=self.project, user=person(request))
        return get_object_or_404(rows, pk=number)


class AnyContent(BaseContentNegotiation):
    """Whatever the caller accepts, the stream is NDJSON and an error is JSON."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> Any:
        return renderers[0], renderers[0].media_type


class ExportView(ProjectView):
    """The records of a filter as a stream."""

    permissions: ClassVar[dict[str, str]] = {"GET": record_export.PERMISSION}
    content_negotiation_class = AnyContent

    @extend_schema(
        operation_id="records_export",
        parameters=[
            OpenApiParameter("cursor", int, description="id of the last whole line."),
            OpenApiParameter("saved_filter", int, description="instead of a filter."),
            *(
                OpenApiParameter(name)
                for name in RecordFilter.__dataclass_fields__
                if name != "words"
            ),
        ],
        responses={
            (200, "application/x-ndjson"): OpenApiResponse(
                OpenApiTypes.STR, description="One JSON object a line, by id."
            )
        },
    )
    def get(self, request: Request, project: str) -> StreamingHttpResponse:
        """Stream records by id, one JSON object a line.

        A caller that was cut off asks again with `cursor` = the id of the last whole
        line. To export by words, save a filter and name it in `saved_filter`.
        """
        query = request.query_params.dict()
        after = _number(query.pop("cursor", "0"), "cursor")
        blocks = record_export.export(
            project=self.project,
            user=person(request),
            wanted=self._wanted(request, query),
            written_as=Format.JSONL,
            after=after,
        )
        return StreamingHttpResponse(
            _begun(blocks), content_type="application/x-ndjson"
        )

    def _wanted(self, request: Request, query: dict[str, str]) -> RecordFilter:
        if "words" in query:
            raise Refused(
                "words_in_address",
                "Search words do not travel in addresses: save a filter with them and "
                "name it in saved_filter.",
            )
        saved = query.pop("saved_filter", "")
        if not saved:
            return filter_of(request, self.project, query)
        if query:
            raise Refused("bad_filter", "A saved filter stands alone.")
        rows = saved_filters.usable(project=self.project, user=person(request))
        row = get_object_or_404(rows, pk=_number(saved, "saved_filter"))
        return finding.read_filter(
            project=self.project, user=person(request), query=row.query, was_kept=True
        )


def _begun(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Make the first block before the answer begins, so that a refusal is one."""
    return chain(list(islice(blocks, 1)), blocks)


def _number(text: str, name: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise Refused("bad_number", f"{name} is a whole number.")
    return int(text)
