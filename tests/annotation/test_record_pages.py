"""The tables of records and imports and a record's page: costs, and who sees what."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from annotation.models import ImportBatch, Record
from annotation.services import importing
from tests.factories import RecordFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("count", [1, 20])
def test_the_tables_cost_the_same_queries_at_any_length(
    browser_of, alice, project, django_assert_max_num_queries, count
):
    RecordFactory.create_batch(count, project=project, resolution="x")
    for _ in range(count):
        ImportBatch.objects.create(project=project, source="API", created_by=alice)
    browser = browser_of(alice)

    for table, most in (("record", 14), ("importbatch", 12)):
        url = reverse(f"admin:annotation_{table}_changelist")
        with django_assert_max_num_queries(most):
            assert browser.get(url).status_code == 200


def test_a_record_shows_chips_and_keeps_later_facts_from_those_who_label(
    browser_of, alice, bob, project
):
    importing.add(
        project=project,
        rows=[
            {
                "external_id": "A",
                "body": "ask jane.doe@example.org",
                "resolution": "replaced the optic",
                "thread": [{"text": "moved it", "private": True}],
            }
        ],
        now=timezone.now(),
    )
    url = reverse("admin:annotation_record_change", args=[Record.objects.get().pk])

    lead = browser_of(alice).get(url).content.decode()
    labeler = browser_of(bob).get(url).content.decode()

    assert 'class="chip chip-mail' in lead
    assert "replaced the optic" in lead
    assert "moved it" in lead
    assert "1 email" in lead
    assert 'class="chip chip-mail' in labeler
    assert "replaced the optic" not in labeler
    assert "moved it" not in labeler
