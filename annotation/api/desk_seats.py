"""One seat at the label desk over HTTP: kept, left, its later facts, draft and flag."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.desk import DeskView
from annotation.api.desk_forms import (
    DraftSerializer,
    FlagSerializer,
    RevealSerializer,
    WishSerializer,
    seat_json,
)
from annotation.models import Project
from annotation.services import drafting, flagging, reviewing, seating


class SeatView(DeskView):
    """One seat: kept, or given back."""

    @extend_schema(operation_id="desk_renew", request=None, responses=WishSerializer)
    def post(self, request: Request, project: str, seat: int) -> Response:
        """Keep the seat for another lease; 410 when it is gone.

        ``taken_away`` says then whether its record has left the queue.
        """
        where = self._where(seat)
        until = seating.renew(**where, now=timezone.now())
        if until is not None:
            return Response({"expires_at": until})
        gone = seating.is_taken_away(**where)
        facts = {"expires_at": None, "taken_away": gone}
        return Response(facts, status.HTTP_410_GONE)

    @extend_schema(operation_id="desk_release", responses={204: None})
    def delete(self, request: Request, project: str, seat: int) -> Response:
        """Give the seat back without an answer; a draft is kept."""
        seating.release(**self._where(seat))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _where(self, seat: int) -> dict[str, Any]:
        return {"claim_id": seat, "reviewer": self.reviewer, "project": self.project}


class RevealView(DeskView):
    """What became known after opening."""

    @extend_schema(
        operation_id="desk_reveal",
        request=RevealSerializer,
        responses=serializers.DictField(),
    )
    def post(self, request: Request, project: str, seat: int) -> Response:
        """Fix the severity and read the thread and the resolution."""
        form = RevealSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        claim = reviewing.reveal(
            claim_id=self.seat(seat).pk,
            reviewer=self.reviewer,
            severity=form.validated_data["severity"],
            now=timezone.now(),
        )
        return Response({"seat": seat_json(claim)})


class DraftView(DeskView):
    """What was typed at a seat and not sent yet."""

    @extend_schema(operation_id="desk_draft_read", responses=DraftSerializer)
    def get(self, request: Request, project: str, seat: int) -> Response:
        """Read the draft; version 0 is none."""
        typed = drafting.load(claim=self.seat(seat))
        return Response(DraftSerializer.shown(typed))

    @extend_schema(
        operation_id="desk_draft_save",
        request=DraftSerializer,
        responses={200: DraftSerializer, 409: DraftSerializer},
    )
    def put(self, request: Request, project: str, seat: int) -> Response:
        """Save it over the version it was based on; 409 with both if it is stale.

        410 once the answer from this seat is in. In a closed project it is kept all
        the same, and the answer is 409.
        """
        form = DraftSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        claim = self.seat(seat)
        if claim.is_done:
            return Response({"version": None}, status.HTTP_410_GONE)
        version = drafting.save(
            claim=claim,
            fields=form.validated_data["fields"],
            version=form.validated_data["version"],
            now=timezone.now(),
        )
        return Response({"version": version})

    def keep_typed(
        self, request: Request, closed: Project, **kwargs: Any
    ) -> int | None:
        form = DraftSerializer(data=request.data)
        if request.method != "PUT" or not form.is_valid():
            return None
        return drafting.keep_from_seat(
            project=closed,
            user=request.user,
            claim_id=kwargs["seat"],
            now=timezone.now(),
            **form.validated_data,
        )


class FlagView(DeskView):
    """Something in the ticket should have been hidden."""

    @extend_schema(
        operation_id="desk_flag",
        request=FlagSerializer,
        responses=serializers.DictField(),
    )
    def post(self, request: Request, project: str, seat: int) -> Response:
        """Take the record out of the queue until its sanitizing was looked at."""
        form = FlagSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        record = flagging.flag(
            claim_id=self.seat(seat).pk,
            reviewer=self.reviewer,
            reason=form.validated_data["reason"],
            now=timezone.now(),
        )
        return Response({"record": record.pk, "state": record.state})
