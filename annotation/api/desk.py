"""The label desk over HTTP: a seat, its ticket, an answer, and the next seat.

Everything the desk's page does can be done here by the same rules: blind, one seat at
a time, as-of opening. These routes are not throttled: an answer needs a seat.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.desk_forms import (
    ANSWER,
    WISH,
    AnswerSerializer,
    DraftSerializer,
    NoteSerializer,
    PauseSerializer,
    UndoSerializer,
    WishSerializer,
    seat_json,
    state_json,
)
from annotation.api.project_views import ProjectView
from annotation.domain.queue import Wish
from annotation.models import Claim, Project, Record, Reviewer
from annotation.services import (
    drafting,
    labeling,
    pausing,
    queueing,
    reviewing,
    seating,
    taking_back,
    waiting,
)
from annotation.services.answers import AnsweredOtherwise
from netft_site.base.chance import draw
from netft_site.base.refusals import Refused

LABEL = "annotation.add_review"


class DeskView(ProjectView):
    """The base of the desk's routes: who labels."""

    throttle_classes = ()
    permissions = {"GET": LABEL, "POST": LABEL, "PUT": LABEL, "DELETE": LABEL}
    reviewer: Reviewer

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # A token brings its reviewer along.
        reviewer: Reviewer | None = getattr(request.user, "reviewer", None)
        if reviewer is None:
            raise Refused("no_reviewer", "You are not set up as a reviewer.")
        if not reviewer.is_active:
            raise Refused(
                "no_reviewer",
                "You were deactivated as a reviewer. A lead can make you active again.",
            )
        self.reviewer = reviewer

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, AnsweredOtherwise):
            facts = {"stored": AnswerSerializer.shown(exc.stored), "sent": self._sent()}
            return Response({**exc.as_dict(), **facts}, status.HTTP_409_CONFLICT)
        if isinstance(exc, drafting.DraftConflict):
            facts = {"stored": DraftSerializer.shown(exc.stored), "sent": self._sent()}
            return Response({**exc.as_dict(), **facts}, status.HTTP_409_CONFLICT)
        return super().handle_exception(exc)

    def _sent(self) -> dict[str, Any]:
        """What the caller has just sent, to stand beside what is stored."""
        return dict(cast("dict", self.request.data).items())

    def wish(self, given: Any) -> Wish:
        """Read what the caller wishes to be served."""
        return Wish.parse(WISH.run_validation(given))

    def serve(self, wish: Wish) -> dict[str, Any]:
        """Return the next seat, or why there is none."""
        now = timezone.now()
        claim = queueing.claim_next(
            project=self.project,
            reviewer=self.reviewer,
            now=now,
            draw=draw(),
            wish=wish,
        )
        return self.shown(claim, wish, now)

    def shown(self, claim: Claim | None, wish: Wish, now: datetime) -> dict[str, Any]:
        """Return a seat, or why there is none."""
        if claim is not None:
            return {"seat": seat_json(claim)}
        state = waiting.queue_state(
            project=self.project, reviewer=self.reviewer, now=now, wish=wish
        )
        return {"seat": None, "queue": self.told(state)}

    def told(self, state: waiting.QueueState) -> dict[str, Any]:
        """Return what waits, as coarse as the caller may know it."""
        right = "annotation.view_verdict"
        exactly = self.request.user.has_perm(right, self.project)
        return state_json(state, exactly=exactly)

    def seat(self, claim_id: int) -> Claim:
        """Return the caller's seat, open or not."""
        rows = Claim.objects.filter(project=self.project, reviewer=self.reviewer)
        claim = rows.select_related("record", "project").filter(pk=claim_id).first()
        if claim is None:
            raise Refused("not_yours", "This seat belongs to somebody else.")
        return claim


class QueueView(DeskView):
    """What waits for the caller."""

    @extend_schema(operation_id="desk_read", responses=serializers.DictField())
    def get(self, request: Request, project: str) -> Response:
        """Return the seat held, if any, and what waits.

        ``taken_away`` says that the record of the seat held has left the queue: there
        is nothing to read then, and an answer sent all the same is kept.
        """
        claim = seating.open_seat(project=self.project, reviewer=self.reviewer)
        gone = claim is not None and claim.record.state in Record.OUT_OF_REACH
        state = waiting.queue_state(
            project=self.project,
            reviewer=self.reviewer,
            now=timezone.now(),
            wish=self.wish(request.query_params),
        )
        seat = seat_json(claim) if claim and not gone else None
        return Response({"seat": seat, "taken_away": gone, "queue": self.told(state)})


class NextView(DeskView):
    """The next record."""

    @extend_schema(
        operation_id="desk_next",
        request=WishSerializer,
        responses=serializers.DictField(),
    )
    def post(self, request: Request, project: str) -> Response:
        """Take a seat at the next record; the seat held already is returned again."""
        return Response(self.serve(self.wish(request.data)))


class AnswersView(DeskView):
    """Answers from a seat."""

    @extend_schema(
        operation_id="desk_answer",
        request=AnswerSerializer,
        responses={201: serializers.DictField(), 409: serializers.DictField()},
    )
    def post(self, request: Request, project: str) -> Response:
        """Store an answer; with ``next`` the following seat comes with the reply.

        Sending the same answer again returns the first; another answer from the same
        seat is refused with 409 and the stored one. ``taken_away`` says that the record
        has left the queue: the answer is kept and counts if it comes back.
        ``round_ended`` says that new guidelines have opened the record again since the
        seat was taken: the answer is kept as history, and the record served anew.
        """
        checked = ANSWER.run_validation(request.data)
        claim_id, answer = ANSWER.answer(checked)
        wish, now = Wish.parse(checked.get("wish") or {}), timezone.now()
        who: dict[str, Any] = {
            "project": self.project,
            "reviewer": self.reviewer,
            "now": now,
        }
        if not checked["next"]:
            review = reviewing.submit(claim_id=claim_id, answer=answer, **who)
            following = {}
        else:
            review, claim = labeling.answer_and_go_on(
                claim_id=claim_id, answer=answer, draw=draw(), wish=wish, **who
            )
            following = self.shown(claim, wish, now)
        reply = {
            "review": review.pk,
            "record": review.record_id,
            "taken_away": review.record.state in Record.OUT_OF_REACH,
            "round_ended": not review.is_current,
        }
        return Response({**reply, **following}, status.HTTP_201_CREATED)

    def keep_typed(
        self, request: Request, closed: Project, **kwargs: Any
    ) -> int | None:
        form = AnswerSerializer(data=request.data)
        if request.method != "POST" or not form.is_valid():
            return None
        checked = form.validated_data
        # What was not sent, as by a skip, leaves what was typed there before.
        sent = {name: said for name, said in checked.items() if name in request.data}
        return drafting.keep_from_seat(
            project=closed,
            user=request.user,
            claim_id=checked["claim"],
            fields=sent,
            now=timezone.now(),
        )


class UndoView(DeskView):
    """The last answer, taken back."""

    @extend_schema(
        operation_id="desk_undo",
        request=UndoSerializer,
        responses=serializers.DictField(),
    )
    def post(self, request: Request, project: str) -> Response:
        """Withdraw the caller's last answer and sit down at its record again.

        With ``review`` nothing happens unless the last answer is that one, so that a
        call can be sent again after a lost reply.
        """
        form = UndoSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        record = taking_back.undo_last(
            project=self.project,
            reviewer=self.reviewer,
            now=timezone.now(),
            only=form.validated_data["review"],
        )
        if record is None:
            raise Refused("nothing_to_undo", "Nothing to take back in the last hour.")
        claim = seating.open_seat(project=self.project, reviewer=self.reviewer)
        held = claim is not None and claim.record_id == record.pk
        return Response(
            {"record": record.pk, "seat": seat_json(claim) if claim and held else None}
        )


class ShiftView(DeskView):
    """Handing the desk over."""

    @extend_schema(operation_id="desk_notes", responses=NoteSerializer(many=True))
    def get(self, request: Request, project: str) -> Response:
        """Return the notes of the last day, newest first."""
        notes = pausing.recent_notes(project=self.project, now=timezone.now())
        return Response(NoteSerializer(notes, many=True).data)

    @extend_schema(
        operation_id="desk_hand_over",
        request=NoteSerializer,
        responses=serializers.DictField(),
    )
    def post(self, request: Request, project: str) -> Response:
        """Give all seats back and leave a note for those who go on."""
        form = NoteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        returned = pausing.hand_over(
            project=self.project,
            reviewer=self.reviewer,
            note=form.validated_data["note"],
            now=timezone.now(),
        )
        return Response({"seats_returned": returned})


class PauseView(ProjectView):
    """Nobody is served while the queue is paused; open seats stay."""

    permissions = {"POST": "annotation.change_project"}

    @extend_schema(
        operation_id="queue_pause",
        request=PauseSerializer,
        responses=serializers.DictField(),
    )
    def post(self, request: Request, project: str) -> Response:
        """Pause with a reason, or go on with an empty one."""
        form = PauseSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        found: Project = pausing.pause(
            project=self.project,
            because=form.validated_data["because"],
            now=timezone.now(),
        )
        return Response({"paused_because": found.paused_because})
