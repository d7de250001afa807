"""Many rows with one statement: defaults, constraints, every kind of value."""

from __future__ import annotations

import gc
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from annotation.models import Record, Sanitization
from netft_site.base.bulk_insert import insert_many
from netft_site.base.collecting import calm_collection

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def row(project, external_id: str, **values: object) -> dict[str, object]:
    common = {"project_id": project.pk, "external_id": external_id, "created_at": NOW}
    return common | values


def test_rows_come_out_as_they_went_in(project):
    thread = [{"text": "läuft", "private": True}]

    insert_many(
        Record,
        [row(project, f"T{n}", thread=thread, opened_at=NOW) for n in range(300)],
    )

    assert Record.objects.of(project).count() == 300
    stored = Record.objects.get(external_id="T299")
    assert (stored.thread, stored.opened_at, stored.created_at) == (thread, NOW, NOW)


def test_what_is_left_out_gets_the_default_of_its_field(project):
    insert_many(Record, [row(project, "T1")])

    stored, made = Record.objects.get(), Record(project=project, external_id="T1")
    for field in ("kind", "state", "thread", "attributes", "reviews_wanted", "batch"):
        assert getattr(stored, field) == getattr(made, field)


def test_bytes_survive(project):
    insert_many(Record, [row(project, "T1")])
    values = {"record_id": Record.objects.get().pk, "raw_ciphertext": b"\x00\xff'"}

    insert_many(Sanitization, [values])

    assert bytes(Sanitization.objects.get().raw_ciphertext) == b"\x00\xff'"


def test_a_broken_constraint_stores_nothing(project):
    rows = [row(project, "T1"), row(project, "T2"), row(project, "T1")]

    with pytest.raises(IntegrityError), transaction.atomic():
        insert_many(Record, rows)

    assert not Record.objects.exists()


def test_a_row_that_lacks_a_column_is_refused(project):
    with pytest.raises(KeyError):
        insert_many(Record, [row(project, "T1", title="x"), row(project, "T2")])


def test_no_rows_cost_no_query(project, django_assert_num_queries):
    with django_assert_num_queries(0):
        insert_many(Record, [])


def test_the_collector_is_as_before_after_the_block():
    before = gc.get_threshold()

    with calm_collection():
        assert gc.get_threshold()[0] > before[0]

    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
