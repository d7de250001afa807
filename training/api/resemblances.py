"""Texts in two splits that resemble each other: all pairs that a build has met."""

from __future__ import annotations

from dataclasses import asdict
from typing import ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from training.api.datasets import DatasetView
from training.api.versions import ListSerializer, read_asked
from training.services.datasets import leakage


class ResemblanceList(DatasetView):
    """Pairs of one dataset, frozen or refused."""

    permissions: ClassVar[dict[str, str]] = {"GET": "training.view_dataset"}

    @extend_schema(
        operation_id="projects_datasets_resemblances",
        parameters=[ListSerializer],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, project: str, reference: str) -> Response:
        """List the pairs of texts in two splits, the nearest first, and count them."""
        asked = read_asked(ListSerializer, request)
        found = leakage.read_kept(self.dataset(reference, frozen_only=False))
        first = asked["skip"]
        pairs = found[first : first + asked["limit"]]
        return Response(
            {"count": len(found), "pairs": [asdict(pair) for pair in pairs]}
        )
