"""Adjudication as a service: stale decisions, kinds of disagreement, undo, order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.domain.disagreement import answer_names, describe, spread
from annotation.domain.scale import DEFAULT_SCALE
from annotation.models import Record, Verdict
from annotation.services import adjudicating, settling, weighing
from tests.annotation.adjudication import DECISION, answered
from tests.factories import ReviewerFactory, ReviewFactory


def decide(record: Record, senior, **change: object) -> Verdict:
    return adjudicating.decide(record=record, reviewer=senior, **{**DECISION, **change})


@pytest.fixture
def senior(db):
    return ReviewerFactory(grade="SENIOR")


def waiting(project, reviewer=None) -> list[Record]:
    return list(weighing.waiting_for_a_senior(project=project, reviewer=reviewer))


def test_what_waits_is_ordered_by_what_is_at_stake(project, senior):
    confirm = answered(project, "critical", "critical", priority=9)
    plain = answered(project, "high", "low")
    urgent = answered(project, "high", "low", priority=5)
    severe = answered(project, "critical", "low")
    own = answered(project, "critical", "high")
    ReviewFactory(record=own, reviewer=senior, severity="critical")

    assert waiting(project, senior) == [severe, urgent, plain, confirm, own]
    assert waiting(project) == [severe, own, urgent, plain, confirm]


def test_not_now_leads_through_all_that_waits_and_back_to_the_first(project, senior):
    records = [answered(project, "high", "low") for _ in range(3)]
    settled = answered(project, "high", "high")
    following = [*records, settled]

    visited = [weighing.next_for(project=project, reviewer=senior)]
    for _ in range(4):
        after = visited[-1].pk
        visited.append(weighing.next_for(project=project, reviewer=senior, after=after))

    assert visited == [*following, records[0]]


@pytest.mark.parametrize("said", [("high", "low"), ("critical", "critical")])
def test_answers_given_with_a_suggestion_in_view_are_weighed_like_others(
    project, senior, said
):
    record = answered(project)
    for severity in said:
        principal = ReviewerFactory(grade="PRINCIPAL")
        ReviewFactory(
            record=record,
            reviewer=principal,
            grade="PRINCIPAL",
            severity=severity,
            independent=False,
            suggested=True,
        )
    settling.settle_records(project=project, record_ids=[record.pk])
    assert waiting(project) == [record]

    verdict = decide(record, senior, severity=said[0])
    adjudicating.undo(record=record, reviewer=senior, now=timezone.now())

    # Whoever agreed lends it their grade; on independent answers it does not rest.
    assert (verdict.grade, verdict.reviews_count) == ("PRINCIPAL", 0)
    assert waiting(project) == [record]


def test_answers_have_letters_and_no_names_in_a_shuffled_order(project):
    records = [answered(project, "high", "medium", "low") for _ in range(12)]

    heard = [weighing.hear(record=record) for record in records]

    assert {"".join(a.name for a in one.answers) for one in heard} == {"ABC"}
    orders = {tuple(a.severity for a in one.answers) for one in heard}
    assert len(orders) > 1
    assert heard[0] == weighing.hear(record=records[0])
    assert heard[0].summary == "2 levels apart: from High to Low."


def test_a_decision_on_differing_answers_needs_a_kind(project, senior):
    record = answered(project, "high", "low")

    with pytest.raises(adjudicating.AdjudicationRefused) as refusal:
        decide(record, senior, disagreement="")

    assert refusal.value.code == "no_kind"
    assert decide(record, senior, disagreement="AMBIGUOUS").disagreement == "AMBIGUOUS"


def test_where_all_agree_no_kind_is_kept(project, senior):
    record = answered(project, "high", "high")

    assert decide(record, senior).disagreement == ""


def test_the_second_of_two_seniors_is_told_of_the_first(project, senior):
    record = answered(project, "high", "low")
    seen = weighing.hear(record=record).seen
    first = decide(record, ReviewerFactory(grade="SENIOR"), seen=seen)

    with pytest.raises(adjudicating.DecisionStale) as refusal:
        decide(record, senior, severity="low", seen=seen)

    assert refusal.value.code == "decided"
    assert Verdict.objects.current().get() == first
    again = weighing.hear(record=record).seen
    replaced = decide(record, senior, severity="low", seen=again)
    assert Verdict.objects.current().get() == replaced
    assert Verdict.objects.count() == 2


def test_a_new_answer_since_makes_a_decision_stale(project, senior):
    record = answered(project, "high", "low")
    seen = weighing.hear(record=record).seen
    ReviewFactory(record=record, severity="critical")

    with pytest.raises(adjudicating.DecisionStale) as refusal:
        decide(record, senior, seen=seen)

    assert refusal.value.code == "changed"


@pytest.mark.parametrize(
    ("spoil", "change", "code"),
    [
        ({"state": "EXCLUDED"}, {}, "not_ready"),
        ({}, {"severity": "gone"}, "unknown_level"),
        ({}, {"root_cause": "gremlins"}, "unknown_root_cause"),
        ({}, {"disagreement": "MOOD"}, "unknown_kind"),
        ({}, {"reason": " "}, "no_reason"),
    ],
)
def test_what_cannot_be_decided_is_refused(project, senior, spoil, change, code):
    record = answered(project, "high", "low")
    Record.objects.filter(pk=record.pk).update(**spoil)

    with pytest.raises(adjudicating.AdjudicationRefused) as refusal:
        decide(Record.objects.get(pk=record.pk), senior, **change)

    assert refusal.value.code == code
    assert not Verdict.objects.exists()


def test_a_closed_project_takes_no_decision(project, senior):
    record = answered(project, "high", "low")
    project.is_active = False
    project.save()

    with pytest.raises(adjudicating.AdjudicationRefused) as refusal:
        decide(record, senior)

    assert refusal.value.code == "closed"


def undo(record: Record, senior, hours: float = 0) -> Record:
    now = timezone.now() + timedelta(hours=hours)
    return adjudicating.undo(record=record, reviewer=senior, now=now)


def test_undo_makes_a_contested_record_contested_again(project, senior):
    record = answered(project, "high", "low")
    verdict = decide(record, senior)

    found = undo(record, senior, hours=0.9)

    assert found.state == "CONTESTED"
    assert found.queued_because == "contested: reviewers disagree"
    assert not Verdict.objects.current().exists()
    assert Verdict.objects.get() == verdict


def test_undo_brings_the_verdict_before_back(project, senior):
    record = answered(project, "high", "high")
    before = Verdict.objects.get()
    decide(record, senior, severity="low")

    undo(record, senior)

    assert Verdict.objects.current().get() == before
    assert Verdict.objects.count() == 2
    settling.settle_records(project=project)
    assert Verdict.objects.count() == 2


def test_undo_brings_back_the_decision_it_replaced_and_none_that_was_undone(
    project, senior
):
    record = answered(project, "high", "low")
    decide(record, senior)
    undo(record, senior)
    first = decide(record, ReviewerFactory(grade="PRINCIPAL"))
    decide(record, senior, severity="low")

    undo(record, senior)

    assert Verdict.objects.current().get() == first
    assert Record.objects.get().state == "SETTLED"


@pytest.mark.parametrize(
    ("who", "hours", "code"),
    [("other", 0, "not_yours"), ("self", 1.01, "too_late"), ("none", 0, "not_decided")],
)
def test_undo_is_refused(project, senior, who, hours, code):
    record = answered(project, "high", "low")
    if who != "none":
        decide(record, senior)
    by = ReviewerFactory(grade="SENIOR") if who == "other" else senior

    with pytest.raises(adjudicating.AdjudicationRefused) as refusal:
        undo(record, by, hours)

    assert refusal.value.code == code


def test_the_last_decision_is_offered_for_an_hour(project, senior):
    record = answered(project, "high", "low")
    verdict = decide(record, senior)
    now = timezone.now()

    def last(hours: float):
        return adjudicating.last_decision(
            project=project, reviewer=senior, now=now + timedelta(hours=hours)
        )

    assert (last(0.5), last(1.5)) == (verdict, None)


def test_spread_and_its_words():
    scale = DEFAULT_SCALE
    ends = spread(["low", "critical", "gone"], scale)

    assert (ends.most, ends.least, ends.apart) == ("critical", "low", 3)
    assert spread(["gone"], scale) is None
    assert (
        describe(["high", "medium"], scale) == "One level apart: from High to Medium."
    )
    assert describe(["high", "high"], scale) == "All say High."
    assert describe(["high"], scale) == "The only answer is High."
    assert describe([], scale) == "Nobody chose a level."


def test_letters_go_on_after_z():
    names = answer_names()

    found = [next(names) for _ in range(703)]

    assert [found[0], found[25], found[26], found[701], found[702]] == [
        "A", "Z", "AA", "ZZ", "AAA",
    ]  # fmt: skip
    assert len(set(found)) == 703
