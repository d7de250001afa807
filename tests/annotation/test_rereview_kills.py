"""A re-review of many records that dies in the middle goes on where it stood."""

from __future__ import annotations

import pytest

from annotation.models import BulkAct, BulkChange, Guidelines, Record
from annotation.services import bulk_acts, bulk_orders, bulk_undoing, rereviewing
from annotation.services.touching import Touched
from annotation.tasks import bulk_acts as tasks
from tests.annotation.adjudication import answered
from tests.factories import START, ReviewFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def begun(project, alice, monkeypatch) -> BulkAct:
    """Seven records in chunks of three, in the queue."""
    for room in (bulk_acts, bulk_undoing):
        monkeypatch.setattr(room, "CHUNK", 3)
    monkeypatch.setattr(bulk_orders, "AT_ONCE", 5)
    for _ in range(7):
        answered(project, "high", "high", category="wan")
    version = Guidelines.objects.create(project=project, version=3, markdown="rules")
    return rereviewing.open_rereview(
        project=project,
        guidelines=version,
        touched=Touched(categories=("wan",)),
        by=alice,
        reason="A ring cut is high.",
        now=START,
    )


def rounds() -> list[int]:
    return list(Record.objects.order_by("pk").values_list("round", flat=True))


def _dies(*_: object, **__: object) -> None:
    raise ConnectionError


def test_many_records_wait_for_the_queue(begun):
    assert (begun.status, begun.total, begun.count) == ("RUNNING", 7, 0)
    assert rounds() == [1] * 7


def test_a_kill_in_the_middle_touches_no_record_twice(begun, monkeypatch):
    bulk_acts.run_chunk(act_id=begun.pk, now=START)
    with monkeypatch.context() as patch:
        patch.setattr(BulkAct, "save", _dies)
        with pytest.raises(ConnectionError):
            bulk_acts.run_chunk(act_id=begun.pk, now=START)
    assert rounds() == [2] * 3 + [1] * 4

    assert tasks.resume_stalled() == 1
    assert tasks.carry_on(begun.pk) == "DONE"
    assert tasks.carry_on(begun.pk) == "DONE"

    begun.refresh_from_db()
    assert rounds() == [2] * 7
    assert (begun.count, BulkChange.objects.count()) == (7, 7)


def test_a_chunk_begun_anew_finds_no_record_of_the_one_before(begun):
    """Even with the cursor lost, what is in its new round is not touched again."""
    bulk_acts.run_chunk(act_id=begun.pk, now=START)
    BulkAct.objects.filter(pk=begun.pk).update(cursor=0)

    tasks.carry_on(begun.pk)

    assert rounds() == [2] * 7
    assert BulkChange.objects.count() == 7


def test_an_answer_under_the_new_version_spares_a_record_meanwhile(begun):
    last = Record.objects.order_by("pk").last()
    last.reviews.update(guidelines=begun.guidelines)

    tasks.carry_on(begun.pk)

    begun.refresh_from_db()
    assert (begun.count, rounds()[-1]) == (6, 1)


def test_undoing_dies_and_goes_on(begun, alice, monkeypatch):
    tasks.carry_on(begun.pk)
    spoken = Record.objects.order_by("pk").first()
    ReviewFactory(record=spoken, reviewer=spoken.reviews.first().reviewer, round=2)
    bulk_undoing.start(act_id=begun.pk, by=alice, now=START)
    bulk_undoing.run_chunk(act_id=begun.pk, now=START)
    with monkeypatch.context() as patch:
        patch.setattr(BulkAct, "save", _dies)
        with pytest.raises(ConnectionError):
            bulk_undoing.run_chunk(act_id=begun.pk, now=START)
    assert rounds() == [2, 1, 1, 2, 2, 2, 2]

    assert tasks.carry_on(begun.pk) == "UNDONE"

    begun.refresh_from_db()
    assert rounds() == [2, 1, 1, 1, 1, 1, 1]
    assert (begun.restored, begun.left_alone) == (6, {"answered since": 1})


def test_one_at_work_is_not_undone(begun, alice):
    with pytest.raises(bulk_orders.BulkRefused) as refusal:
        bulk_undoing.start(act_id=begun.pk, by=alice, now=START)

    assert refusal.value.code == "at_work"


def test_the_pages_say_how_far_it_is(begun, alice, browser_of):
    bulk_acts.run_chunk(act_id=begun.pk, now=START)
    browser = browser_of(alice)

    rules = browser.get("/admin/annotation/guidelines/of/noc/").content.decode()
    act = browser.get(f"/admin/annotation/bulkact/{begun.pk}/change/").content.decode()

    assert "opening: 3 of 7" in rules
    assert "At work" in act
