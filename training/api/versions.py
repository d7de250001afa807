"""What differs between two versions, and which labels were overturned since."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from netft_site.base.refusals import Refused
from training.api.datasets import DatasetView
from training.domain.version_diff import Kind, Page
from training.models import Dataset
from training.services.datasets import comparing, stale

MOST_LISTED = 1000


class ListSerializer(serializers.Serializer):
    """Which stretch of a list is wanted."""

    skip = serializers.IntegerField(min_value=0, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=MOST_LISTED, default=100)


class DiffRequestSerializer(ListSerializer):
    """Against which dataset, and which changes are listed."""

    before = serializers.CharField(
        default="", help_text="NAME[@VERSION]; the version before, without it"
    )
    kind = serializers.ChoiceField(
        choices=[kind.value for kind in Kind], default="", allow_blank=True
    )


class DatasetDiff(DatasetView):
    """A dataset against an earlier one."""

    permissions: ClassVar[dict[str, str]] = {"GET": "training.view_example"}

    @extend_schema(
        operation_id="projects_datasets_diff",
        parameters=[DiffRequestSerializer],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, project: str, reference: str) -> Response:
        """Say what was added, removed, relabelled or moved since another version."""
        asked = read_asked(DiffRequestSerializer, request)
        after = self.dataset(reference)
        before = self._before(after, asked["before"])
        kinds = frozenset({Kind(asked["kind"])}) if asked["kind"] else frozenset()
        page = Page(kinds, asked["skip"], asked["limit"])
        found = comparing.compare_versions(before=before, after=after, page=page)
        return Response(found.as_dict())

    def _before(self, after: Dataset, reference: str) -> Dataset:
        if reference:
            return self.dataset(reference)
        found = comparing.previous_version(after)
        if found is None:
            raise Refused("no_earlier_version", f"{after} has no version before it.")
        return found


class StaleLabelList(DatasetView):
    """Labels of a dataset that were overturned since."""

    permissions: ClassVar[dict[str, str]] = {"GET": "training.view_example"}

    @extend_schema(
        operation_id="projects_datasets_stale_labels",
        parameters=[ListSerializer],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, project: str, reference: str) -> Response:
        """List examples whose verdict says otherwise now; needs view_verdict, too."""
        if not request.user.has_perm("annotation.view_verdict", self.project):
            self.permission_denied(request)
        asked = read_asked(ListSerializer, request)
        found = stale.find(
            dataset=self.dataset(reference), skip=asked["skip"], size=asked["limit"]
        )
        return Response(found.as_dict())


def read_asked(kind: type[serializers.Serializer], request: Request) -> dict[str, Any]:
    """The parameters of an address; an absent one takes its default."""
    asked = kind(data=request.query_params.dict())
    asked.is_valid(raise_exception=True)
    found: dict[str, Any] = asked.validated_data
    return found
