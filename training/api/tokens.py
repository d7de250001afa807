"""Token counts of a dataset over HTTP."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from training.api.datasets import DatasetView
from training.api.versions import read_asked
from training.services import base_models
from training.services.datasets import token_counting


class TokensRequestSerializer(serializers.Serializer):
    """Whose tokenizer counts."""

    base_model = serializers.CharField(
        default="", allow_blank=True, help_text="Without it, an estimate."
    )


class DatasetTokens(DatasetView):
    """How long the examples of a dataset are in tokens."""

    permissions: ClassVar[dict[str, str]] = {"GET": "training.view_dataset"}

    @extend_schema(
        operation_id="projects_datasets_tokens",
        parameters=[TokensRequestSerializer],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, project: str, reference: str) -> Response:
        """Count for a moment and say what is counted; ask until all `examples` are."""
        name = read_asked(TokensRequestSerializer, request)["base_model"]
        base = base_models.resolve_base_model(name) if name else None
        found = token_counting.count(
            dataset=self.dataset(reference),
            base=base,
            seconds=token_counting.AT_ONCE,
        )
        return Response(found.as_dict())
