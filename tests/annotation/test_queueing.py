"""Seats at records: one each, kept while used, never doubled, never lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.seats import free_slot
from annotation.models import Claim, Involvement, Record, Review
from annotation.querysets.queue import SHORT_LISTS
from annotation.services import (
    queueing,
    reviewing,
    seating,
    settling,
    taking_back,
    waiting,
)
from annotation.services.answers import Answer, AnswerRefused
from tests.factories import RecordFactory, ReviewerFactory, ReviewFactory

NOW = timezone.now()
LATER = NOW + timedelta(minutes=31)
LONGEST = SHORT_LISTS[-1]


@given(
    wanted=st.integers(1, 9),
    taken=st.sets(st.integers(1, 9)),
    seatless=st.integers(0, 9),
)
def test_a_free_slot_is_free_and_within_what_is_wanted(wanted, taken, seatless):
    slot = free_slot(wanted, taken, seatless)

    if slot is None:
        assert len(taken) + seatless >= wanted
    else:
        assert slot not in taken
        assert 1 <= slot <= wanted - seatless


def _claim(project, reviewer, now=NOW) -> Claim | None:
    return queueing.claim_next(project=project, reviewer=reviewer, now=now)


def _answer(claim: Claim, severity: str = "high", now=NOW, **more: object) -> Review:
    return reviewing.submit(
        claim_id=claim.pk,
        reviewer=claim.reviewer,
        answer=Answer(severity=severity, **more),
        now=now,
    )


def test_the_queue_serves_by_priority_then_age(project):
    RecordFactory(project=project)
    urgent = RecordFactory(project=project, priority=5)

    claim = _claim(project, ReviewerFactory())

    assert claim.record == urgent


def test_a_record_behind_a_crowd_of_seats_is_found(project):
    """More people sit at the first records than the short lists hold."""
    RecordFactory.create_batch(LONGEST, project=project, reviews_wanted=1)
    for _ in range(LONGEST):
        assert _claim(project, ReviewerFactory()) is not None
    last = RecordFactory(project=project, reviews_wanted=1)

    assert _claim(project, ReviewerFactory()).record == last
    assert _claim(project, ReviewerFactory()) is None


def test_whoever_is_far_ahead_is_served_what_they_have_not_answered(project):
    RecordFactory.create_batch(LONGEST + 1, project=project, reviews_wanted=2)
    ahead = ReviewerFactory()

    answered = [_answer(_claim(project, ahead)).record for _ in range(LONGEST + 1)]

    assert len(set(answered)) == LONGEST + 1
    assert _claim(project, ahead) is None
    assert _claim(project, ReviewerFactory()).record == answered[0]


def test_asking_again_resumes_the_same_seat(project):
    RecordFactory.create_batch(2, project=project)
    reviewer = ReviewerFactory()

    assert _claim(project, reviewer) == _claim(project, reviewer)


def test_a_reviewer_never_sees_the_same_record_twice(project):
    RecordFactory.create_batch(3, project=project, reviews_wanted=5)
    reviewer = ReviewerFactory()
    served = []

    while claim := _claim(project, reviewer):
        served.append(claim.record_id)
        _answer(claim)

    assert len(served) == len(set(served)) == 3


def test_no_more_seats_than_reviews_wanted(project):
    RecordFactory(project=project, reviews_wanted=2)

    claims = [_claim(project, ReviewerFactory()) for _ in range(3)]

    assert [claim is None for claim in claims] == [False, False, True]


def test_answers_that_came_by_import_take_up_seats(project):
    record = RecordFactory(project=project, reviews_wanted=2)
    ReviewFactory.create_batch(2, record=record)

    assert _claim(project, ReviewerFactory()) is None


def test_an_expired_seat_goes_to_the_next_in_need_and_only_then(project):
    RecordFactory(project=project, reviews_wanted=1)
    absent, present = ReviewerFactory(), ReviewerFactory()
    left = _claim(project, absent)

    assert _claim(project, present) is None
    taken = _claim(project, present, now=LATER)

    left.refresh_from_db()
    assert taken is not None
    assert left.state == "RELEASED"


def test_a_heartbeat_keeps_the_seat(project):
    RecordFactory(project=project, reviews_wanted=1)
    claim = _claim(project, ReviewerFactory())

    until = seating.renew(
        claim_id=claim.pk, reviewer=claim.reviewer, now=NOW + timedelta(minutes=25)
    )

    assert until == NOW + timedelta(minutes=35)
    assert _claim(project, ReviewerFactory(), now=LATER) is None


def test_nobody_renews_or_releases_another_seat(project):
    RecordFactory(project=project)
    claim = _claim(project, ReviewerFactory())
    other = ReviewerFactory()

    assert seating.renew(claim_id=claim.pk, reviewer=other, now=NOW) is None
    assert not seating.release(claim_id=claim.pk, reviewer=other)


def test_who_worked_the_ticket_does_not_label_it(project):
    record = RecordFactory(project=project)
    worker = ReviewerFactory()
    Involvement.objects.create(record=record, reviewer=worker)

    assert _claim(project, worker) is None
    assert waiting.queue_state(project=project, reviewer=worker, now=NOW).servable == 0


def test_the_sweep_frees_expired_seats(project):
    RecordFactory(project=project)
    _claim(project, ReviewerFactory())

    assert seating.release_expired(now=NOW) == 0
    assert seating.release_expired(now=LATER) == 1


def test_the_second_answer_settles_the_record(project):
    record = RecordFactory(project=project)
    for _ in range(2):
        _answer(_claim(project, ReviewerFactory()))

    record.refresh_from_db()
    assert record.state == "SETTLED"
    assert record.verdicts.get().severity == "high"


def test_sending_the_form_twice_stores_one_answer(project):
    RecordFactory(project=project)
    claim = _claim(project, ReviewerFactory())

    first, second = _answer(claim), _answer(claim)

    assert first == second
    assert Review.objects.count() == 1


def test_an_answer_after_the_lease_ran_out_is_kept(project):
    RecordFactory(project=project, reviews_wanted=1)
    late = _claim(project, ReviewerFactory())
    _answer(_claim(project, ReviewerFactory(), now=LATER), now=LATER)

    review = _answer(late, now=LATER)

    late.refresh_from_db()
    assert review.severity == "high"
    assert late.state == "RELEASED"


def test_a_skip_frees_the_seat_and_is_not_served_again(project):
    record = RecordFactory(project=project, reviews_wanted=1)
    reviewer = ReviewerFactory()

    review = _answer(
        _claim(project, reviewer), severity="", status="SKIPPED", reason="no context"
    )

    assert review.status == "SKIPPED"
    assert _claim(project, reviewer) is None
    assert _claim(project, ReviewerFactory()).record == record


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"severity": "urgent"}, "unknown_level"),
        ({"severity": "high", "root_cause": "gremlins"}, "unknown_root_cause"),
    ],
)
def test_an_answer_outside_the_projects_words_is_refused(project, more, code):
    RecordFactory(project=project)
    claim = _claim(project, ReviewerFactory())

    with pytest.raises(AnswerRefused) as refusal:
        _answer(claim, **more)

    assert refusal.value.code == code


def test_nobody_answers_from_another_persons_seat(project):
    RecordFactory(project=project)
    claim = _claim(project, ReviewerFactory())

    with pytest.raises(AnswerRefused) as refusal:
        reviewing.submit(
            claim_id=claim.pk,
            reviewer=ReviewerFactory(),
            answer=Answer(severity="high"),
            now=NOW,
        )

    assert refusal.value.code == "not_yours"


def test_an_ideal_answer_passes_the_sanitizer(project):
    RecordFactory(project=project)
    claim = _claim(project, ReviewerFactory())

    review = _answer(claim, response="ssh to 10.20.30.40 and set password Winter2024!")

    assert "Winter2024!" not in review.response
    assert "10.20.30.40" not in review.response


def test_undo_takes_the_last_answer_back_and_reopens_the_record(project):
    record = RecordFactory(project=project)
    first, second = ReviewerFactory(), ReviewerFactory()
    _answer(_claim(project, first))
    _answer(_claim(project, second))

    undone = taking_back.undo_last(project=project, reviewer=second, now=NOW)

    record.refresh_from_db()
    assert undone == record
    assert record.state == "OPEN"
    assert not record.verdicts.current().exists()
    assert Review.objects.filter(reviewer=second).count() == 2
    again = _claim(project, second)
    assert again.record == record
    assert _answer(again, "low").severity == "low"


def test_undo_of_a_skip_brings_the_record_back(project):
    record = RecordFactory(project=project)
    reviewer = ReviewerFactory()
    _answer(_claim(project, reviewer), severity="", status="SKIPPED")

    taking_back.undo_last(project=project, reviewer=reviewer, now=NOW)

    assert _claim(project, reviewer).record == record


def test_an_adjudicated_record_cannot_be_undone(project):
    from annotation.services import adjudicating

    record = RecordFactory(project=project)
    reviewer = ReviewerFactory()
    _answer(_claim(project, reviewer))
    ReviewFactory(record=record, severity="low")
    settling.settle_records(project=project)
    adjudicating.adjudicate(
        record=record,
        reviewer=ReviewerFactory(grade="SENIOR"),
        severity="low",
        reason="Spare link.",
    )

    with pytest.raises(taking_back.UndoRefused, match="A senior has decided"):
        taking_back.undo_last(project=project, reviewer=reviewer, now=NOW)
    assert Record.objects.get(pk=record.pk).state == "SETTLED"
