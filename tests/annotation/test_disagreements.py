"""Why people disagree: the counts, the backlog of gaps, the file."""

from __future__ import annotations

import csv
import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.disagreement import Dispute, tally
from annotation.domain.scale import DEFAULT_SCALE
from annotation.models import Guidelines, Verdict
from annotation.services import adjudicating, disagreements
from tests.annotation.adjudication import WHY, answered
from tests.factories import ReviewerFactory

KEYS = DEFAULT_SCALE.keys
KINDS = ["AMBIGUOUS", "GUIDELINE_GAP", "SLIP"]


@pytest.fixture
def senior(db):
    return ReviewerFactory(name="zoe-quartz", grade="SENIOR")


def decide(project, senior, kind: str, *severities: str, **record: object):
    made = answered(project, *severities, **record)
    reason = "=HYPERLINK(1)" if kind == "SLIP" else "Core link."
    adjudicating.decide(
        record=made, reviewer=senior, severity="high", reason=reason, disagreement=kind
    )
    return made


def test_disagreements_are_counted_by_kind_levels_and_category(project, senior):
    decide(project, senior, "SLIP", "high", "low", category="wireless")
    decide(project, senior, "GUIDELINE_GAP", "low", "medium", "high", category="wan")
    decide(project, senior, "GUIDELINE_GAP", "critical", "high", category="wan")
    decide(project, senior, "", "high", "high")

    found = disagreements.report(project=project, now=timezone.now())

    assert found.tally.kinds == {"SLIP": 1, "GUIDELINE_GAP": 2}
    assert [(s.most, s.least, dict(c)) for s, c in found.tally.pairs] == [
        ("high", "low", {"SLIP": 1, "GUIDELINE_GAP": 1}),
        ("critical", "high", {"GUIDELINE_GAP": 1}),
    ]
    assert [name for name, _ in found.tally.categories] == ["wan", "wireless"]
    assert (found.decided, found.unexplained, found.own) == (4, 0, 0)


def test_a_decision_taken_back_is_not_counted(project, senior):
    record = decide(project, senior, "SLIP", "high", "low")
    at = Verdict.objects.get().created_at

    adjudicating.undo(record=record, reviewer=senior, now=at)

    assert disagreements.report(project=project, now=timezone.now()).decided == 0
    assert disagreements.gaps(project=project, limit=9) == []


def test_gaps_name_the_guidelines_that_were_in_force(project, senior):
    gap = decide(project, senior, "GUIDELINE_GAP", "high", "low")
    Guidelines.objects.create(project=project, version=1, markdown="a")
    late = decide(project, senior, "GUIDELINE_GAP", "high", "low")
    decide(project, senior, "SLIP", "high", "low")

    found = disagreements.gaps(project=project, limit=9)

    assert [(one.verdict.record, one.version) for one in found] == [(late, 1), (gap, 0)]


def test_the_file_holds_what_was_decided_and_no_formula(
    project, senior, alice, browser_of
):
    record = decide(project, senior, "SLIP", "high", "low", category="wan")

    answer = browser_of(alice).get(f"{WHY}export/")

    text = b"".join(answer.streaming_content).decode()
    (row,) = csv.DictReader(text.splitlines())
    assert row["external_id"] == record.external_id
    assert (row["most_severe_answer"], row["least_severe_answer"]) == ("high", "low")
    assert row["kind"] == "slip"
    assert row["decided_by"] == "zoe-quartz"
    assert row["reason"] == "'=HYPERLINK(1)"


def test_an_empty_page_says_what_will_appear(project, alice, browser_of):
    page = browser_of(alice).get(WHY).content.decode()

    assert "No disagreement has been explained yet" in page


def test_the_page_has_charts_with_tables(project, senior, alice, browser_of):
    decide(project, senior, "SLIP", "high", "low", category="wireless")

    page = browser_of(alice).get(WHY).content.decode()

    assert page.count("Numbers as a table") == 3
    assert "High / Low" in page


DISPUTES = st.lists(
    st.builds(
        Dispute,
        st.sampled_from(KINDS),
        st.lists(st.sampled_from([*KEYS, "gone"]), max_size=4).map(tuple),
        st.sampled_from(["", "wan", "wireless"]),
        st.dates(date(2024, 1, 1), date(2026, 12, 31)),
    ),
    max_size=30,
)


@given(DISPUTES)
def test_every_dispute_is_counted_once_in_each_way(disputes):
    found = tally(disputes, DEFAULT_SCALE)

    assert found.kinds.total() == len(disputes)
    assert sum(counts.total() for _, counts in found.categories) == len(disputes)
    assert sum(counts.total() for _, counts in found.periods) == len(disputes)
    assert sum(counts.total() for _, counts in found.pairs) <= len(disputes)
    days = [day for day, _ in found.periods]
    assert days == sorted(set(days))
    if len(days) > 1 and found.by_week:
        assert {b - a for a, b in itertools.pairwise(days)} == {timedelta(days=7)}


def test_a_quiet_month_is_there_with_nothing_counted():
    days = [date(2025, 1, 31), date(2025, 12, 1)]

    found = tally([Dispute("SLIP", (), "", day) for day in days], DEFAULT_SCALE)

    assert not found.by_week
    assert [day.month for day, _ in found.periods] == list(range(1, 13))
    assert datetime(2025, 1, 1, tzinfo=UTC).date() == found.periods[0][0]
