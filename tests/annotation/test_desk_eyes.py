"""What a careful reader found at the desk: exclusions, seen verdicts, old seats."""

from __future__ import annotations

import pytest

from annotation.domain.record_filter import RecordFilter
from annotation.domain.seats import free_slot
from annotation.models import Claim, Record, Review, SeenVerdict, ShiftNote
from annotation.services import (
    bulk_acts,
    bulk_orders,
    bulk_undoing,
    flagging,
    similar,
)
from annotation.services.answers import AnswerRefused
from annotation.services.bulk_orders import Order
from tests.annotation.desk_seats import DESK, NOW, answer, caller, seat
from tests.factories import (
    RecordFactory,
    ReviewerFactory,
    ReviewFactory,
    VerdictFactory,
)

pytestmark = pytest.mark.django_db
WHAT = "a name in the title"


def exclude(project, by):
    order = Order("EXCLUDE", RecordFilter(category="wan"))
    seen = bulk_orders.preview(project=project, by=by, order=order, now=NOW)
    return bulk_acts.start(
        project=project, by=by, order=order, reason="customer withdrew",
        expected_count=seen.count, now=NOW,
    )  # fmt: skip


def flag(claim) -> Record:
    return flagging.flag(
        claim_id=claim.pk, reviewer=claim.reviewer, reason=WHAT, now=NOW
    )


def test_a_flag_from_a_stale_page_never_brings_an_excluded_record_back(project, alice):
    record = RecordFactory(project=project, category="wan", queued_because="oldest")
    claim = seat(project, ReviewerFactory())
    act = exclude(project, alice)

    flag(claim)
    assert Record.objects.filter(pk=record.pk).flagged().exists()
    assert flagging.clear(record=record)

    record.refresh_from_db()
    assert record.state == "EXCLUDED"
    assert not Record.objects.filter(pk=record.pk).flagged().exists()
    assert seat(project, ReviewerFactory()) is None
    undone = bulk_undoing.start(act_id=act.pk, by=alice, now=NOW)
    record.refresh_from_db()
    assert (undone.restored, record.state) == (1, "OPEN")


def test_a_flag_leaves_a_held_record_held(project):
    record = RecordFactory(project=project)
    claim = seat(project, ReviewerFactory())
    Record.objects.filter(pk=record.pk).update(state="HELD", title="", body="")

    flag(claim)

    record.refresh_from_db()
    assert record.state == "HELD"


def shown_then_reopened(project, reviewer) -> Record:
    """A record whose verdict the reviewer was shown, open again."""
    own = RecordFactory(project=project, category="wan", title="Uplink down")
    answer(seat(project, reviewer))
    like = RecordFactory(
        project=project, category="wan", title="Uplink down", state="SETTLED",
        decided_at=NOW,
    )  # fmt: skip
    VerdictFactory(record=like, severity="high")
    assert [v.record for v in similar.similar_settled(record=own, reviewer=reviewer)]
    Record.objects.filter(pk=own.pk).update(state="SETTLED")
    Record.objects.filter(pk=like.pk).update(state="OPEN", reviews_wanted=3)
    return like


def test_an_answer_after_its_verdict_was_shown_as_a_similar_one_is_not_independent(
    project,
):
    me, colleague = ReviewerFactory(), ReviewerFactory()
    like = shown_then_reopened(project, me)

    mine, other = seat(project, me), seat(project, colleague)

    assert (mine.record, other.record) == (like, like)
    assert not answer(mine).independent
    assert answer(other).independent
    assert SeenVerdict.objects.get() == SeenVerdict.objects.get(
        record=like, reviewer=me
    )


def test_a_new_round_asks_a_new_question_of_who_saw_the_old_verdict(project):
    me = ReviewerFactory()
    like = shown_then_reopened(project, me)
    Record.objects.filter(pk=like.pk).update(round=2)

    assert answer(seat(project, me)).independent


@pytest.mark.parametrize(
    ("wanted", "taken", "seatless", "slot"),
    [(3, {3}, 1, 1), (3, {1, 3}, 1, None), (3, {1, 2, 3}, 0, None), (2, set(), 2, None),
     (4, {2}, 2, 1), (1, set(), 0, 1)],
)  # fmt: skip
def test_slots_and_answers_without_one_are_counted_together(
    wanted, taken, seatless, slot
):
    assert free_slot(wanted, taken, seatless) == slot


@pytest.fixture
def repeated(project):
    """Somebody who sits at their own old record again, and their first seat."""
    project.repeat_share = 1.0
    project.gold_share = project.random_share = 0.0
    me = ReviewerFactory()
    record = RecordFactory(project=project, reviews_wanted=1)
    first = seat(project, me)
    answer(first, "high")
    Review.objects.update(submitted_at=NOW.replace(year=NOW.year - 1))
    Record.objects.filter(pk=record.pk).update(state="SETTLED")
    again = seat(project, me, 0.0)
    assert (again.record, again.purpose) == (record, "REPEAT")
    return first, again


def test_a_repeat_is_not_told_from_a_new_ticket_by_its_similar_ones(repeated):
    _, again = repeated

    with pytest.raises(similar.SimilarRefused) as refusal:
        similar.similar_settled(record=again.record, reviewer=again.reviewer)

    assert refusal.value.code == "not_answered"


def test_the_old_answer_to_a_repeat_is_not_read_back_through_its_first_seat(repeated):
    first, again = repeated

    with pytest.raises(AnswerRefused) as refusal:
        answer(first, "low")

    assert refusal.value.code == "seat_gone"
    answer(again, "low")
    assert answer(first, "high") == Review.objects.get(purpose="FIRST")


def test_a_note_too_long_says_so_and_keeps_the_seat(project, bob, browser_of):
    RecordFactory(project=project)
    claim = seat(project, bob.reviewer)

    told = browser_of(bob).post(
        DESK, {"action": "leave", "note": "x" * 501}, follow=True
    )

    assert "longer than 500 characters" in told.content.decode()
    assert not ShiftNote.objects.exists()
    assert Claim.objects.get(pk=claim.pk).state == "OPEN"


def test_a_flag_too_long_says_so_instead_of_being_cut(project, bob):
    RecordFactory(project=project)
    claim = seat(project, bob.reviewer)

    with pytest.raises(AnswerRefused) as refusal:
        flagging.flag(
            claim_id=claim.pk, reviewer=bob.reviewer, reason="x" * 201, now=NOW
        )

    assert refusal.value.code == "too_long"
    assert not Review.objects.exists()


def test_an_odd_number_takes_nothing_back(project, bob, browser_of):
    ReviewFactory(record=RecordFactory(project=project), reviewer=bob.reviewer)

    page = browser_of(bob).post(
        DESK, {"action": "undo", "review": "9" * 5000}, follow=True
    )

    assert page.status_code == 200
    assert Review.objects.count() == 1


def test_the_api_refuses_a_flag_over_its_limit(project, bob):
    RecordFactory(project=project)
    claim = seat(project, bob.reviewer)

    reply = caller(bob)("POST", "api-desk-flag", {"reason": "x" * 201}, seat=claim.pk)

    assert reply.status_code == 400
