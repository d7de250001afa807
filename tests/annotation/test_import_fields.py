"""Columns to fields, cells to values: dates, threads, attributes, reviews."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.importing.answers import answer_of
from annotation.domain.importing.cells import column_names
from annotation.domain.importing.dates import MomentUnclear, parse_moment
from annotation.domain.importing.fields import PRESETS, REVIEW_FIELDS, SYNONYMS
from annotation.domain.importing.mapping import ColumnMap, settle_mapping
from annotation.domain.importing.raw_row import RawRow
from annotation.domain.importing.refusals import FileRefused, RowRejected
from annotation.domain.importing.tickets import ticket_of
from annotation.domain.scale import DEFAULT_SCALE

TEXT = [("title", "body")]


def ticket(cells: dict, preset: str = "", **how):
    candidates = PRESETS[preset] if preset else SYNONYMS
    columns = settle_mapping(column_names(cells), {}, candidates, TEXT)
    return ticket_of(RawRow(2, cells), ColumnMap(columns, **how))


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2024-01-31 13:45:00", "2024-01-31T13:45:00+00:00"),
        ("2024-01-31T13:45:00.000+0100", "2024-01-31T12:45:00+00:00"),
        ("2024-01-31", "2024-01-31T00:00:00+00:00"),
        ("31/Jan/24 1:45 PM", "2024-01-31T13:45:00+00:00"),
        ("31-Jan-2024 00:10", "2024-01-31T00:10:00+00:00"),
        ("31.01.2024 13:45", "2024-01-31T13:45:00+00:00"),
        ("1/31/2024 12:05 AM", "2024-01-31T00:05:00+00:00"),
        ("31/01/2024 13:45:10", "2024-01-31T13:45:10+00:00"),
        ("04/04/2024", "2024-04-04T00:00:00+00:00"),
        ("1706708700", "2024-01-31T13:45:00+00:00"),
        ("1706708700000", "2024-01-31T13:45:00+00:00"),
    ],
)
def test_moments_in_the_forms_of_trackers(text: str, iso: str):
    assert parse_moment(text).isoformat() == iso


def test_a_moment_without_a_zone_is_in_the_zone_of_the_mapping():
    found = ticket({"text": "down", "opened": "2024-07-01 10:00"}, zone="Europe/Berlin")

    assert found.opened_at == datetime(2024, 7, 1, 8, 0, tzinfo=UTC)


def test_day_and_month_are_not_guessed_but_may_be_told():
    with pytest.raises(MomentUnclear, match="swapped"):
        parse_moment("03/04/2024")

    assert parse_moment("03/04/2024", order="dmy").month == 4
    assert parse_moment("03/04/2024", order="mdy").month == 3


@given(st.text(max_size=40))
def test_any_text_is_a_moment_or_unclear(text: str):
    try:
        found = parse_moment(text)
    except MomentUnclear:
        return

    assert found.tzinfo is UTC


def test_synonyms_are_found_without_regard_to_case_and_punctuation():
    found = settle_mapping(
        ["Ticket ID", "Short description", "DESCRIPTION", "colour"], {}, SYNONYMS, TEXT
    )

    assert found == {
        "external_id": ("Ticket ID",),
        "title": ("Short description",),
        "body": ("DESCRIPTION",),
    }


def test_what_is_asked_wins_and_takes_the_column_from_others():
    found = settle_mapping(
        ["id", "text", "summary"], {"body": ["summary"]}, SYNONYMS, TEXT
    )

    assert found == {"body": ("summary",), "external_id": ("id",)}


@pytest.mark.parametrize(
    ("columns", "asked"), [(["id", "text"], {"title": ["gone"]}), (["id", "x"], {})]
)
def test_a_missing_column_is_refused_with_the_columns_found(columns, asked):
    with pytest.raises(FileRefused) as caught:
        settle_mapping(columns, asked, SYNONYMS, TEXT)

    assert caught.value.code == "missing_column"
    assert caught.value.columns == tuple(columns)


def test_a_servicenow_row_is_read_with_its_journal():
    journal = (
        "2024-01-31 14:00:00 - Jane Doe (Work notes)\nreplaced the SFP\n\n"
        "2024-01-31 14:30:00 - Jane Doe (Additional comments)\nback up\n"
    )
    cells = {
        "number": {"display_value": "INC0012", "value": "INC0012"},
        "short_description": "Link down",
        "description": "Gi1/0/1 is down",
        "opened_at": "2024-01-31 13:45:00",
        "comments_and_work_notes": journal,
        "assigned_to": {"display_value": "Jane Doe", "link": "x"},
        "resolved_by": "Bob",
        "impact": "2",
        "priority": "1",
    }

    found = ticket(cells, "servicenow")

    assert found.external_id == "INC0012"
    assert [(e.text, e.private, e.at.hour) for e in found.thread] == [
        ("replaced the SFP", True, 14),
        ("back up", False, 14),
    ]
    assert found.worked_by == ("Jane Doe", "Bob")
    assert found.attributes == {"impact": "2"}


def test_a_jira_csv_row_is_read_with_its_repeated_comments():
    cells = {
        "Issue key": "NET-7",
        "Summary": "Wifi slow",
        "Created": "31/Jan/24 1:45 PM",
        "Component/s": "wireless",
        "Comment": ["31/Jan/24 2:00 PM;557058:ab;moved the AP", "free text; kept"],
        "Assignee": "bob",
    }

    found = ticket(cells, "jira")

    assert found.category == "wireless"
    assert [entry.text for entry in found.thread] == ["moved the AP", "free text; kept"]
    assert found.thread[0].at == datetime(2024, 1, 31, 14, 0, tzinfo=UTC)


def test_a_jira_rest_issue_is_read_from_nested_fields_and_rich_text():
    paragraph = {"type": "paragraph", "content": [{"type": "text", "text": "AP down"}]}
    cells = {
        "key": "NET-8",
        "fields": {
            "summary": "Wifi",
            "description": {"type": "doc", "content": [paragraph, paragraph]},
            "assignee": {"displayName": "Bob"},
            "components": [{"name": "wireless"}],
        },
    }

    found = ticket(cells, "jira")

    assert found.body == "AP down\nAP down"
    assert found.category == "wireless"
    assert found.worked_by == ("Bob",)


def test_a_thread_of_objects_keeps_time_role_and_privacy_and_no_author():
    turns = [
        {"text": "hi", "author": "u1", "role": "Reporter", "created": "2024-01-01"},
        {"body": "note", "private": True, "role": "Jane Doe <jane@x.org>"},
        {"author": "u2"},
    ]

    found = ticket({"text": "x", "turns": turns})

    assert [(e.text, e.role, e.private) for e in found.thread] == [
        ("hi", "reporter", False),
        ("note", "", True),
    ]


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        ({"text": "  ", "id": "1"}, "body"),
        ({"text": "x", "opened": "soon"}, "opened_at"),
        ({"text": "x" * 1_000_001}, "body"),
        ({"text": "half \ud83d"}, "body"),
        ({"text": "x", "attributes": {str(n): n for n in range(51)}}, "attributes"),
        ({"text": "x", "category": "c" * 81}, "category"),
    ],
)
def test_a_row_is_rejected_with_its_field_and_never_its_value(cells, field):
    with pytest.raises(RowRejected) as caught:
        ticket(cells)

    assert caught.value.field == field
    assert "soon" not in caught.value.reason


def test_an_answer_takes_levels_by_key_or_label_and_refuses_others():
    columns = settle_mapping(
        ["external_id", "reviewer", "severity", "confidence"], {}, REVIEW_FIELDS, []
    )
    row = {"external_id": "A", "reviewer": " Bob  B ", "severity": "Critical"}

    found = answer_of(RawRow(2, row), ColumnMap(columns), DEFAULT_SCALE)

    assert (found.severity, found.reviewer) == ("critical", "Bob B")
    for wrong in ({"severity": "urgent"}, {"confidence": "6"}, {"reviewer": ""}):
        with pytest.raises(RowRejected):
            answer_of(RawRow(2, row | wrong), ColumnMap(columns), DEFAULT_SCALE)
