"""Excluding, requeueing and raising the overlap of many records at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from annotation.domain.priority import ASKED_FOR
from annotation.domain.record_filter import RecordFilter
from annotation.models import BulkAct, BulkChange, Claim, Record, Review, Verdict
from annotation.services import (
    bulk_acts,
    bulk_orders,
    bulk_undoing,
    disputing,
    settling,
)
from annotation.services.bulk_orders import BulkRefused, Order
from annotation.tasks import bulk_acts as tasks
from tests.factories import (
    START,
    RecordFactory,
    ReviewerFactory,
    ReviewFactory,
    VerdictFactory,
)

pytestmark = pytest.mark.django_db

WAN = RecordFilter(category="wan")
EXCLUDE = Order("EXCLUDE", WAN)
REQUEUE = Order("REQUEUE", WAN)
OVERLAP = Order("OVERLAP", WAN, reviews_wanted=3)


def make(project, *labels: str, **more) -> Record:
    """A record with these labels, settled by them."""
    record = RecordFactory(project=project, category="wan", **more)
    for label in labels:
        ReviewFactory(record=record, severity=label)
    settling.settle_records(project=project, record_ids=[record.pk])
    record.refresh_from_db()
    return record


def act(alice, project, order: Order, expected: int | None = None) -> BulkAct:
    if expected is None:
        seen = bulk_orders.preview(project=project, by=alice, order=order, now=START)
        expected = seen.count
    return bulk_acts.start(
        project=project,
        by=alice,
        order=order,
        reason="wrong export",
        expected_count=expected,
        now=START,
    )


def undo(alice, done: BulkAct) -> BulkAct:
    return bulk_undoing.start(act_id=done.pk, by=alice, now=START)


def picture() -> list[tuple]:
    """Everything that undoing has to bring back."""
    columns = ("pk", "state", "reviews_wanted", "priority", "queued_because")
    records = list(Record.objects.order_by("pk").values_list(*columns, "decided_at"))
    verdicts = Verdict.objects.filter(is_current=True).order_by("pk")
    return records + list(verdicts.values_list("pk", "record_id", "severity"))


def mixed(project) -> dict[str, Record]:
    """One record of each kind that an act can meet."""
    found = {
        "fresh": make(project),
        "once": make(project, "high"),
        "settled": make(project, "high", "high"),
        "contested": make(project, "high", "low"),
        "excluded": make(project, "high", "high"),
        "fresh_excluded": make(project),
        "held": make(project, state="HELD", title="", body=""),
        "decided": make(project, "high", "low"),
    }
    for name in ("excluded", "fresh_excluded"):
        Record.objects.filter(pk=found[name].pk).update(state="EXCLUDED")
    senior = ReviewerFactory(grade="SENIOR")
    VerdictFactory(record=found["decided"], method="ADJUDICATED", adjudicated_by=senior)
    Record.objects.filter(pk=found["decided"].pk).update(state="SETTLED")
    RecordFactory(project=project, category="lan")
    return found


def states(records: dict[str, Record]) -> dict[str, str]:
    rows = dict(Record.objects.values_list("pk", "state"))
    return {name: rows[record.pk] for name, record in records.items()}


def test_excluding_takes_everything_but_held_and_excluded(project, alice):
    records = mixed(project)

    seen = bulk_orders.preview(project=project, by=alice, order=EXCLUDE, now=START)
    done = act(alice, project, EXCLUDE)

    assert (seen.matched, seen.count, seen.held, seen.already) == (8, 5, 1, 2)
    assert (done.status, done.count) == ("DONE", 5)
    assert set(states(records).values()) == {"EXCLUDED", "HELD"}
    assert not Record.objects.filter(category="lan", state="EXCLUDED").exists()


@pytest.mark.parametrize(
    "order", [EXCLUDE, REQUEUE, OVERLAP, Order("REQUEUE", WAN, None, True)]
)
def test_undoing_restores_exactly(project, alice, order):
    mixed(project)
    before = picture()

    done = act(alice, project, order)
    assert picture() != before
    undone = undo(alice, done)

    assert picture() == before
    assert (undone.status, undone.restored) == ("UNDONE", done.count)
    assert undone.left_alone == {}
    assert undone.undone_by == alice


def test_requeueing_asks_for_one_more_answer_where_all_are_in(project, alice):
    records = mixed(project)

    act(alice, project, REQUEUE)

    assert states(records) == {
        "fresh": "OPEN",
        "once": "OPEN",
        "settled": "OPEN",
        "contested": "OPEN",
        "excluded": "SETTLED",
        "fresh_excluded": "OPEN",
        "held": "HELD",
        "decided": "SETTLED",
    }
    settled = Record.objects.get(pk=records["settled"].pk)
    assert settled.reviews_wanted == 3
    assert settled.priority == ASKED_FOR
    assert settled.queued_because == "asked for: wrong export"
    assert not settled.verdicts.current().exists()
    assert Record.objects.get(pk=records["once"].pk).reviews_wanted == 2


def test_requeueing_spares_what_a_senior_decided_and_says_so(project, alice):
    records = mixed(project)

    seen = bulk_orders.preview(project=project, by=alice, order=REQUEUE, now=START)
    act(alice, project, REQUEUE)

    assert (seen.count, seen.decided) == (6, 1)
    assert records["decided"].verdicts.adjudicated().exists()


def test_a_senior_s_decision_is_set_aside_when_asked_for(project, alice):
    records = mixed(project)

    act(alice, project, Order("REQUEUE", WAN, sets_decisions_aside=True))

    assert states(records)["decided"] == "OPEN"
    assert not records["decided"].verdicts.adjudicated().exists()
    assert records["decided"].verdicts.filter(method="ADJUDICATED").exists()


def test_what_was_excluded_after_a_decision_comes_back_decided(project, alice):
    records = mixed(project)
    Record.objects.filter(pk=records["decided"].pk).update(state="EXCLUDED")

    act(alice, project, REQUEUE)

    assert states(records)["decided"] == "SETTLED"
    assert records["decided"].verdicts.adjudicated().exists()


def test_raising_the_overlap_opens_what_wants_more_again(project, alice):
    records = mixed(project)

    done = act(alice, project, OVERLAP)

    assert done.count == 4
    found = states(records)
    assert found["settled"] == found["contested"] == found["once"] == "OPEN"
    assert (found["excluded"], found["decided"]) == ("EXCLUDED", "SETTLED")
    assert Record.objects.get(pk=records["once"].pk).reviews_wanted == 3


def test_the_overlap_is_never_lowered(project, alice):
    make(project, reviews_wanted=5)

    with pytest.raises(BulkRefused, match="No record"):
        act(alice, project, OVERLAP)


def test_undoing_leaves_what_was_answered_or_changed_since(project, alice):
    settled, other, third = (make(project, "high", "high") for _ in range(3))
    done = act(alice, project, OVERLAP)
    ReviewFactory(record=settled, severity="high")
    settling.settle_records(project=project, record_ids=[settled.pk])
    Record.objects.filter(pk=other.pk).update(state="EXCLUDED")

    undone = undo(alice, done)

    assert undone.restored == 1
    assert undone.left_alone == {"answered since": 1, "changed since": 1}
    assert Record.objects.get(pk=settled.pk).reviews_wanted == 3
    assert Record.objects.get(pk=other.pk).state == "EXCLUDED"
    assert Record.objects.get(pk=third.pk).state == "SETTLED"


def test_an_answer_to_an_excluded_record_counts_once_it_is_back(project, alice):
    record = make(project, "high")
    Claim.objects.create(
        record=record,
        reviewer=ReviewerFactory(),
        project=project,
        slot=1,
        opened_at=START,
        expires_at=START + timedelta(minutes=10),
    )
    seen = bulk_orders.preview(project=project, by=alice, order=EXCLUDE, now=START)
    done = act(alice, project, EXCLUDE)
    ReviewFactory(record=record, severity="high")

    undone = undo(alice, done)

    record.refresh_from_db()
    assert seen.seated == 1
    assert undone.restored == 1
    assert record.state == "SETTLED"
    assert Review.objects.count() == 2


def test_another_number_than_was_confirmed_is_refused(project, alice):
    make(project)
    make(project)

    with pytest.raises(BulkRefused) as refusal:
        act(alice, project, EXCLUDE, expected=1)

    assert refusal.value.code == "count_changed"
    assert not BulkAct.objects.exists()
    assert not Record.objects.filter(state="EXCLUDED").exists()


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (Order("DELETE", WAN), "bad_kind"),
        (Order("REREVIEW", WAN), "bad_kind"),
        (Order("OVERLAP", WAN), "bad_reviews_wanted"),
        (Order("OVERLAP", WAN, 1), "bad_reviews_wanted"),
        (Order("OVERLAP", WAN, 99), "bad_reviews_wanted"),
        (Order("EXCLUDE", WAN, 3), "bad_reviews_wanted"),
        (Order("EXCLUDE", RecordFilter()), "empty_filter"),
    ],
)
def test_an_order_that_cannot_be_is_refused(project, alice, order, code):
    make(project)

    with pytest.raises(BulkRefused) as refusal:
        act(alice, project, order, expected=1)

    assert refusal.value.code == code


def test_undoing_the_overlap_heeds_no_sweep_that_came_between(project, alice):
    fresh, _ = make(project), make(project, "high", "low")
    before = picture()
    done = act(alice, project, OVERLAP)
    urgent = {"priority": 20, "queued_because": "wan is under-represented"}
    Record.objects.filter(pk=fresh.pk).update(**urgent)
    assert disputing.raise_in(project=project) == 1

    undone = undo(alice, done)

    # The urgency of what stays open is the sweep's; the contested one is as it was.
    assert (undone.restored, undone.left_alone) == (2, {})
    Record.objects.filter(pk=fresh.pk).update(priority=0, queued_because="oldest")
    assert picture() == before


def test_acts_undone_in_the_wrong_order_are_both_undone_in_the_end(project, alice):
    make(project)
    before = picture()
    first, second = act(alice, project, OVERLAP), act(alice, project, EXCLUDE)

    refused = undo(alice, first)
    assert (refused.status, refused.restored) == ("DONE", 0)
    assert (refused.undone_at, refused.undone_by) == (None, None)
    assert refused.left_alone == {"changed since": 1}
    assert undo(alice, second).restored == 1
    assert undo(alice, first).restored == 1

    assert picture() == before


@pytest.mark.parametrize("labels", [(), ("high", "high")])
def test_what_a_later_act_stands_for_is_left_alone(project, alice, labels):
    make(project, *labels)
    first = act(alice, project, OVERLAP)
    second = act(alice, project, REQUEUE)
    before = picture()

    assert undo(alice, first).left_alone == {"changed since": 1}

    assert picture() == before
    assert undo(alice, second).restored == undo(alice, first).restored == 1


def test_the_page_of_an_act_says_that_its_undo_restored_nothing(
    project, alice, browser_of
):
    record = make(project)
    done = act(alice, project, OVERLAP)
    Record.objects.filter(pk=record.pk).update(state="EXCLUDED")
    browser = browser_of(alice)

    browser.post(f"/admin/annotation/bulkact/{done.pk}/undo/")
    page = browser.get(f"/admin/annotation/bulkact/{done.pk}/change/").content.decode()

    assert "0 of 1 records are as they were. Left alone: 1 changed since." in page
    assert "undo/" in page


def test_an_act_is_undone_once(project, alice):
    make(project)
    done = undo(alice, act(alice, project, EXCLUDE))

    with pytest.raises(BulkRefused, match="already"):
        undo(alice, done)


def test_the_reason_is_sanitized_before_it_is_kept(project, alice):
    make(project)

    done = bulk_acts.start(
        project=project,
        by=alice,
        order=EXCLUDE,
        reason="mail to jane.doe@example.org",
        expected_count=1,
        now=START,
    )

    assert "jane.doe" not in done.reason
    assert BulkChange.objects.count() == 1
    assert tasks.resume_stalled() == 0


def test_the_overlap_of_one_very_record_is_raised(project, alice):
    one, like = (RecordFactory(project=project, external_id=i) for i in ("R1", "R10"))
    order = Order("OVERLAP", RecordFilter(external_id="=R1"), reviews_wanted=4)

    assert act(alice, project, order).count == 1

    one.refresh_from_db()
    like.refresh_from_db()
    assert (one.reviews_wanted, like.reviews_wanted) == (4, project.reviews_wanted)
