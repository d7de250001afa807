"""Sending settled records to the seniors: what waits, what is left alone, undoing."""

from __future__ import annotations

import pytest
from django.utils import timezone

from annotation.domain.record_filter import RecordFilter
from annotation.models import BulkAct, Record, Verdict
from annotation.services import (
    adjudicating,
    bulk_acts,
    bulk_undoing,
    sending,
    settling,
    weighing,
)
from annotation.services.bulk_orders import BulkRefused, Order
from tests.annotation.adjudication import PAGE, answered
from tests.annotation.desk_seats import answer, seat
from tests.factories import (
    GoldFactory,
    RecordFactory,
    ReviewerFactory,
    ReviewFactory,
    VerdictFactory,
)

pytestmark = pytest.mark.django_db

ROUTE = "/api/v1/projects/noc/bulk-acts/seniors/"
WHY = "near copies of it have another label"


def send(project, by, *records, reason=WHY):
    return sending.send(
        project=project,
        record_ids=[record.pk for record in records],
        by=by,
        reason=reason,
        now=timezone.now(),
    )


def waiting(project):
    return list(weighing.waiting_for_a_senior(project=project))


def decide(record, senior, severity="low"):
    return adjudicating.decide(
        record=record, reviewer=senior, severity=severity, reason="Read it again."
    )


@pytest.fixture
def senior(db):
    return ReviewerFactory(grade="SENIOR")


def test_a_settled_record_waits_for_a_senior_and_keeps_its_verdict(
    project, alice, senior
):
    record = answered(project, "high", "high")

    sent = send(project, alice, record)

    record.refresh_from_db()
    assert sent.act.count == 1
    assert record.state == Record.State.CONTESTED
    assert record.queued_because == f"sent to the seniors: {WHY}"
    assert waiting(project) == [record]
    assert Verdict.objects.current().get(record=record).severity == "high"

    decide(record, senior)

    assert Verdict.objects.current().get(record=record).severity == "low"
    assert waiting(project) == []


def test_a_late_answer_that_agrees_does_not_end_the_wait(project, alice):
    record = answered(project, "high", "high")
    send(project, alice, record)

    ReviewFactory(record=record, severity="high")
    settling.settle_records(project=project)

    assert waiting(project) == [record]


def test_answers_that_are_missing_now_open_it_again(project, alice):
    record = answered(project, "high", "high")
    send(project, alice, record)

    record.reviews.update(status="WITHDRAWN")
    settling.settle_records(project=project)

    record.refresh_from_db()
    assert record.state == Record.State.OPEN


def test_once_complete_again_it_waits_again_and_labelers_never_read_the_reason(
    project, alice
):
    record = answered(project, "high", "high")
    send(project, alice, record)
    record.reviews.filter(pk=record.reviews.first().pk).update(status="WITHDRAWN")
    settling.settle_records(project=project)

    claim = seat(project, ReviewerFactory())
    assert (claim.record, claim.because) == (record, "oldest")
    answer(claim, "high")

    assert waiting(project) == [record]


def test_what_cannot_be_sent_is_left_alone_and_said_why(project, alice, senior):
    fine = answered(project, "high", "high")
    decided = answered(project, "high", "low")
    adjudicating.decide(
        record=decided,
        reviewer=senior,
        severity="low",
        reason="Read it.",
        disagreement="SLIP",
    )
    gold = GoldFactory(record=answered(project, "low", "low")).record
    lone = RecordFactory(project=project, state="SETTLED")
    VerdictFactory(record=lone, method="SINGLE_SOURCE")
    others = [
        decided,
        gold,
        lone,
        answered(project, "high", "low"),
        RecordFactory(project=project),
        RecordFactory(project=project, state="EXCLUDED"),
    ]

    sent = send(project, alice, fine, *others)

    assert sent.act.query == {"records": [fine.pk]}
    assert sent.left_alone == {
        "a senior decided": 1,
        "in use as gold": 1,
        "no answers of people": 1,
        "waits for a senior": 1,
        "is being labeled": 1,
        "held or excluded": 1,
    }


def test_what_was_settled_with_suggestions_in_view_can_be_sent(project, alice):
    record = answered(project, "high", "high")
    record.reviews.update(independent=False, suggested=True)

    assert send(project, alice, record).left_alone == {}
    assert waiting(project) == [record]


def test_what_was_excluded_meanwhile_waits_again_when_it_is_requeued(project, alice):
    record = answered(project, "high", "high", category="wan")
    send(project, alice, record)
    for kind in ("EXCLUDE", "REQUEUE"):
        bulk_acts.start(
            project=project,
            by=alice,
            order=Order(kind, RecordFilter(category="wan")),
            reason="wrong export",
            expected_count=1,
            now=timezone.now(),
        )

    record.refresh_from_db()
    assert waiting(project) == [record]
    assert record.queued_because == f"sent to the seniors: {WHY}"


def test_gold_is_not_told_to_who_may_not_know_of_it(project):
    gold = GoldFactory(record=answered(project, "low", "low")).record

    untold = sending.hindrances([gold], tells_gold=False)

    assert untold == {gold.pk: "cannot be sent"}


def test_undoing_brings_back_what_nobody_decided(project, alice, senior):
    kept, decided = answered(project, "high", "high"), answered(project, "low", "low")
    before = Record.objects.filter(pk=kept.pk).values().get()
    act = send(project, alice, kept, decided).act
    decide(decided, senior, "high")

    act = bulk_undoing.start(act_id=act.pk, by=alice, now=timezone.now())

    assert (act.status, act.restored) == (BulkAct.Status.UNDONE, 1)
    assert act.left_alone == {"changed since": 1}
    assert Record.objects.filter(pk=kept.pk).values().get() == before
    assert Verdict.objects.current().get(record=decided).severity == "high"


def test_a_decision_taken_back_leaves_the_record_waiting(project, alice, senior):
    record = answered(project, "high", "high")
    act = send(project, alice, record).act
    decide(record, senior)

    adjudicating.undo(record=record, reviewer=senior, now=timezone.now())

    assert waiting(project) == [record]
    assert Verdict.objects.current().get(record=record).severity == "high"

    bulk_undoing.start(act_id=act.pk, by=alice, now=timezone.now())

    assert waiting(project) == []


def test_a_second_decision_taken_back_leaves_the_first(project, alice, senior):
    record = answered(project, "high", "high")
    send(project, alice, record)
    decide(record, senior)
    other = ReviewerFactory(grade="PRINCIPAL")
    decide(record, other, "high")

    adjudicating.undo(record=record, reviewer=other, now=timezone.now())

    assert waiting(project) == []


@pytest.mark.parametrize(
    ("reason", "code"), [(" ", "no_reason"), ("x" * 300, "long_reason")]
)
def test_a_reason_is_needed_and_short(project, alice, reason, code):
    record = answered(project, "high", "high")

    with pytest.raises(BulkRefused) as refusal:
        send(project, alice, record, reason=reason)

    assert refusal.value.code == code


def test_records_of_another_project_are_refused_whole(project, alice):
    mine, other = answered(project, "high", "high"), RecordFactory()

    with pytest.raises(BulkRefused) as refusal:
        send(project, alice, mine, other)

    assert refusal.value.code == "unknown_record"
    assert waiting(project) == []


def test_the_senior_reads_the_reason_on_the_page(project, alice, bob, browser_of):
    record = answered(project, "high", "high")
    send(project, alice, record)

    answer = browser_of(bob).get(f"{PAGE}{record.pk}/")

    assert f"Sent to the seniors: {WHY}." in answer.text


def test_the_history_says_how_many_were_chosen(project, alice, browser_of):
    records = [answered(project, "high", "high") for _ in range(2)]
    act = send(project, alice, *records).act

    answer = browser_of(alice).get(f"/admin/annotation/bulkact/{act.pk}/change/")

    assert "Sent to the seniors" in answer.text
    assert "2 chosen by hand" in answer.text


@pytest.mark.parametrize(
    ("who", "status"), [("alice", 201), ("erin", 403), ("bob", 403), ("mallory", 404)]
)
def test_only_leads_send(request, project, browser_of, who, status):
    record = answered(project, "high", "high")
    browser = browser_of(request.getfixturevalue(who))

    answer = browser.post(
        ROUTE, {"records": [record.pk], "reason": WHY}, "application/json"
    )

    assert answer.status_code == status
    if status == 201:
        assert answer.json()["act"]["kind"] == "SENIORS"
        assert answer.json()["left_alone"] == {}
