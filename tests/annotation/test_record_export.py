"""Exports of what a filter names: whole, safe, readable again, flat in memory."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.record_filter import RecordFilter
from annotation.domain.record_lines import csv_line, json_line
from annotation.models import Record, Review
from annotation.services import importing, record_export
from annotation.services.record_export import Format
from tests.factories import (
    START,
    ProjectFactory,
    RecordFactory,
    ReviewerFactory,
    ReviewFactory,
    VerdictFactory,
)

FIND = "/admin/annotation/record/search/noc/"
EVERYTHING = RecordFilter()


def export(project, user, wanted=EVERYTHING, written_as=Format.JSONL, after=0) -> str:
    blocks = record_export.export(
        project=project, user=user, wanted=wanted, written_as=written_as, after=after
    )
    return b"".join(blocks).decode()


def rows(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


@given(st.lists(st.text() | st.none() | st.integers(), min_size=1, max_size=5))
def test_a_csv_line_reads_back_and_no_cell_is_a_formula(values):
    text = csv_line(values).decode()

    (read,) = csv.reader(io.StringIO(text, newline=""))
    for value, cell in zip(values, read, strict=True):
        plain = "" if value is None else str(value)
        assert cell in {plain, f"'{plain}"}
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))


@given(st.dictionaries(st.text(), st.text() | st.lists(st.text()), max_size=4))
def test_a_json_line_is_one_line(row):
    line = json_line(row)

    assert line.count(b"\n") == 1
    assert json.loads(line) == row


@pytest.mark.django_db
def test_what_is_exported_can_be_imported_again(project, erin):
    importing.add(
        project=project,
        rows=[
            {
                "external_id": f"INC{n}",
                "title": f"=cmd|' /C calc'!A{n}",
                "body": f'Mail jane{n}@example.org, line\nbreak, "quotes" é',
                "thread": [{"text": "rebooted"}],
                "resolution": "replaced optic",
                "category": "wan",
                "opened_at": "2026-03-31T10:00:00Z",
            }
            for n in range(3)
        ],
        now=START,
    )
    other = ProjectFactory(key_id=project.key_id)
    names = ("external_id", "title", "body", "thread", "resolution", "category")
    exported = rows(export(project, erin))

    importing.add(
        project=other,
        rows=[{name: row[name] for name in names} for row in exported],
        now=START,
    )

    stored = [list(Record.objects.of(p).values(*names)) for p in (project, other)]
    assert stored[0] == stored[1]
    assert len(exported) == 3
    assert "jane" not in str(exported)


@pytest.mark.django_db
def test_csv_has_the_same_rows_and_harmless_cells(project, erin):
    RecordFactory(project=project, title="=HYPERLINK(1)", body="-1\nb", external_id="a")

    (read,) = csv.DictReader(
        io.StringIO(export(project, erin, written_as=Format.CSV), newline="")
    )

    assert read["title"] == "'=HYPERLINK(1)"
    assert read["body"] == "'-1\nb"
    assert read["external_id"] == "a"
    assert read["reviews"] == ""


@pytest.mark.django_db
def test_only_what_the_filter_names_is_exported(project, erin):
    RecordFactory(project=project, category="wan")
    RecordFactory(project=project)
    RecordFactory(category="wan")

    found = rows(export(project, erin, RecordFilter(category="wan")))

    assert [row["category"] for row in found] == ["wan"]


@pytest.mark.django_db
def test_verdicts_and_reviews_go_to_those_who_see_them(project, erin, frank):
    record = RecordFactory(
        project=project, state="SETTLED", resolution="optic", decided_at=START
    )
    VerdictFactory(record=record, severity="low")
    ReviewFactory(record=record, severity="low")

    (full,) = rows(export(project, erin))
    (narrow,) = rows(export(project, frank))

    assert full["verdict"]["severity"] == "low"
    assert full["reviews"][0]["severity"] == "low"
    assert full["resolution"] == "optic"
    assert not {"verdict", "reviews", "resolution", "thread"} & narrow.keys()


@pytest.mark.django_db
def test_nobody_reads_what_people_said_of_undecided_records(project, alice, erin):
    undecided = RecordFactory(project=project)
    decided = RecordFactory(project=project, state="SETTLED", decided_at=START)
    for record in (undecided, decided):
        ReviewFactory(record=record, reviewer=ReviewerFactory())
        ReviewFactory(record=record, reviewer=ReviewerFactory(source=True))

    hers = {row["id"]: row["reviews"] for row in rows(export(project, alice))}
    his = {row["id"]: row["reviews"] for row in rows(export(project, erin))}

    # A source's label is no answer; whoever labels does not read that either.
    assert (len(hers[undecided.pk]), len(hers[decided.pk])) == (0, 2)
    assert (len(his[undecided.pk]), len(his[decided.pk])) == (1, 2)
    assert Review.objects.count() == 4


@pytest.mark.django_db
def test_text_that_must_not_leave_stays_and_is_named(project, erin):
    RecordFactory(
        project=project, external_id="bad", body="snmp-server community X9q RO"
    )
    RecordFactory(project=project, external_id="good")

    bad, good = rows(export(project, erin))

    assert bad["left_out"]
    assert "X9q" not in str(bad)
    assert bad.keys() == {"id", "external_id", "state", "left_out"}
    assert good["left_out"] == ""


@pytest.mark.django_db
def test_an_export_goes_on_where_it_was_cut_off(project, erin, monkeypatch):
    monkeypatch.setattr(record_export, "BLOCK", 2)
    RecordFactory.create_batch(5, project=project)
    every = rows(export(project, erin))

    rest = rows(export(project, erin, after=every[1]["id"]))

    assert rest == every[2:]
    text = export(project, erin, written_as=Format.CSV, after=every[3]["id"])
    assert len(text.splitlines()) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("written_as", ["csv", "jsonl"])
def test_the_page_downloads_what_it_found(project, erin, browser_of, written_as):
    RecordFactory(project=project, title="zebra")
    RecordFactory(project=project)
    browser = browser_of(erin)
    query = browser.post(FIND, {"words": "zebra"}).url.partition("?")[2]

    answer = browser.get(f"{FIND}export/?{query}&format={written_as}")

    text = b"".join(answer.streaming_content).decode()
    assert f"noc-records.{written_as}" in answer["Content-Disposition"]
    assert text.count("zebra") == 1
    assert "Link" not in text
    assert browser.get(f"{FIND}export/?format=xlsx").status_code == 404
