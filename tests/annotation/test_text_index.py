"""The full-text index follows every write, and goes and comes with its migration."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from annotation.domain.search_words import parse_words
from annotation.models import Record
from annotation.services import importing
from annotation.services.text_indexing import indexed_together
from tests.factories import START, RecordFactory

pytestmark = pytest.mark.django_db


def count(word: str) -> int:
    words = parse_words(word)
    return Record.objects.matching(words, with_later_facts=True).count()


def test_a_new_record_is_found(project):
    RecordFactory(project=project, title="zebra")

    assert count("zebra") == 1


def test_a_changed_text_is_found_by_its_new_words_only(project):
    record = RecordFactory(project=project, title="zebra", thread=[{"text": "okapi"}])

    Record.objects.filter(pk=record.pk).update(title="gnu", thread=[{"text": "tapir"}])

    assert [count(w) for w in ("zebra", "okapi", "gnu", "tapir")] == [0, 0, 1, 1]


def test_a_deleted_record_is_found_no_more(project):
    record = RecordFactory(project=project, title="zebra")
    other = RecordFactory(project=project, title="zebra crossing")

    record.delete()

    assert count("zebra") == 1
    assert count("crossing") == 1
    assert other.pk


def test_a_change_of_state_leaves_the_index_alone(project):
    record = RecordFactory(project=project, title="zebra")
    record.state = "EXCLUDED"
    record.save()

    Record.objects.filter(pk=record.pk).update(state="OPEN")

    assert count("zebra") == 1


def test_what_an_import_stores_is_found(project):
    importing.add(
        project=project,
        rows=[{"title": f"zebra {n}", "body": f"number {n}"} for n in range(3)],
        now=START,
    )

    assert count("zebra") == 3
    Record.objects.filter(title__startswith="zebra").update(title="gnu")
    assert [count("zebra"), count("gnu")] == [0, 3]


def test_an_insert_that_fails_leaves_no_pause(project):
    with (
        pytest.raises(ValidationError),
        transaction.atomic(),
        indexed_together(),
    ):
        Record.objects.create(project=project, opened_at="no date")

    RecordFactory(project=project, title="zebra")
    assert count("zebra") == 1


def test_a_text_of_many_megabytes_is_stored_and_found_by_its_beginning(project):
    text = "zebra " + " ".join(f"word{n:x}" for n in range(400_000)) + " okapi"
    RecordFactory(project=project, body=text, resolution=text, thread=[{"text": text}])

    assert [count("zebra"), count("okapi")] == [1, 0]


def test_the_migration_indexes_what_is_there_and_can_be_taken_back(project):
    migration = import_module("annotation.migrations.0008_full_text")
    editor = SimpleNamespace(connection=connection)
    connection.check_constraints()
    migration.drop_index(apps, editor)
    record = RecordFactory(project=project, title="zebra")

    connection.check_constraints()
    migration.make_index(apps, editor)

    assert count("zebra") == 1
    record.delete()
    assert count("zebra") == 0
