"""What the desk's routes read and write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from annotation.models import Claim, Review, ShiftNote
from annotation.services.answers import Answer
from annotation.services.drafting import Typed
from annotation.services.reviewing import LATER
from annotation.services.suggesting import suggestion_for
from annotation.services.waiting import QueueState

_RECORD = (
    "external_id",
    "kind",
    "title",
    "body",
    "category",
    "vendor",
    "device_type",
    "site",
    "opened_at",
)


class WishSerializer(serializers.Serializer):
    """Which records one wants to be served; all are optional."""

    category = serializers.CharField(required=False, allow_blank=True, max_length=80)
    vendor = serializers.CharField(required=False, allow_blank=True, max_length=80)
    batch = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=10**18
    )


class AnswerSerializer(serializers.Serializer):
    """An answer from a seat."""

    claim = serializers.IntegerField(min_value=1, max_value=2**62)
    status = serializers.ChoiceField(
        ["SUBMITTED", "SKIPPED", "UNSURE"], default="SUBMITTED"
    )
    severity = serializers.CharField(default="", allow_blank=True, max_length=40)
    root_cause = serializers.CharField(default="", allow_blank=True, max_length=80)
    response = serializers.CharField(default="", allow_blank=True)
    confidence = serializers.IntegerField(default=None, allow_null=True)
    reason = serializers.CharField(default="", allow_blank=True)
    seconds_spent = serializers.IntegerField(
        default=None, allow_null=True, min_value=0, max_value=2**31 - 1
    )
    next = serializers.BooleanField(default=False)
    wish = WishSerializer(required=False)

    @staticmethod
    def answer(checked: Mapping[str, Any]) -> tuple[int, Answer]:
        """Return the seat's id and the answer in the service's words."""
        data = dict(checked)
        data.pop("next")
        data.pop("wish", None)
        return data.pop("claim"), Answer(**data, source=Review.Source.API)

    @staticmethod
    def shown(review: Review) -> dict[str, Any]:
        """Return a stored answer of the caller's own."""
        names = ("status", "severity", "root_cause", "response", "confidence", "reason")
        found = {name: getattr(review, name) for name in names}
        return {"id": review.pk, "submitted_at": review.submitted_at, **found}


WISH, ANSWER = WishSerializer(), AnswerSerializer()
"""Forms of the routes that are called all day: made once, as they keep no state.

Their ``run_validation`` returns what was checked, and raises as ``is_valid`` does.
"""


class UndoSerializer(serializers.Serializer):
    """Which answer is meant; without it, the last one."""

    review = serializers.IntegerField(
        default=None, allow_null=True, min_value=1, max_value=2**62
    )


class RevealSerializer(serializers.Serializer):
    """The severity that is fixed before what came later is shown."""

    severity = serializers.CharField(max_length=40)


class FlagSerializer(serializers.Serializer):
    """What seems to be in the open; described, not quoted."""

    reason = serializers.CharField(max_length=200)


class DraftSerializer(serializers.Serializer):
    """A draft: the fields typed, and the version they are based on."""

    version = serializers.IntegerField(min_value=0, max_value=2**31 - 2)
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.CharField(allow_blank=True), allow_empty=True
    )

    @staticmethod
    def shown(typed: Typed) -> dict[str, Any]:
        """Return a stored draft."""
        return {
            "version": typed.version,
            "fields": dict(typed.fields),
            "updated_at": typed.updated_at,
        }


class NoteSerializer(serializers.ModelSerializer):
    """A note for those who go on."""

    reviewer = serializers.CharField(source="reviewer.name", read_only=True)

    class Meta:
        model = ShiftNote
        fields = ("note", "reviewer", "at")
        read_only_fields = ("at",)
        extra_kwargs = {"note": {"allow_blank": True}}


class PauseSerializer(serializers.Serializer):
    """Why nobody is served; empty to go on."""

    because = serializers.CharField(allow_blank=True, max_length=200)


def seat_json(claim: Claim) -> dict[str, Any]:
    """Return a seat with its record, as far as its holder may see it."""
    record = claim.record
    shown = {name: getattr(record, name) for name in _RECORD}
    if claim.revealed_at is not None:
        shown |= {name: getattr(record, name) for name in LATER}
    found = suggestion_for(claim) if claim.suggested else None
    return {
        "claim": claim.pk,
        "expires_at": claim.expires_at,
        "because": claim.because,
        "severity": claim.severity or None,
        "record": {"id": record.pk, **shown},
        "suggestion": found
        and {
            "source": found.source,
            "severity": found.severity,
            "probabilities": found.probabilities,
        },
    }


def state_json(state: QueueState, *, exactly: bool) -> dict[str, Any]:
    """Return what waits for the caller; exactly for those who read verdicts."""
    return dict(vars(state.told(exactly=exactly)))
