"""Rows into records: counts, duplicates, rejects, repeats, and chunk by chunk."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from django.utils import timezone

from annotation.models import ImportBatch, Involvement, Record
from annotation.services import importing, sanitizing
from tests.annotation.imports import counts, held_text, run, spools
from tests.factories import ReviewerFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_the_same_file_again_adds_nothing(project):
    content = f"id,text\n1,link down\n2,link up\n3,{held_text()}\n4,\n"

    first = run(project, content)
    second = run(project, content)

    assert counts(first) == (2, 0, 1, 1)
    assert counts(second) == (0, 3, 0, 1)
    assert Record.objects.count() == 3


def test_rows_without_an_id_get_one_from_their_text(project):
    content = "title,text\nLink,down\nLink,down\nLink,up\n"

    first = run(project, content)
    second = run(project, content)

    assert counts(first) == (2, 1, 0, 0)
    assert counts(second) == (0, 3, 0, 0)
    assert all(r.external_id.startswith("id-") for r in Record.objects.all())


def test_the_same_text_under_another_id_is_a_duplicate(project):
    batch = run(project, "id,text\n1,Link  down\n2,link down\n3,other\n")
    again = run(project, "id,text\n9,LINK DOWN\n")

    assert counts(batch) == (2, 1, 0, 0)
    assert counts(again) == (0, 1, 0, 0)


def test_a_known_id_with_another_text_is_rejected_and_changes_nothing(project):
    run(project, "id,text\n1,link down\n")

    batch = run(project, "id,text\n1,link up\n2,new\n2,newer\n")

    assert counts(batch) == (1, 0, 0, 2)
    assert Record.objects.get(external_id="1").body == "link down"
    rows = list(csv.DictReader(io.StringIO(Path(batch.rejects_path).read_text())))
    assert [(row["row"], row["column"]) for row in rows] == [
        ("2", "external_id"),
        ("4", "external_id"),
    ]


def test_rejects_name_row_column_and_reason_and_no_cell(project):
    content = "id,text,opened\n1,fine,\n2,canary-text,canary-date\n3,,2024-01-01\n"

    batch = run(project, content)

    written = Path(batch.rejects_path).read_text()
    assert written == (
        "row,column,reason\n"
        "3,opened_at,not a date\n"
        "4,body,no text: title and body are blank\n"
    )


def test_a_long_title_moves_into_the_body_whole(project):
    title = "link down " * 60

    run(project, f"id,title,text\n1,{title},body text\n")

    record = Record.objects.get()
    assert len(record.title) == 500
    assert record.title.endswith("…")
    assert record.body == f"{title.strip()}\n\nbody text"


def test_who_worked_a_ticket_is_noted_and_not_stored_in_text(project):
    user = UserFactory(username="bob", first_name="Bob", last_name="Stone")
    bob = ReviewerFactory(user=user, name="Bob S.")
    content = "id,text,assigned_to,resolved_by\n1,down,bob stone,BOB\n2,up,Nobody,\n"

    run(project, content)

    assert list(Involvement.objects.values_list("record__external_id", "reviewer")) == [
        ("1", bob.pk)
    ]


@pytest.mark.django_db(transaction=True)
def test_an_import_goes_on_from_its_cursor_chunk_by_chunk(project):
    content = "id,text\n" + "".join(f"{n},text number {n}\n" for n in range(1200))
    batch = importing.receive(
        project=project,
        stream=io.BytesIO(content.encode()),
        file_name="a.csv",
        source="UPLOAD",
    )
    importing.start(batch=batch, now=timezone.now(), in_background=False)

    cursors = []
    while not (
        batch := importing.run_chunk(batch_id=batch.pk, now=timezone.now())
    ).is_finished:
        cursors.append((batch.cursor, Record.objects.count()))

    assert cursors == [(500, 500), (1000, 1000), (1200, 1200)]
    assert counts(batch) == (1200, 0, 0, 0)
    assert spools() == []


def test_a_second_runner_of_the_same_chunk_counts_nothing_twice(project):
    content = "id,text\n1,one\n2,two\n"
    batch = importing.receive(
        project=project,
        stream=io.BytesIO(content.encode()),
        file_name="a.csv",
        source="UPLOAD",
    )
    batch = importing.start(batch=batch, now=timezone.now(), in_background=False)
    from annotation.services.importing import running

    prepare = running.at_once(sanitizing.preparer_for(batch.project))
    mine = next(running._chunks(batch, prepare, ahead=1))
    theirs = next(running._chunks(batch, prepare, ahead=1))

    assert running._commit(batch.pk, mine, timezone.now()) is True
    assert running._commit(batch.pk, theirs, timezone.now()) is False
    batch.refresh_from_db()
    assert (batch.cursor, batch.imported) == (2, 2)


def test_rows_that_come_by_call_answer_one_by_one(project):
    rows = [
        {"external_id": "A", "title": "down"},
        {"external_id": "B"},
        {"external_id": "C", "body": held_text()},
        {"external_id": "A", "title": "down"},
    ]

    first = importing.add(project=project, rows=rows, now=timezone.now(), as_batch=True)
    second = importing.add(project=project, rows=rows, now=timezone.now())

    assert [one.status for one in first] == [
        "imported",
        "rejected",
        "held",
        "duplicate",
    ]
    assert [one.status for one in second] == [
        "duplicate",
        "rejected",
        "duplicate",
        "duplicate",
    ]
    assert first[0].record_id == first[3].record_id == second[0].record_id
    batch = ImportBatch.objects.get()
    assert counts(batch) == (1, 1, 1, 1)
    assert batch.source == "API"
