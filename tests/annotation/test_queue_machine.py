"""Four people at six records, doing anything in any order: what must always hold.

After every step: one open seat a person; never two live seats of one slot; never more
live seats and settling answers than wanted; nobody served what they have answered or
worked on, or what is out of the queue; reviews never changed but for `is_current`. An
answer sent after its lease ran out is kept, and may make one more than wanted: such
records are noted by the machine, and only by as many.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from annotation.models import Claim, Involvement, Project, Record, Review, Reviewer
from annotation.services import (
    flagging,
    pausing,
    queueing,
    reviewing,
    seating,
    settling,
    taking_back,
)
from annotation.services.answers import (
    Answer,
    AnsweredOtherwise,
    AnswerRefused,
    AnswerTakenBack,
)
from tests.factories import START, GoldFactory, RecordFactory, ReviewerFactory

PEOPLE, RECORDS = 4, 6
person = st.integers(0, PEOPLE - 1)
record_ = st.integers(0, RECORDS - 1)
level = st.sampled_from(["critical", "high", "low"])
FACTS = (
    "record_id", "reviewer_id", "purpose", "round", "severity", "status", "response",
    "independent", "submitted_at", "reason",
)  # fmt: skip


class Desk(RuleBasedStateMachine):
    """The desk's services under arbitrary use."""

    project: Project
    seats = Bundle("seats")

    @initialize(worked=st.sets(st.tuples(record_, person), max_size=3))
    def open_the_desk(self, worked: set[tuple[int, int]]) -> None:
        self.now = START
        self.people = ReviewerFactory.create_batch(PEOPLE)
        self.records = [
            RecordFactory(project=self.project, reviews_wanted=1 + place % 3)
            for place in range(RECORDS)
        ]
        for record, who in worked:
            Involvement.objects.create(
                record=self.records[record], reviewer=self.people[who]
            )
        self.late: Counter[int] = Counter()
        self.stored: dict[int, tuple] = {}

    @rule(target=seats, who=person, draw=st.sampled_from([0.01, 0.1, 0.9]))
    def ask_for_the_next(self, who: int, draw: float) -> Any:
        me = self.people[who]
        before = seating.open_seat(project=self.project, reviewer=me)
        claim = queueing.claim_next(
            project=self.project, reviewer=me, now=self.now, draw=draw
        )
        if claim is None:
            waiting = Record.objects.of(self.project).servable_to(me, self.now)
            assert self.project.paused_at or not waiting.exists()
            return multiple()
        self._is_rightly_served(claim, me, resumed=claim == before)
        return claim.pk, who

    def _is_rightly_served(self, claim: Claim, me: Reviewer, resumed: bool) -> None:
        record = Record.objects.get(pk=claim.record_id)
        assert record.state not in Record.OUT_OF_REACH
        if resumed:
            return
        said = Review.objects.answers().filter(record=record, reviewer=me)
        assert not said.exists()
        assert not record.involvements.filter(reviewer=me).exists()
        assert record.state == ("SETTLED" if claim.purpose == "GOLD" else "OPEN")
        assert not self.project.paused_at

    @rule(
        seat=seats,
        severity=level,
        status=st.sampled_from(["SUBMITTED", "SUBMITTED", "SUBMITTED", "SKIPPED"]),
    )
    def answer(self, seat: tuple[int, int], severity: str, status: str) -> None:
        claim = Claim.objects.get(pk=seat[0])
        count = Review.objects.count()
        try:
            review = reviewing.submit(
                claim_id=claim.pk,
                reviewer=self.people[seat[1]],
                answer=Answer(severity=severity, status=status),
                now=self.now,
            )
        except (AnsweredOtherwise, AnswerTakenBack):
            assert Review.objects.count() == count
            return
        if claim.state == "RELEASED" and Review.objects.count() > count:
            self.late[review.record_id] += 1

    @rule(seat=consumes(seats))
    def give_back(self, seat: tuple[int, int]) -> None:
        seating.release(claim_id=seat[0], reviewer=self.people[seat[1]])

    @rule(seat=seats, other=person)
    def meddle_with_a_seat(self, seat: tuple[int, int], other: int) -> None:
        if other == seat[1]:
            return
        before = Claim.objects.values().get(pk=seat[0])
        me = self.people[other]
        with pytest.raises(AnswerRefused), transaction.atomic():
            reviewing.submit(
                claim_id=seat[0], reviewer=me, answer=Answer("low"), now=self.now
            )
        assert not seating.release(claim_id=seat[0], reviewer=me)
        assert seating.renew(claim_id=seat[0], reviewer=me, now=self.now) is None
        assert Claim.objects.values().get(pk=seat[0]) == before

    @rule(seat=seats)
    def keep(self, seat: tuple[int, int]) -> None:
        seating.renew(claim_id=seat[0], reviewer=self.people[seat[1]], now=self.now)

    @rule(seat=seats)
    def close_the_page(self, seat: tuple[int, int]) -> None:
        me = self.people[seat[1]]
        seating.leave_soon(claim_id=seat[0], reviewer=me, now=self.now)

    @rule(minutes=st.sampled_from([1, 5, 11, 61]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def sweep(self) -> None:
        seating.release_expired(now=self.now)
        assert seating.release_expired(now=self.now) == 0

    @rule(who=person)
    def take_back(self, who: int) -> None:
        undone = taking_back.undo_last(
            project=self.project, reviewer=self.people[who], now=self.now
        )
        if undone is not None:
            said = Review.objects.answers().filter(record=undone, purpose="FIRST")
            assert said.filter(reviewer=self.people[who]).count() == 0 or (
                Review.objects.filter(record=undone, purpose="GOLD").exists()
            )

    @rule(seat=seats)
    def flag(self, seat: tuple[int, int]) -> None:
        try:
            flagging.flag(
                claim_id=seat[0],
                reviewer=self.people[seat[1]],
                reason="a name in the title",
                now=self.now,
            )
        except (AnsweredOtherwise, AnswerTakenBack):
            return

    @rule(place=record_)
    def clear_or_exclude(self, place: int) -> None:
        record = Record.objects.get(pk=self.records[place].pk)
        if flagging.clear(record=record):
            return
        states = Record.State
        back = record.state == states.EXCLUDED
        record.state = states.OPEN if back else states.EXCLUDED
        record.save(update_fields=["state"])
        if back:
            settling.settle_records(project=self.project, record_ids=[record.pk])

    @rule(place=record_)
    def make_gold(self, place: int) -> None:
        record = Record.objects.get(pk=self.records[place].pk)
        if record.state == "SETTLED" and not hasattr(record, "gold"):
            GoldFactory(record=record)

    @rule()
    def pause_or_go_on(self) -> None:
        because = "" if self.project.paused_at else "lunch"
        pausing.pause(project=self.project, because=because, now=self.now)

    @invariant()
    def one_open_seat_a_person(self) -> None:
        open_ = Claim.objects.filter(state="OPEN").values_list("reviewer", flat=True)
        assert len(open_) == len(set(open_))

    @invariant()
    def no_slot_is_taken_twice(self) -> None:
        live = Claim.objects.live().filter(purpose="FIRST")
        slots = list(live.values_list("record", "slot"))
        assert len(slots) == len(set(slots))

    @invariant()
    def no_more_seats_than_wanted(self) -> None:
        for record in Record.objects.filter(project=self.project):
            said = Review.objects.settling().filter(record=record)
            seats = Claim.objects.filter(
                record=record, state="OPEN", purpose="FIRST", expires_at__gt=self.now
            )
            used = said.count() + seats.count()
            assert used <= record.reviews_wanted + self.late[record.pk]

    @invariant()
    def what_was_said_stays(self) -> None:
        found = {row[0]: row[1:] for row in Review.objects.values_list("pk", *FACTS)}
        for pk, facts in self.stored.items():
            assert found[pk] == facts
        self.stored = found

    @invariant()
    def one_word_stands_for_each_person_and_verdicts_match(self) -> None:
        for record in Record.objects.filter(project=self.project):
            current = record.verdicts.current().count()
            assert current <= 1
            assert record.state != "SETTLED" or current == 1
            assert record.state != "OPEN" or current == 0


@pytest.mark.django_db
def test_the_desk_holds_whatever_people_do(project):
    class InOneProject(Desk):
        """Every run begins anew: what it did is rolled back."""

        def __init__(self) -> None:
            super().__init__()
            self._whole = transaction.atomic()
            self._whole.__enter__()
            type(project).objects.filter(pk=project.pk).update(paused_at=None)
            self.project = Project.objects.get(pk=project.pk)

        def teardown(self) -> None:
            transaction.set_rollback(True)
            self._whole.__exit__(None, None, None)

    run_state_machine_as_test(
        InOneProject,
        settings=settings(
            max_examples=12,
            stateful_step_count=40,
            suppress_health_check=list(HealthCheck),
        ),
    )
