"""An act on many records that dies in the middle goes on where it stood."""

from __future__ import annotations

import pytest

from annotation.domain.record_filter import RecordFilter
from annotation.models import BulkAct, BulkChange, Record
from annotation.services import bulk_acts, bulk_orders, bulk_undoing
from annotation.services.bulk_orders import Order
from annotation.tasks import bulk_acts as tasks
from tests.factories import START, RecordFactory

pytestmark = pytest.mark.django_db

EXCLUDE = Order("EXCLUDE", RecordFilter(category="switching"))


@pytest.fixture
def small_chunks(monkeypatch):
    """Three records a chunk, and more than five go through the queue."""
    for room in (bulk_acts, bulk_undoing):
        monkeypatch.setattr(room, "CHUNK", 3)
    monkeypatch.setattr(bulk_orders, "AT_ONCE", 5)


@pytest.fixture
def begun(project, alice, small_chunks) -> BulkAct:
    RecordFactory.create_batch(10, project=project)
    return bulk_acts.start(
        project=project,
        by=alice,
        order=EXCLUDE,
        reason="test export",
        expected_count=10,
        now=START,
    )


def excluded() -> int:
    return Record.objects.filter(state="EXCLUDED").count()


def test_a_large_act_waits_for_the_queue(begun, project):
    assert (begun.status, begun.total, begun.count) == ("RUNNING", 10, 0)
    assert excluded() == 0


def test_a_chunk_that_dies_leaves_nothing_half_done(begun, monkeypatch):
    bulk_acts.run_chunk(act_id=begun.pk, now=START)
    with monkeypatch.context() as patch:
        patch.setattr(BulkAct, "save", _dies)
        with pytest.raises(ConnectionError):
            bulk_acts.run_chunk(act_id=begun.pk, now=START)

    begun.refresh_from_db()
    assert (begun.count, excluded(), BulkChange.objects.count()) == (3, 3, 3)

    assert tasks.carry_on(begun.pk) == "DONE"
    begun.refresh_from_db()
    assert (begun.count, excluded(), BulkChange.objects.count()) == (10, 10, 10)


def test_a_task_that_is_delivered_twice_does_its_work_once(begun):
    assert tasks.carry_on(begun.pk) == "DONE"
    assert tasks.carry_on(begun.pk) == "DONE"

    assert BulkChange.objects.count() == 10


def test_records_that_still_fit_are_requeued_once(project, alice, small_chunks):
    RecordFactory.create_batch(7, project=project)
    act = bulk_acts.start(
        project=project,
        by=alice,
        order=Order("REQUEUE", RecordFilter(category="switching")),
        reason="look again",
        expected_count=7,
        now=START,
    )
    bulk_acts.run_chunk(act_id=act.pk, now=START)

    assert tasks.carry_on(act.pk) == "DONE"

    act.refresh_from_db()
    assert (act.count, BulkChange.objects.count()) == (7, 7)


def test_an_act_that_stood_still_is_found_by_the_sweep(
    begun, django_capture_on_commit_callbacks, settings
):
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "sync": True}

    assert tasks.resume_stalled() == 1
    tasks.carry_on(begun.pk)
    assert tasks.resume_stalled() == 0


def test_records_that_no_longer_fit_or_came_later_are_left_alone(begun, project):
    bulk_acts.run_chunk(act_id=begun.pk, now=START)
    last = Record.objects.order_by("-pk").first()
    Record.objects.filter(pk=last.pk).update(category="wan")
    RecordFactory(project=project)

    tasks.carry_on(begun.pk)

    begun.refresh_from_db()
    assert (begun.total, begun.count, excluded()) == (10, 9, 9)


def test_undoing_dies_and_goes_on(begun, alice, monkeypatch):
    tasks.carry_on(begun.pk)
    bulk_undoing.start(act_id=begun.pk, by=alice, now=START)
    bulk_undoing.run_chunk(act_id=begun.pk, now=START)
    with monkeypatch.context() as patch:
        patch.setattr(BulkAct, "save", _dies)
        with pytest.raises(ConnectionError):
            bulk_undoing.run_chunk(act_id=begun.pk, now=START)
    assert excluded() == 7

    assert tasks.carry_on(begun.pk) == "UNDONE"
    begun.refresh_from_db()
    assert (begun.restored, begun.left_alone, excluded()) == (10, {}, 0)


def test_an_act_at_work_is_not_undone(begun, alice):
    with pytest.raises(bulk_orders.BulkRefused, match="at work"):
        bulk_undoing.start(act_id=begun.pk, by=alice, now=START)


def _dies(*args, **kwargs):
    raise ConnectionError("the worker is gone")
