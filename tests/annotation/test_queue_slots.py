"""Slots at records: an answer taken back gives its own back, and a full record is no
end of the search.
"""

from __future__ import annotations

import pytest

from annotation.domain.record_filter import RecordFilter
from annotation.models import Claim, Record
from annotation.services import bulk_acts, bulk_orders, flagging, taking_back
from annotation.services.bulk_orders import Order
from tests.annotation.desk_seats import NOW, answer, seat
from tests.factories import ClaimFactory, RecordFactory, ReviewerFactory

pytestmark = pytest.mark.django_db


def _act(project, by, kind: str) -> None:
    """Exclude, or requeue, the records of the category "odd"."""
    order = Order(kind, RecordFilter.from_query({"category": "odd"}))
    asked = {"project": project, "by": by, "order": order, "now": NOW}
    count = bulk_orders.preview(**asked).count
    bulk_acts.start(**asked, reason="a look", expected_count=count)


def test_an_answer_taken_back_at_an_excluded_record_gives_its_slot_back(project, alice):
    record = RecordFactory(project=project, category="odd", reviews_wanted=1)
    me = ReviewerFactory()
    answer(seat(project, me))
    _act(project, alice, "EXCLUDE")

    taking_back.undo_last(project=project, reviewer=me, now=NOW)
    _act(project, alice, "REQUEUE")

    assert not Claim.objects.live().exists()
    assert seat(project, me).record == record


def test_an_answer_taken_back_at_a_flagged_record_gives_its_slot_back(project):
    record = RecordFactory(project=project)
    me, colleague = ReviewerFactory.create_batch(2)
    answer(seat(project, me))
    flagging.flag(
        claim_id=seat(project, colleague).pk, reviewer=colleague, reason="x", now=NOW
    )

    taking_back.undo_last(project=project, reviewer=me, now=NOW)
    flagging.clear(record=record)

    assert seat(project, me).record == record


def _used_up(project, **of_record) -> Record:
    """A record that looks servable and whose only slot a seat of nobody's uses up."""
    record = RecordFactory(project=project, priority=9, reviews_wanted=1, **of_record)
    ClaimFactory(record=record, project=project, state="DONE", slot=1)
    return record


def test_records_that_turn_out_to_be_full_are_all_passed_over(project):
    for _ in range(4):
        _used_up(project)
    free = RecordFactory(project=project)

    assert seat(project, ReviewerFactory()).record == free


def test_a_seat_of_ones_own_that_is_used_up_does_not_end_the_search(project):
    me = ReviewerFactory()
    record = RecordFactory(project=project, priority=9, reviews_wanted=2)
    ClaimFactory(record=record, project=project, reviewer=me, state="DONE", slot=1)
    free = RecordFactory(project=project)

    assert seat(project, me).record == free
