"""Two connections at one moment: each transaction ends whole, and nothing is doubled.

Needs PostgreSQL: SQLite has one writer at a time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction

from annotation.domain.queue import Door
from annotation.models import Claim, Record, Review
from annotation.querysets.queue import SHORT_LISTS
from annotation.services import labeling, reviewing, seating, taking_back
from annotation.services.answers import Answer, AnswerRefused
from annotation.services.queueing import next_servable
from tests.annotation.desk_seats import NOW, answer, seat
from tests.factories import RecordFactory, ReviewerFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def elsewhere() -> Iterator[Callable[..., Future[Any]]]:
    """Run something on a connection of its own, at the same time."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")

    def closing(work: Callable[[], Any]) -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        yield lambda work: pool.submit(closing, work)


def _wait_until_one_waits() -> None:
    """Return once another connection waits for a lock that this one holds."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks"
                " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def _answer_and_go_on(claim: Claim) -> tuple[Review, Claim | None]:
    return labeling.answer_and_go_on(
        claim_id=claim.pk,
        project=claim.project,
        reviewer=claim.reviewer,
        answer=Answer(severity="high"),
        now=NOW + timedelta(seconds=5),
        draw=1.0,
    )


def test_an_answer_is_stored_though_another_tab_took_the_next_seat(project, elsewhere):
    RecordFactory.create_batch(3, project=project)
    me = ReviewerFactory()
    answered = seat(project, me)
    seating.release(claim_id=answered.pk, reviewer=me)
    urgent = RecordFactory(project=project, priority=9)
    with transaction.atomic():
        taken = seat(project, me)
        reply = elsewhere(lambda: _answer_and_go_on(answered))
        _wait_until_one_waits()

    review, following = reply.result(timeout=20)

    assert Review.objects.get() == review
    assert review.record_id == answered.record_id
    assert following == taken
    assert taken.record == urgent
    assert Claim.objects.filter(reviewer=me, state=Claim.State.OPEN).count() == 1


def test_who_loses_the_last_seat_is_seated_elsewhere_with_the_answer_stored(
    project, elsewhere
):
    first, last, other = RecordFactory.create_batch(
        3, project=project, reviews_wanted=1
    )
    me, rival = ReviewerFactory.create_batch(2)
    answered = seat(project, me)
    with transaction.atomic():
        taken = seat(project, rival)
        reply = elsewhere(lambda: _answer_and_go_on(answered))
        review, following = reply.result(timeout=20)

    assert (answered.record, taken.record) == (first, last)
    assert Review.objects.get() == review
    assert following.record == other
    assert {c.record_id for c in Claim.objects.filter(state="OPEN")} == {
        last.pk,
        other.pk,
    }


def test_two_tabs_that_ask_at_once_are_given_one_seat(project, elsewhere):
    RecordFactory.create_batch(3, project=project)
    me = ReviewerFactory()
    with transaction.atomic():
        mine = seat(project, me)
        asked = elsewhere(lambda: seat(project, me))
        _wait_until_one_waits()

    assert asked.result(timeout=20) == mine
    assert Claim.objects.get() == mine


def test_a_severity_fixed_while_an_answer_waits_stands_for_that_answer(
    project, elsewhere
):
    RecordFactory(project=project, resolution="Optic.")
    claim = seat(project, ReviewerFactory())
    with transaction.atomic():
        reviewing.reveal(
            claim_id=claim.pk, reviewer=claim.reviewer, severity="low", now=NOW
        )
        reply = elsewhere(lambda: _answer_and_go_on(claim))
        _wait_until_one_waits()

    with pytest.raises(AnswerRefused) as refused:
        reply.result(timeout=20)

    assert refused.value.code == "severity_stands"
    assert not Review.objects.exists()


def test_an_answer_that_waits_for_a_new_round_is_an_answer_to_it(project, elsewhere):
    record = RecordFactory(project=project)
    claim = seat(project, ReviewerFactory())
    with transaction.atomic():
        Record.objects.select_for_update().get(pk=record.pk)
        reply = elsewhere(lambda: _answer_and_go_on(claim))
        _wait_until_one_waits()
        # As a re-review does: whoever sits there answers in the new round.
        Claim.objects.update(round=2)
        Record.objects.update(round=2)

    review, _ = reply.result(timeout=20)

    assert (review.round, review.is_current) == (2, True)


def test_an_answer_beside_the_loss_of_its_seat_is_stored(project, elsewhere):
    """Both want the record and the seat: in the same order, or neither would get on."""
    record = RecordFactory(project=project)
    claim = seat(project, ReviewerFactory())
    with transaction.atomic():
        Record.objects.select_for_update().get(pk=record.pk)
        reply = elsewhere(lambda: _answer_and_go_on(claim))
        _wait_until_one_waits()
        seating.release_expired(now=NOW + timedelta(hours=1))

    review, _ = reply.result(timeout=20)

    assert review.is_current
    assert Claim.objects.get().state == "DONE"


@pytest.mark.parametrize("kind", ["taken back to its seat", "without a seat"])
def test_undo_beside_another_tab_that_takes_the_next_seat(project, elsewhere, kind):
    RecordFactory.create_batch(3, project=project)
    me = ReviewerFactory()
    answered, _ = _answer_and_go_on(seat(project, me))
    seating.release_all(project=project, reviewer=me)
    if kind == "without a seat":
        Claim.objects.filter(record=answered.record_id).delete()
    told = {"project": project, "reviewer": me, "now": NOW + timedelta(minutes=1)}
    with transaction.atomic():
        taken = seat(project, me)
        undone = elsewhere(lambda: taking_back.undo_last(**told))
        _wait_until_one_waits()

    assert undone.result(timeout=20) == answered.record
    held = Claim.objects.get(state="OPEN")
    assert held.record_id == answered.record_id
    taken.refresh_from_db()
    assert taken.state == "RELEASED"
    assert not Review.objects.answers().exists()


@pytest.mark.parametrize("among", [*SHORT_LISTS, None])
@pytest.mark.parametrize("way", [Door.PRIORITY, Door.RANDOM])
def test_a_record_excluded_while_it_is_being_locked_is_not_served(
    project, elsewhere, way, among
):
    """The row changes under the search, and each search must see its newest state."""
    RecordFactory.create_batch(30, project=project)
    toggled = RecordFactory(project=project, priority=9, lot=0)
    me, rows = ReviewerFactory(), Record.objects.filter(pk=toggled.pk)
    done = threading.Event()

    def toggle() -> None:
        while not done.is_set():
            rows.update(state="EXCLUDED")
            rows.update(state="OPEN")

    toggling = elsewhere(toggle)
    locked = next_servable(way, (), among)
    given = {"project": project.pk, "reviewer": me.pk, "now": NOW}
    try:
        states = []
        for _ in range(800):
            with transaction.atomic():
                states.append(locked.first(**given).state)
    finally:
        done.set()
    toggling.result(timeout=20)

    assert set(states) == {"OPEN"}


def test_the_sweep_leaves_a_seat_to_who_is_answering_from_it(project, elsewhere):
    RecordFactory.create_batch(2, project=project)
    mine, other = seat(project, ReviewerFactory()), seat(project, ReviewerFactory())
    Claim.objects.update(expires_at=NOW)
    with transaction.atomic():
        answer(mine)
        swept = elsewhere(lambda: seating.release_expired(now=NOW))
        assert swept.result(timeout=20) == 1

    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.state, other.state) == ("DONE", "RELEASED")
