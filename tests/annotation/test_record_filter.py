"""Filters: what they refuse, what they find, and that they can be written and read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain import record_filter
from annotation.domain.record_filter import FilterError, RecordFilter
from annotation.models import ImportBatch, Record
from annotation.services import finding
from annotation.services.finding import FilterRefused
from tests.factories import (
    RecordFactory,
    ReviewerFactory,
    ReviewFactory,
    VerdictFactory,
)

NAMES = list(RecordFilter.__dataclass_fields__)


def test_the_choices_are_those_of_the_tables():
    assert set(record_filter.STATES) == set(Record.State.values)
    assert set(record_filter.KINDS) == set(Record.Kind.values)
    assert set(record_filter.ORIGINS) == set(Record.Origin.values)
    assert set(record_filter.SOURCES) == set(ImportBatch.Source.values)


@given(
    st.dictionaries(
        st.sampled_from(NAMES) | st.text(max_size=8),
        st.text(max_size=12)
        | st.integers()
        | st.booleans()
        | st.none()
        | st.sampled_from(["OPEN,SETTLED", "2026-03-31", "ticket", "٣", "-1", "1"])
        | st.lists(st.sampled_from(["OPEN", "HELD"])),
        max_size=4,
    )
)
def test_any_query_is_read_or_refused_and_reads_back_the_same(query):
    try:
        found = RecordFilter.from_query(query)
    except FilterError:
        return

    assert RecordFilter.from_query(found.as_query()) == found
    assert "words" not in found.as_address()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"state": "OPEN,BROKEN"}, "state"),
        ({"kind": "poem"}, "kind"),
        ({"batch": "1x"}, "batch"),
        ({"batch": "-1"}, "batch"),
        ({"reviews_from": "3", "reviews_to": "2"}, "reviews_to"),
        ({"opened_from": "2026-02-30"}, "opened_from"),
        ({"opened_from": "2026-W01-1"}, "opened_from"),
        ({"opened_from": "2026-02-02", "opened_to": "2026-02-01"}, "opened_to"),
        ({"category": "x" * 81}, "category"),
        ({"words": "x" * 501}, "words"),
        ({"kind": True}, "kind"),
        ({"category": {"a": 1}}, "category"),
    ],
)
def test_a_filter_that_cannot_be_is_refused_by_its_field(query, field):
    with pytest.raises(FilterError) as refusal:
        RecordFilter.from_query(query)

    assert refusal.value.field == field


def test_an_unknown_name_that_may_be_ticket_text_is_not_repeated():
    with pytest.raises(FilterError) as refusal:
        RecordFilter.from_query({"password Hunter2!": "x"})

    assert "Hunter2" not in str(refusal.value)


def found(project, user, **query) -> set[str]:
    wanted = finding.read_filter(project=project, user=user, query=query)
    rows = finding.find(project=project, user=user, wanted=wanted)
    return set(rows.values_list("external_id", flat=True))


@pytest.mark.django_db
def test_each_part_of_a_filter_narrows(project, alice):
    batch = ImportBatch.objects.create(project=project, source="API", file_name="x")
    day = datetime(2026, 3, 31, 12, tzinfo=UTC)
    RecordFactory(project=project, external_id="plain", opened_at=None)
    RecordFactory(
        project=project,
        external_id="rich-1",
        state="SETTLED",
        category="wan",
        vendor="juniper",
        kind="LOG",
        origin="SYNTHETIC",
        batch=batch,
        opened_at=day,
        queued_because="contested: reviewers disagree",
    )
    rich = Record.objects.get(external_id="rich-1")
    VerdictFactory(record=rich, severity="low")
    for _ in range(2):
        ReviewFactory(record=rich)
    ReviewFactory(record=rich, reviewer=ReviewerFactory(source=True))
    RecordFactory(external_id="rich-2", category="wan")

    for query in (
        {"external_id": "rich"},
        {"state": "SETTLED,CONTESTED"},
        {"state": ["SETTLED"]},
        {"category": "wan"},
        {"vendor": "juniper"},
        {"kind": "log"},
        {"origin": "SYNTHETIC"},
        {"batch": batch.pk},
        {"source": "API"},
        {"reviews_from": 1},
        {"reviews_from": 2, "reviews_to": 2},
        {"opened_from": "2026-03-31", "opened_to": "2026-03-31"},
        {"level": "low"},
        {"because": "contested"},
    ):
        assert found(project, alice, **query) == {"rich-1"}, query
    for query in (
        {"reviews_to": 0},
        {"reviews_to": 1},
        {"state": "OPEN"},
        {"because": "oldest"},
    ):
        assert found(project, alice, **query) == {"plain"}, query
    assert found(project, alice, reviews_from=3) == set()
    assert found(project, alice) == {"plain", "rich-1"}


@pytest.mark.django_db
def test_days_are_those_of_the_site_s_time_zone(project, alice):
    RecordFactory(
        project=project,
        external_id="late",
        opened_at=datetime(2026, 3, 31, 22, 30, tzinfo=UTC),
    )

    with timezone.override("Europe/Zurich"):
        assert found(project, alice, opened_from="2026-04-01") == {"late"}
    assert found(project, alice, opened_from="2026-04-01") == set()


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["bob", "carol", "dana", "frank"])
def test_who_sees_no_verdicts_searches_no_later_facts(request, project, who):
    user = request.getfixturevalue(who)
    RecordFactory(project=project, resolution="replaced the optic", external_id="a")
    RecordFactory(project=project, thread=[{"text": "optic ordered"}])
    RecordFactory(project=project, title="optic low light", external_id="known")

    assert found(project, user, words="optic") == {"known"}
    for query, code in (
        ({"level": "high"}, "not_allowed"),
        ({"because": "contested: r"}, "not_allowed"),
    ):
        with pytest.raises(FilterRefused) as refusal:
            finding.read_filter(project=project, user=user, query=query)
        assert refusal.value.code == code


@pytest.mark.django_db
def test_who_sees_verdicts_searches_later_facts_too(project, grace):
    RecordFactory(project=project, resolution="replaced the optic", external_id="a")

    assert found(project, grace, words="optic") == {"a"}


@pytest.mark.django_db
def test_a_level_of_another_project_is_refused(project, alice):
    with pytest.raises(FilterRefused, match="critical"):
        finding.read_filter(project=project, user=alice, query={"level": "p1"})


@pytest.mark.django_db
def test_a_name_typed_in_the_search_finds_its_pseudonym(project, alice):
    words = finding.safe_words(project, "mail jane.doe@example.org")
    RecordFactory(project=project, body=f"user {words.split()[-1]} has no link")

    assert "jane" not in words
    assert len(found(project, alice, words="jane.doe@example.org")) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "typed", ['"spanning tree" -wireless flap*', "Gi1/0/5", "bgp OR ospf", "password"]
)
def test_signs_of_a_search_survive_the_sanitizer(project, typed):
    assert finding.safe_words(project, typed) == typed


@pytest.mark.django_db
def test_counting_ends_at_ten_thousand(project, monkeypatch):
    RecordFactory.create_batch(4, project=project)
    records = Record.objects.of(project)

    assert str(finding.count(records)) == "4"
    monkeypatch.setattr(finding, "COUNTED", 3)
    assert str(finding.count(records)) == "more than 3"
