"""The lines of a dataset as a stream, from any position."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, ClassVar

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request

from training.api.datasets import DatasetView, ExportRequestSerializer
from training.services.datasets import gating, resolving, streaming


class StreamRequestSerializer(ExportRequestSerializer):
    """What to stream, and how many rows the reader has already."""

    after = serializers.IntegerField(min_value=0, default=0)


class AnyContent(BaseContentNegotiation):
    """Whatever the caller accepts, the stream is NDJSON and an error is JSON."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> Any:
        return renderers[0], renderers[0].media_type


class DatasetStream(DatasetView):
    """The lines of one dataset."""

    permissions: ClassVar[dict[str, str]] = {"GET": "training.view_export"}
    content_negotiation_class = AnyContent

    @extend_schema(
        operation_id="projects_datasets_export",
        parameters=[StreamRequestSerializer],
        responses={
            (200, "application/x-ndjson"): OpenApiResponse(
                OpenApiTypes.STR, description="One JSON object a line."
            )
        },
    )
    def get(
        self, request: Request, project: str, reference: str
    ) -> StreamingHttpResponse:
        """Stream the rows of a frozen dataset in a format.

        A reader that was cut off asks again with `after` = the whole lines it has, and
        with the version that it was reading (`X-Dataset-Version`).
        """
        asked = StreamRequestSerializer(data=_known(request))
        asked.is_valid(raise_exception=True)
        dataset = self.dataset(reference)
        after = asked.validated_data["after"]
        if after and "@" not in reference:
            resolving.refuse_versions(dataset=dataset)
        wanted = {
            "format_name": asked.validated_data["format"],
            "split": asked.validated_data["split"],
        }
        streaming.check_stream(dataset=dataset, **wanted)
        streaming.verify_files(dataset=dataset, split=wanted["split"])
        lines = gating.checked_lines(dataset=dataset, after=after, **wanted)
        response = _stream(lines)
        total = streaming.count_rows(dataset=dataset, **wanted)
        response["X-Total-Rows"] = str(total)
        response["X-Dataset-Version"] = str(dataset.version)
        response["X-Dataset-SHA256"] = dataset.sha256
        return response


def _stream(lines: Iterator[bytes]) -> StreamingHttpResponse:
    """Check the first block before the answer begins.

    A later block that does not pass cuts the stream off; the next request says why.
    """
    first = list(islice(lines, 1))
    blocks = streaming.in_blocks(chain(first, lines))
    return StreamingHttpResponse(blocks, content_type="application/x-ndjson")


def _known(request: Request) -> dict[str, Any]:
    """The parameters of a stream; an absent one takes its default."""
    names = ("format", "split", "after")
    return {n: request.query_params[n] for n in names if n in request.query_params}
