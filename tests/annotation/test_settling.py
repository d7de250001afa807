"""Reviews become verdicts: unanimous, by majority, contested, adjudicated."""

from __future__ import annotations

import pytest

from annotation.domain.scale import DEFAULT_SCALE, Grade
from annotation.domain.settlement import Label, Outcome, settle
from annotation.models import Record, Verdict
from annotation.services import adjudicating, settling
from tests.factories import RecordFactory, ReviewerFactory, ReviewFactory


def _labels(*keys: str) -> list[Label]:
    return [Label(key, Grade.ENGINEER) for key in keys]


@pytest.mark.parametrize(
    ("given", "outcome", "severity"),
    [
        (["high"], Outcome.WAITING, ""),
        (["high", "high"], Outcome.UNANIMOUS, "high"),
        (["high", "medium"], Outcome.CONTESTED, ""),
        (["high", "high", "medium"], Outcome.MAJORITY, "high"),
        (["high", "high", "critical"], Outcome.CONTESTED, ""),
        (["critical", "critical", "high"], Outcome.MAJORITY, "critical"),
        (["high", "high", "low"], Outcome.CONTESTED, ""),
        (["high", "high", "medium", "medium"], Outcome.CONTESTED, ""),
        (["high", "high", "gone"], Outcome.UNANIMOUS, "high"),
    ],
)
def test_labels_settle_only_when_nobody_would_be_overruled_on_what_matters(
    given, outcome, severity
):
    found = settle(_labels(*given), 2, DEFAULT_SCALE)

    assert (found.outcome, found.severity) == (outcome, severity)


def test_the_verdict_carries_the_highest_grade_among_those_who_agree():
    labels = [
        Label("high", Grade.JUNIOR, "optics"),
        Label("high", Grade.SENIOR, "optics"),
        Label("medium", Grade.PRINCIPAL, "fibre"),
    ]

    found = settle(labels, 2, DEFAULT_SCALE)

    assert found.grade is Grade.SENIOR
    assert found.root_cause == "optics"


def test_two_root_causes_named_equally_often_leave_it_open():
    labels = [Label("high", Grade.JUNIOR, "a"), Label("high", Grade.JUNIOR, "b")]

    assert settle(labels, 2, DEFAULT_SCALE).root_cause == ""


def _reviewed(project, *severities: str, **record: object) -> Record:
    made = RecordFactory(project=project, **record)
    for severity in severities:
        ReviewFactory(record=made, severity=severity)
    return made


def test_settling_twice_writes_one_verdict(project):
    record = _reviewed(project, "high", "high")

    first = settling.settle_records(project=project)
    second = settling.settle_records(project=project)

    record.refresh_from_db()
    assert first == second == settling.SettleCounts(settled=1)
    assert record.state == "SETTLED"
    assert Verdict.objects.filter(record=record).count() == 1


def test_a_later_review_that_disagrees_contests_the_record_and_keeps_history(project):
    record = _reviewed(project, "high", "high")
    settling.settle_records(project=project)
    ReviewFactory(record=record, severity="critical")

    counts = settling.settle_records(project=project, record_ids=[record.pk])

    record.refresh_from_db()
    assert counts == settling.SettleCounts(contested=1)
    assert record.state == "CONTESTED"
    assert record.queued_because == "contested: somebody said critical"
    assert Verdict.objects.filter(record=record, is_current=False).count() == 1


def test_a_source_never_counts_as_a_reviewer(project):
    record = _reviewed(project, "high")
    source = ReviewerFactory(source=True, name="tracker")
    ReviewFactory(record=record, reviewer=source, severity="high")

    counts = settling.settle_records(project=project)

    assert counts == settling.SettleCounts(waiting=1)


def test_a_single_source_verdict_leaves_the_record_open_for_people(project):
    record = RecordFactory(project=project)
    source = ReviewerFactory(source=True, name="tracker")
    ReviewFactory(record=record, reviewer=source, severity="low")

    written = settling.settle_single_source(project=project)
    again = settling.settle_single_source(project=project)

    record.refresh_from_db()
    assert (written, again) == (1, 0)
    assert record.state == "OPEN"
    assert record.verdicts.get().method == "SINGLE_SOURCE"


def test_a_senior_settles_a_contested_record_for_good(project):
    record = _reviewed(project, "high", "low")
    settling.settle_records(project=project)
    senior = ReviewerFactory(grade="SENIOR")

    verdict = adjudicating.adjudicate(
        record=record, reviewer=senior, severity="high", reason="Core link."
    )
    settling.settle_records(project=project)

    record.refresh_from_db()
    assert record.state == "SETTLED"
    assert verdict.grade == "SENIOR"
    assert Verdict.objects.current().get(record=record) == verdict


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"reviewer": "junior"}, "not_senior"),
        ({"severity": "gone"}, "unknown_level"),
        ({"reason": "  "}, "no_reason"),
        ({"record": "bare"}, "not_ready"),
    ],
)
def test_an_adjudication_that_makes_no_sense_is_refused(project, change, code):
    parts = {
        "record": _reviewed(project, "high", "low"),
        "reviewer": ReviewerFactory(grade="SENIOR"),
        "severity": "high",
        "reason": "Core link.",
    }
    others = {
        "junior": ReviewerFactory(grade="JUNIOR"),
        "bare": RecordFactory(project=project),
    }
    parts |= {name: others.get(value, value) for name, value in change.items()}
    settling.settle_records(project=project)

    with pytest.raises(adjudicating.AdjudicationRefused) as refusal:
        adjudicating.adjudicate(**parts)

    assert refusal.value.code == code
